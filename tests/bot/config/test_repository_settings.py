"""What of a repository a job fetches (`tags`, `lfs`) and stores (`keep`, `keep_limit_gib`)."""

from dataclasses import replace

import pytest
from pydantic import ValidationError

from bot.config.projects.project import ProjectSettings, project
from bot.domain.project import Project
from bot.services.jobs.submit_call import call_for_job
from tests.support.jobs import make_job
from tests.support.projects import PROJECT

REQUIRED = {
    "repository": "https://example.org/x.git",
    "command": ("train",),
    "queue": "q",
    "job_definition": "d",
    "bucket": "b",
}


def made(**settings: object) -> Project:
    return project("mnist", ProjectSettings.model_validate({**REQUIRED, **settings}))


def environment(configured: Project) -> dict[str, str]:
    sent = call_for_job(make_job(), configured, "signalbox").environment
    return {name: value for name, value in sent.items() if name.startswith(("KEEP", "FETCH", "CHECK", "RESUME"))}


def test_job_is_told_only_what_is_not_the_default() -> None:
    assert environment(PROJECT) == environment(made()) == {}
    changed = made(keep=["*.pt", "runs/"], keep_limit_gib=0.5)
    assert environment(changed) == {"KEEP": '["*.pt", "runs/"]', "KEEP_LIMIT_GIB": "0.5"}
    assert environment(replace(PROJECT, keep=())) == {"KEEP": "[]"}
    resumed = made(checkpoints=["last.ckpt"], resume=["--ckpt_path", "{checkpoint}"])
    assert environment(resumed) == {
        "CHECKPOINTS": '["last.ckpt"]',
        "RESUME_ARGUMENTS": '["--ckpt_path", "{checkpoint}"]',
    }
    assert environment(made(tags=True, lfs=False)) == {"FETCH_TAGS": "1", "FETCH_LFS": "0"}


@pytest.mark.parametrize("pattern", ["", "#", "../runs", "!", "[z-a]"])
def test_pattern_that_matches_nothing_is_refused(pattern: str) -> None:
    with pytest.raises(ValidationError, match=r"matches nothing|does not work in"):
        made(keep=["*", pattern])


def test_resume_without_checkpoints_is_refused() -> None:
    with pytest.raises(ValidationError, match="needs checkpoints"):
        made(resume=["--resume"])


def test_negative_limit_is_refused() -> None:
    with pytest.raises(ValidationError, match="keep_limit_gib"):
        made(keep_limit_gib=-1)


def test_variables_and_the_names_of_secrets_reach_the_job() -> None:
    configured = made(variables={"WANDB_PROJECT": "mnist"}, secrets=["WANDB_API_KEY", "HF_TOKEN"])
    sent = call_for_job(make_job(), configured, "signalbox").environment
    assert (sent["WANDB_PROJECT"], sent["SECRETS"]) == ("mnist", "WANDB_API_KEY,HF_TOKEN")
    assert "WANDB_API_KEY" not in sent


@pytest.mark.parametrize(
    "settings",
    [
        {"secrets": ["GIT_TOKEN"]},
        {"secrets": ["AWS_SECRET_ACCESS_KEY"]},
        {"variables": {"PARAMETERS": "{}"}},
        {"variables": {"SIGNALBOX_X": ""}},
        {"variables": {"A": ""}, "secrets": ["A"]},
        {"secrets": ["A", "A"]},
        {"secrets": ["not a name"]},
    ],
)
def test_variables_that_are_not_the_projects_own_are_refused(settings: dict[str, object]) -> None:
    with pytest.raises(ValidationError, match=r"set by AWS or Signalbox|named twice|not the name of a variable"):
        made(**settings)
