"""Which trials somebody may mean who types `k7q2mx.`."""

from collections.abc import Sequence
from dataclasses import replace
from typing import cast

import pytest

from bot.domain.access import Person
from bot.domain.model.rows import Posted
from bot.domain.model.states import EndReason, JobState
from bot.domain.model.tally import Failure, Leader, Tally
from bot.domain.model.trial import Trial
from bot.errors import UnknownName
from bot.services.jobs.find import Find
from bot.services.sweeps.one_trial import OneTrial
from bot.services.sweeps.trial_book import TrialBook
from tests.bot.chat.jobs import a_job, a_sweep
from tests.support.rows import changed
from tests.support.scripted_sweep import good, grid, sweep_job
from tests.support.services import MIKA, Bot

SWEEP = a_sweep()
OTHERS = [Trial(number) for number in range(10, 60)]
RUNNING, FAILED, GOOD = Trial(7, state=JobState.RUNNING), Trial(1, state=JobState.FAILED), Trial(5)


class Known:
    """The shape of `Show` and of `Trials`, with one sweep."""

    def __init__(self, sweep: Posted) -> None:
        self._sweep = sweep

    async def job(self, job_id: str, _: Person) -> Posted:
        if job_id != self._sweep.id:
            raise UnknownName("job", given=job_id)
        return self._sweep

    async def read_once(self, _sweep_id: str, _numbers: Sequence[int]) -> dict[int, Trial]:
        failed = replace(FAILED, reason=EndReason.COMMAND_FAILED)
        return {trial.number: trial for trial in (failed, GOOD, RUNNING, *OTHERS)}


def looking(sweep: Posted) -> OneTrial:
    known = Known(sweep)
    return OneTrial(cast("Find", known), cast("TrialBook", known), None, None, None, None)  # type: ignore[arg-type]


async def test_the_best_come_first_then_what_runs_then_what_failed() -> None:
    led = changed(SWEEP, tally=Tally(leaders=(Leader(5, 1.0, {}),)))
    found = await looking(led).matching("k7q2mx", "", MIKA, 5)
    assert [trial.number for _, trial in found] == [5, 7, 1, 10, 11]
    assert {job.id for job, _ in found} == {"k7q2mx"}


async def test_digits_narrow_them_down() -> None:
    assert [trial.number for _, trial in await looking(SWEEP).matching("k7q2mx", "5", MIKA, 3)] == [5, 50, 51]
    assert await looking(SWEEP).matching("k7q2mx", "x", MIKA) == []


async def test_what_is_no_sweep_has_none_and_nothing_is_raised() -> None:
    assert await looking(SWEEP).matching("unknown", "", MIKA) == []
    assert await looking(a_job()).matching("k7q2mx", "", MIKA) == []


@pytest.mark.parametrize(
    ("digits", "expected"),
    [
        pytest.param("", [777, 1_404, 0, 1, 2], id="the best, one that failed, the first"),
        pytest.param("1", [1_404, 1, 10, 11, 12], id="what begins so"),
        pytest.param("199", [199, 1_990, 1_991, 1_992, 1_993], id="also the longer ones"),
        pytest.param("0", [0], id="no other begins with 0"),
        pytest.param("01", [], id="no number is written so"),
        pytest.param("2000", [], id="beyond the last"),
        pytest.param("\u0661", [], id="digits of another script"),
    ],
)
async def test_of_a_large_sweep_that_is_over_only_a_few_trials_are_read(
    bot: Bot, monkeypatch: pytest.MonkeyPatch, digits: str, expected: list[int]
) -> None:
    """Somebody is typing, and all of 100,000 keep the store busy for 10 s."""
    plan = grid(lr=tuple(number / 1_000 for number in range(1, 2_001)))
    failed = Failure(EndReason.COMMAND_FAILED, "no", 1, (1_404,))
    sweep = sweep_job(plan).ended(EndReason.SUCCEEDED, 0.0)
    sweep = changed(sweep, tally=Tally(leaders=(Leader(777, 1.0, {}),), failures=(failed,)), committed_at=0.0)
    trials = [good(number, 0.5) for number in range(2_000)]
    trials[1_404] = replace(FAILED, number=1_404, reason=EndReason.COMMAND_FAILED)
    await bot.store.add(sweep, (), trials)
    read: list[int] = []
    asked = bot.store.trials

    async def counted(sweep_id: str, numbers: Sequence[int] = ()) -> list[Trial]:
        found = await asked(sweep_id, numbers)
        read.append(len(found))
        return found

    monkeypatch.setattr(bot.store, "trials", counted)
    assert [trial.number for _, trial in await bot.one_trial.matching(sweep.id, digits, MIKA, 5)] == expected
    assert sum(read) <= 5
    await bot.one_trial.trial(sweep.id, 1_999, MIKA)
    assert read[-1] == 1
