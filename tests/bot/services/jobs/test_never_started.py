"""A job whose queue has ended the wait for a machine."""

from bot.chat.cards import verdict
from bot.domain.inert import EMPTY
from bot.domain.model.states import EndReason, JobState
from bot.domain.posts import PostKind
from tests.support.projects import PROJECT
from tests.support.services import Bot, Outside
from tests.support.sweeps import settle


async def test_job_that_its_queue_cancelled_says_that_it_never_started(bot: Bot, outside: Outside) -> None:
    job = await bot.train()
    await bot.turn()
    outside.clock.tick(3600)
    reason = "Canceled by JobStateTimeLimit action due to reason: CAPACITY:INSUFFICIENT_INSTANCE_CAPACITY"
    outside.engine.move("batch-1", JobState.FAILED, reason=reason)
    await settle(bot)
    ended = await bot.job(job.id)
    assert (ended.execution.reason, ended.execution.detail) == (EndReason.NEVER_STARTED, reason)
    assert len(bot.said(PostKind.END)) == 1
    text = verdict.content(ended, PROJECT, EMPTY)
    assert "never started: it got no machine, after 1 h" in text
    assert "CAPACITY:INSUFFICIENT_INSTANCE_CAPACITY" in text
    assert "allow more instance types" in text
