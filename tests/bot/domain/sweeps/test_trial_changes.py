"""Which trials are run, and what becomes of those that Batch does not tell of."""

from dataclasses import replace

import pytest

from bot.adapters.aws.batch_engine import CAPABILITIES
from bot.domain.model.observation import Attempt
from bot.domain.model.states import EndReason, JobState
from bot.domain.model.submission import Submission, expanded
from bot.domain.model.trial import Trial, TrialState
from bot.domain.sweeps.trial_changes import (
    NUMBERS,
    again_of,
    carried_over_of,
    chunks,
    of_single,
    submission_lost,
    to_run,
)
from tests.support.rows import submission
from tests.support.scripted_sweep import THREE, good, sweep_job


def _submission(**more: object) -> Submission:
    return submission(sweep_job(), 3, "3", 1, **({"engine_id": "b", "parameters": {"lr": 0.1}} | more))


def test_a_retry_runs_all_but_the_good_ones() -> None:
    bad = Trial(2, "b", JobState.FAILED, EndReason.COMMAND_FAILED, measured=True)
    kept = carried_over_of("k7q2mx", THREE, [good(0, 0.5), good(1, 0.4), bad])
    plan = again_of(THREE, kept)
    assert (plan.numbers, plan.carried_over, plan.runs) == (f"2-{THREE.trials - 1}", 2, THREE.trials - 2)
    assert list(to_run(plan, {trial.number: trial for trial in kept})) == expanded(plan.numbers)


def test_a_retry_whose_numbers_would_be_very_long_does_not_say_them() -> None:
    plan = replace(THREE, trials=5_000)
    kept = [replace(good(number, 0.5), source="k7q2mx") for number in range(0, 5_000, 2)]
    assert again_of(plan, kept).numbers == ""


def test_no_submission_has_too_many_trials_or_too_many_numbers() -> None:
    numbers = [*range(0, 20_000, 3), *range(20_000, 45_000)]
    calls = list(chunks(numbers, CAPABILITIES.array_size))
    assert all(size <= CAPABILITIES.array_size and len(text) <= NUMBERS for text, size in calls)
    assert [number for text, _ in calls for number in expanded(text)] == numbers


@pytest.mark.parametrize(
    ("reason", "engine_id", "told", "measured"),
    [
        (EndReason.NOT_SUBMITTED, None, EndReason.NOT_SUBMITTED, True),
        (EndReason.STOPPED, None, EndReason.STOPPED, True),
        (EndReason.LOST, "b", EndReason.LOST, False),
        (EndReason.SUCCEEDED, "b", EndReason.LOST, False),
        (EndReason.COMMAND_FAILED, "b", EndReason.LOST, False),
    ],
)
def test_what_batch_does_not_tell_of_is_not_made_up(
    reason: EndReason, engine_id: str | None, told: EndReason, measured: bool
) -> None:
    """What it may have left in S3 is looked at where it may have run."""
    trial = submission_lost(Trial(3), _submission(engine_id=engine_id, reason=reason), 9.0)
    assert (trial.state, trial.reason, trial.measured) == (JobState.FAILED, told, measured)
    ended = good(3, 0.5)
    assert submission_lost(ended, _submission(reason=reason), 9.0) is ended


@pytest.mark.parametrize(
    ("reason", "shown"),
    [
        (EndReason.STOPPED, TrialState.STOPPED),
        (EndReason.COMMAND_FAILED, TrialState.FAILED),
        (EndReason.LOST, TrialState.FAILED),
    ],
)
def test_a_trial_by_itself_ends_as_its_submission(reason: EndReason, shown: TrialState) -> None:
    alone = _submission(state=JobState.FAILED, reason=reason, attempts=(Attempt("s", 1.0, 5.0, 143),), ended_at=5.0)
    trial = of_single(Trial(3), alone)
    assert (trial.shown, trial.parameters) == (shown, {"lr": 0.1})
