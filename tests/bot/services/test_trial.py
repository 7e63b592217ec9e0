"""Which trials somebody may mean who types `k7q2mx.`."""

from dataclasses import replace
from typing import cast

from bot.domain.job import Job
from bot.domain.states import EndReason, JobState
from bot.domain.sweep import Leader, Sweep, Tally, Trial
from bot.errors import UnknownName
from bot.services.show import Show
from bot.services.trial import LookAtTrial
from bot.services.trials import Trials
from tests.bot.chat.jobs import a_job, a_sweep

FACE = a_sweep()
OTHERS = [Trial(number) for number in range(10, 60)]
RUNNING, FAILED, GOOD = Trial(7, state=JobState.RUNNING), Trial(1, state=JobState.FAILED), Trial(5)


class Known:
    """The shape of `Show` and of `Trials`, with one sweep."""

    def __init__(self, face: Job) -> None:
        self._face = face

    async def job(self, job_id: str) -> Job:
        if job_id != self._face.id:
            raise UnknownName("job", given=job_id)
        return self._face

    async def peek(self, _sweep_id: str) -> dict[int, Trial]:
        failed = replace(FAILED, reason=EndReason.COMMAND_FAILED)
        return {trial.number: trial for trial in (failed, GOOD, RUNNING, *OTHERS)}


def looking(face: Job) -> LookAtTrial:
    known = Known(face)
    return LookAtTrial(cast("Show", known), cast("Trials", known), None, None, None, None)  # type: ignore[arg-type]


async def test_the_best_come_first_then_what_runs_then_what_failed() -> None:
    assert FACE.sweep is not None
    led = replace(FACE, sweep=Sweep(FACE.sweep.plan, Tally(leaders=(Leader(5, 1.0, {}),))))
    found = await looking(led).matching("k7q2mx", "", 5)
    assert [trial.number for _, trial in found] == [5, 7, 1, 10, 11]
    assert {job.id for job, _ in found} == {"k7q2mx"}


async def test_digits_narrow_them_down() -> None:
    assert [trial.number for _, trial in await looking(FACE).matching("k7q2mx", "5", 3)] == [5, 50, 51]
    assert await looking(FACE).matching("k7q2mx", "x") == []


async def test_what_is_no_sweep_has_none_and_nothing_is_raised() -> None:
    assert await looking(FACE).matching("unknown", "") == []
    assert await looking(a_job()).matching("k7q2mx", "") == []
