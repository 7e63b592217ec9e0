"""Time on machines, over all attempts: what people wait for in between is not the job's, and costs nothing."""

from dataclasses import replace

import pytest

from bot.chat.cards.verdict import ran_seconds
from bot.domain.goal import Goal
from bot.domain.model.observation import Attempt, Observation
from bot.domain.model.plan import Plan, Search
from bot.domain.model.space import Axis, Space
from bot.domain.model.states import JobState
from bot.domain.model.trial import Trial
from bot.domain.parameters import Kind
from bot.domain.sweeps.sum_trials import tally
from bot.domain.sweeps.trial_changes import observed
from tests.support.jobs import make_job

PLAN = Plan("lr=0.1,0.2", Space((Axis("lr", Kind.FLOAT, (0.1, 0.2)),), {"axes": [["lr", [0.1, 0.2]]]}), Search.GRID, 2)
LOST = "Host EC2 (instance i-0) terminated."


def failed(*attempts: Attempt, stopped_at: float) -> Observation:
    return Observation("b", "n", JobState.FAILED, LOST, 100.0, attempts[-1].started_at, stopped_at, attempts)


@pytest.mark.parametrize(
    ("attempts", "seconds"),
    [
        ((Attempt("s1", 110.0, 120.0), Attempt("s2", 125.0, 133.0)), 18.0),
        ((Attempt("s1", 110.0, 120.0), Attempt(None, None, 4000.0)), 10.0),
        ((Attempt("s1", 110.0, 120.0), Attempt("s2", 3700.0, None)), 310.0),
    ],
    ids=["two machines", "the second never started", "the second has no end of its own"],
)
def test_a_job_counts_its_machines(attempts: tuple[Attempt, ...], seconds: float) -> None:
    job = make_job().observed(failed(*attempts, stopped_at=4000.0), 4001.0)
    assert ran_seconds(job) == seconds
    trial = observed(Trial(0, "b:0", JobState.RUNNABLE), failed(*attempts, stopped_at=4000.0))
    assert trial.seconds == seconds


def test_a_running_trial_counts_its_earlier_machine_and_not_the_wait() -> None:
    attempts = (Attempt("s1", 100.0, 110.0, None, LOST), Attempt("s2", 3700.0))
    seen = Observation("b:0", "n", JobState.RUNNING, "", 0.5, 3700.0, None, attempts)
    trial = observed(Trial(0, "b:0", JobState.RUNNABLE), seen)
    assert trial.seconds_until(3705.0) == 15.0
    assert tally(PLAN, [trial], 3705.0, Goal("val_accuracy", maximize=True)).seconds == 15.0


def test_what_is_known_only_of_the_job_counts_as_before() -> None:
    seen = Observation("b", "n", JobState.SUCCEEDED, "", 100.0, 110.0, 120.0)
    assert ran_seconds(make_job().observed(seen, 121.0)) == 10.0
    assert observed(Trial(0), replace(seen, engine_id="b:0")).seconds == 10.0
