"""`remedy` and `longest_timeout_minutes`: what may be changed of a job that failed."""

import pytest
from pydantic import ValidationError

from bot.config.projects.project import ProjectSettings, project
from bot.domain.project import Project
from bot.domain.remedy import RemedyMode

REQUIRED = {
    "repository": "https://example.org/x.git",
    "command": ("train",),
    "queue": "q",
    "job_definition": "d",
    "bucket": "b",
}


def made(**settings: object) -> Project:
    return project("mnist", ProjectSettings.model_validate({**REQUIRED, **settings}))


def test_a_retry_is_offered_with_up_to_twice_the_time_unless_the_config_says_otherwise() -> None:
    default = made(timeout_minutes=90)
    assert (default.remedy, default.longest_timeout_seconds) == (RemedyMode.OFFER, 180 * 60)
    chosen = made(timeout_minutes=90, remedy="auto", longest_timeout_minutes=100)
    assert (chosen.remedy, chosen.longest_timeout_seconds) == (RemedyMode.AUTO, 100 * 60)
    assert made(timeout_minutes=20_160).longest_timeout_seconds == 20_160 * 60, "never beyond 14 days"


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"remedy": "always"}, "auto"),
        ({"timeout_minutes": 120, "longest_timeout_minutes": 60}, "longest_timeout_minutes: 60 is less than"),
        ({"longest_timeout_minutes": 30_000}, "20160"),
    ],
)
def test_what_is_wrong_is_said(wrong: dict[str, object], said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        made(**wrong)
