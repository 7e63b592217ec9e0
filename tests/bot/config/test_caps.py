"""`[caps]`: what is no cap is refused with what would be one."""

import datetime as dt
from pathlib import Path
from typing import Any

import pytest

from bot.config import loading
from bot.domain.money.caps import Cap, Pool
from bot.domain.money.weekly import DigestTime
from bot.errors import ConfigError

PROJECTS = """
[discord]
guild_id = 1098765432109876543
[aws]
region = "us-east-1"
[projects.mnist]
repository = "https://example.org/mnist.git"
command = ["python", "train.py"]
queue = "q"
job_definition = "d"
bucket = "b"
[projects.walker]
repository = "https://example.org/walker.git"
command = ["python", "train.py"]
queue = "q"
job_definition = "d"
bucket = "b"
"""
GRANT = '[[grants]]\nroles = ["lead"]\nmay = ["approve"]\n'


def loaded(tmp_path: Path, caps: str, project: str = "", grants: str = GRANT) -> loading.Config:
    path = tmp_path / "config.toml"
    path.write_text(f"{PROJECTS}\n[projects.walker.caps]\n{project}\n[caps]\n{caps}\n{grants}")
    return loading.load(path)


def problem(tmp_path: Path, *texts: str, **more: str) -> str:
    with pytest.raises(ConfigError) as caught:
        loaded(tmp_path, *texts, **more)
    (found,) = caught.value.problems
    return found


@pytest.mark.parametrize("name", ["person_day_usd", "project_month_usd", "job_usd", "approve_above_usd"])
@pytest.mark.parametrize("value", ["-1", "-0.01", "0", "nan", "inf", "-inf", "1e300", '"25"', "true", "[1]"])
def test_what_is_no_sum_is_refused(tmp_path: Path, name: str, value: str) -> None:
    found = problem(tmp_path, f"{name} = {value}")
    assert found.startswith(f"caps.{name}: ")
    assert "write a number above 0 and up to 10,000,000, such as 25.0" in found
    assert problem(tmp_path, "", f"{name} = {value}").startswith(f"projects.walker.caps.{name}: ")


@pytest.mark.parametrize("name", ["person_live_jobs", "project_live_jobs"])
@pytest.mark.parametrize("value", ["-1", "0", "1.5", "nan", "1000000000", '"3"', "true"])
def test_what_is_no_number_of_jobs_is_refused(tmp_path: Path, name: str, value: str) -> None:
    assert "write a whole number from 1 to 100,000, such as 20" in problem(tmp_path, f"{name} = {value}")


@pytest.mark.parametrize("text", ['"Monday 09:00"', '"mon 9:00"', '"MONDAY 09:00"', '" Mon  09:00 "'])
def test_the_time_of_the_digest_is_read_as_people_write_it(tmp_path: Path, text: str) -> None:
    assert loading.caps(loaded(tmp_path, f"digest = {text}")).digest == DigestTime(0, dt.time(9))
    assert loading.caps(loaded(tmp_path, "")).digest == DigestTime(0, dt.time(9))


@pytest.mark.parametrize("text", ['""', "false", '" "'])
def test_the_digest_can_be_turned_off(tmp_path: Path, text: str) -> None:
    assert loading.caps(loaded(tmp_path, f"digest = {text}")).digest is None


@pytest.mark.parametrize(
    "text", ['"Monday"', '"T 09:00"', '"Tu 09:00"', '"Monday 24:00"', '"Mon 9"', "9", "true", '"S 9:00"']
)
def test_what_is_no_time_of_a_week_is_refused_with_one_that_is(tmp_path: Path, text: str) -> None:
    assert 'such as "Monday 09:00", or "" for no digest' in problem(tmp_path, f"digest = {text}")


def test_an_unknown_timezone_is_refused_with_the_nearest(tmp_path: Path) -> None:
    assert "Did you mean Asia/Tokyo?" in problem(tmp_path, 'timezone = "Asia/Tokio"')
    assert loading.caps(loaded(tmp_path, 'timezone = "Asia/Tokyo"')).calendar.date(1_800_025_200.0).day == 16


@pytest.mark.parametrize(
    ("general", "own", "where"),
    [
        ("job_usd = 5\napprove_above_usd = 5", "", "caps.approve_above_usd"),
        ("job_usd = 5", "approve_above_usd = 6", "projects.walker.caps.approve_above_usd"),
        ("approve_above_usd = 6\njob_usd = 60", "job_usd = 5", "projects.walker.caps.approve_above_usd"),
    ],
)
def test_an_approval_that_nobody_would_be_asked_for_is_refused(
    tmp_path: Path, general: str, own: str, where: str
) -> None:
    found = problem(tmp_path, general, own)
    assert found.startswith(f"{where}: nobody would ever be asked")
    assert "Set it below 5" in found


def test_an_approval_that_no_role_may_give_is_refused(tmp_path: Path) -> None:
    assert 'Add "approve"' in problem(tmp_path, "approve_above_usd = 6", grants="")


def test_a_projects_own_caps_stand_in_place_of_the_general_ones(tmp_path: Path) -> None:
    found = loading.caps(loaded(tmp_path, "job_usd = 5\nproject_live_jobs = 7", "job_usd = 50\napprove_above_usd = 9"))
    assert list(found.of("mnist")) == [
        Cap(Pool.JOB, 5, "caps.job_usd", own=False),
        Cap(Pool.PROJECT_LIVE, 7, "caps.project_live_jobs", own=False),
    ]
    assert next(iter(found.of("walker"))) == Cap(Pool.JOB, 50, "projects.walker.caps.job_usd", own=True)
    assert (found.approve_above("mnist"), found.elsewhere(Pool.JOB)) == (None, ["walker"])
    assert found.approve_above("walker") == (9, "projects.walker.caps.approve_above_usd")


def test_without_caps_there_are_none(tmp_path: Path) -> None:
    found: Any = loading.caps(loaded(tmp_path, ""))
    assert list(found.of("mnist")) == []
