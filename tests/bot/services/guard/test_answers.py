"""What people answer to a warning, and what becomes of a stop."""

import pytest

from bot.domain.guard.signs import Condition
from bot.domain.model.observation import Attempt
from bot.domain.model.states import EndReason, JobState
from bot.domain.posts import PostKind
from bot.errors import NotAllowed, UserError
from tests.bot.services.guard.life import Life
from tests.support.services import GUEST, MIKA, NOOR


async def test_leave_it_silences_that_condition_for_this_attempt(life: Life) -> None:
    await life.begin()
    await life.minutes(31)
    await life.bot.answer_guard.leave((await life.job()).id, MIKA)
    assert await life.standing() == []
    await life.minutes(70)
    assert await life.standing() == []
    assert (await life.job()).execution.stop is None
    assert "mika said to leave it" in life.bot.said(PostKind.NOTE)[-1]
    with pytest.raises(UserError, match="no warning that stands"):
        await life.bot.answer_guard.leave((await life.job()).id, MIKA)


@pytest.mark.parametrize("person", [NOOR, GUEST])
async def test_only_those_who_may_stop_it_may_leave_it(life: Life, person: object) -> None:
    await life.begin()
    await life.minutes(31)
    with pytest.raises(NotAllowed):
        await life.bot.answer_guard.leave((await life.job()).id, person)  # type: ignore[arg-type]
    assert await life.standing() == [Condition.SILENT]


async def test_a_warning_of_a_job_that_is_being_stopped_goes_without_a_word(life: Life) -> None:
    await life.begin()
    await life.minutes(31)
    await life.bot.stop.stop((await life.job()).id, MIKA)
    said = life.bot.said(PostKind.NOTE)
    await life.minutes(1)
    assert await life.standing() == []
    assert life.bot.said(PostKind.NOTE) == said


async def test_the_result_says_that_the_guard_stopped_it(life: Life) -> None:
    await life.begin()
    await life.minutes(62)
    ended = Attempt(life.stream, 1.0, life.outside.clock(), 143)
    life.outside.engine.move("batch-1", JobState.FAILED, ended)
    await life.bot.track_jobs.once()
    job = await life.job()
    assert job.execution.reason is EndReason.STOPPED
    assert job.execution.stop is not None
    assert job.execution.stop.why == "silent for 60 min"


async def test_a_stop_that_does_not_work_is_named_every_hour(life: Life) -> None:
    await life.begin()
    await life.bot.stop.stop((await life.job()).id, MIKA)
    for _ in range(200):
        life.outside.clock.tick(60)
        await life.bot.stop.once()
        await life.bot.still_running.once()
    await life.bot.tell()
    named = [text for text in life.bot.said(PostKind.NOTE) if "still has it" in text]
    assert 3 <= len(named) <= 4
    assert "`batch-1`" in named[0]
