"""After a lost machine, a trial's reports and best value are of the run that goes on."""

from dataclasses import replace

import pytest

from bot.domain.goal import Goal
from bot.domain.model.states import JobState
from bot.domain.model.trial import Trial
from bot.domain.sweeps.reported_rows import MetricRow
from bot.domain.sweeps.resumed_trials import in_attempt

GOAL = Goal("score", maximize=True)
LOST = Trial(
    3,
    state=JobState.RUNNING,
    reports=((1, 60.0), (2, 71.15), (3, 70.0)),
    reported_in="t/a",
    value=71.15,
    epoch=2,
    epochs=30,
)


def resumed(*epochs: int | None, trial: Trial = LOST, goal: Goal = GOAL) -> Trial:
    return in_attempt(trial, "t/b", [MetricRow(epoch, 30, 50.0) for epoch in epochs], goal)


def test_without_a_checkpoint_nothing_of_the_lost_attempt_stays() -> None:
    trial = resumed(1)
    assert (trial.reports, trial.value, trial.epoch, trial.reported_in) == ((), None, None, "t/b")
    assert trial.epochs == 30


def test_what_the_checkpoint_has_stays() -> None:
    assert resumed(4).reports == LOST.reports
    trial = resumed(3)
    assert (trial.reports, trial.value, trial.epoch) == (((1, 60.0), (2, 71.15)), 71.15, 2)


@pytest.mark.parametrize(("goal", "value"), [(GOAL, 60.0), (Goal("score", maximize=False), 60.0)])
def test_best_of_what_stays_is_found_again(goal: Goal, value: float) -> None:
    trial = resumed(2, goal=goal)
    assert (trial.reports, trial.value, trial.epoch) == (((1, 60.0),), value, 1)


def test_same_attempt_and_a_store_of_an_older_version_forget_nothing() -> None:
    rows = [MetricRow(1, 30, 50.0)]
    assert in_attempt(LOST, "t/a", rows, GOAL) == LOST
    old = replace(LOST, reported_in="")
    assert in_attempt(old, "t/b", rows, GOAL) == replace(LOST, reported_in="t/b")


def test_rows_without_an_epoch_do_not_tell_where_it_resumed() -> None:
    assert resumed(None) == LOST
    assert resumed(None, 1).reports == ()


def test_value_from_the_stored_table_stays() -> None:
    trial = resumed(1, trial=replace(LOST, measured=True))
    assert (trial.reports, trial.value, trial.epoch) == ((), 71.15, 2)
