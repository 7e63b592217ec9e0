"""Lines that come in while a result is made: what they say stands on the card and in the verdict."""

from typing import Any

import pytest

from bot.domain.model.job import Job
from bot.domain.model.states import EndReason, JobState
from bot.domain.posts import Change
from tests.faults.story import end, running
from tests.support.rows import changed
from tests.support.services import Bot


@pytest.mark.parametrize(("state", "code"), [(JobState.SUCCEEDED, 0), (JobState.FAILED, 1)])
async def test_a_result_does_not_write_over_lines_that_came_in_meanwhile(
    bot: Bot, monkeypatch: pytest.MonkeyPatch, state: JobState, code: int
) -> None:
    job = await running(bot, '@metrics {"epoch": 1, "epochs": 5, "val_accuracy": 1}')
    commit = bot.announce_result._announcer.commit

    def late(stored: Job) -> Change:
        execution = stored.execution.explained("ValueError: late")
        return Change(changed(stored, epoch=5, best=5.0, best_epoch=5, detail=execution.detail))

    async def commit_late(posted: Job, *arguments: Any, **named: Any) -> None:
        await bot.store.change(posted.id, late)
        await commit(posted, *arguments, **named)

    monkeypatch.setattr(bot.announce_result._announcer, "commit", commit_late)
    end(bot, state, code)
    await bot.turn()
    bot.outside.clock.tick(15)
    await bot.turn()
    stored = await bot.job(job.id)
    assert stored.publication.result.committed_at
    assert (stored.progress.epoch, stored.progress.best, stored.progress.best_epoch) == (5, 5.0, 5)
    assert stored.execution.reason is (EndReason.SUCCEEDED if code == 0 else EndReason.COMMAND_FAILED)
    assert stored.execution.detail == ("" if code == 0 else "ValueError: late")
