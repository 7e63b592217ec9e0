"""The replay finds what a log shows, and nothing in a good one."""

import pytest

from bench.guard.lives import KINDS, LASTS, lives
from bench.guard.replay import replay, stretched
from bot.domain.guard.limits import GuardLimits
from bot.domain.guard.signs import Condition
from bot.domain.project import Project

PROJECT = Project("g", "", ("main",), ("t",), queue="", job_definition="", log_group="", output_uri="s3://b/jobs")
SLOW = 3
"""The number of the first life with a row a minute: cheap to replay."""


def test_each_kind_of_life_is_found_and_a_good_one_is_not() -> None:
    known = list(lives(SLOW + 1, 1))[SLOW * (len(KINDS) + 1) :]
    limits = GuardLimits(diverged_factor=10.0)
    found = {life.wrong: [alarm.condition for alarm in replay(life.lines, LASTS, PROJECT, limits)] for life in known}
    assert found[None] == []
    for kind in KINDS:
        assert kind in found[kind]


def test_silence_is_found_after_its_limit_unless_a_file_is_stored() -> None:
    lines = [(1.0, "epoch 1"), (4_000.0, "epoch 2")]
    (alarm,) = replay(lines, 4_000, PROJECT, GuardLimits())
    assert alarm.condition is Condition.SILENT
    assert alarm.at == pytest.approx(1_800, abs=30)
    assert replay(lines, 4_000, PROJECT, GuardLimits(), [1_000.0, 2_000.0, 3_000.0]) == []


def test_only_the_training_is_stretched() -> None:
    lines = [(2.0, "signalbox: fetched"), (5.0, "a"), (6.0, "b"), (9.0, "signalbox: stored")]
    assert stretched(lines, [5.5], 100) == (
        [(2.0, "signalbox: fetched"), (5.0, "a"), (105.0, "b"), (108.0, "signalbox: stored")],
        [55.0],
    )
