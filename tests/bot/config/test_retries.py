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


STEADY = {"steady": {"queue": "on-demand"}, "big": {"queue": "large"}}


def test_jobs_are_moved_to_no_machine_unless_the_config_names_one() -> None:
    assert (made().on_demand_machine, made().on_demand_after) == ("", 2)
    chosen = made(machines=STEADY, on_demand_machine="steady", on_demand_after=1)
    assert (chosen.on_demand_machine, chosen.on_demand_after) == ("steady", 1)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"remedy": "always"}, "auto"),
        ({"timeout_minutes": 120, "longest_timeout_minutes": 60}, "longest_timeout_minutes: 60 is less than"),
        ({"longest_timeout_minutes": 30_000}, "20160"),
        ({"on_demand_machine": "steady"}, r"has no machines. Add one: \[projects.<name>.machines.steady\]"),
        ({"on_demand_machine": "stedy", "machines": STEADY}, r"Did you mean steady\? Valid: steady, big"),
        ({"on_demand_machine": "big", "machines": {"big": {"queue": "q"}}}, 'the project\'s own, "q"'),
        ({"on_demand_machine": "big", "machines": STEADY, "on_demand_after": 0}, "greater than or equal to 1"),
    ],
)
def test_what_is_wrong_is_said(wrong: dict[str, object], said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        made(**wrong)
