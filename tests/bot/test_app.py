"""What the bot refuses to start with."""

from pathlib import Path

import pytest

from bot.app import check_projects
from bot.config import loading
from bot.errors import ConfigError
from tests.support.jobs import make_job

EXAMPLE = Path(__file__).parents[2] / "config.example.toml"


def test_a_project_with_unfinished_jobs_cannot_leave_the_config() -> None:
    settings = loading.load(EXAMPLE)
    check_projects([make_job(project="mnist")], settings)
    with pytest.raises(ConfigError, match=r"projects\.walker: missing, and it has jobs that are not finished"):
        check_projects([make_job(project="mnist"), make_job(project="walker")], settings)
