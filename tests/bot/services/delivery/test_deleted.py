"""A post whose reply was lost, and that somebody has deleted before it is sent again."""

from bot.domain.posts import PostKind
from bot.errors import Deleted
from tests.faults.story import STREAM, count, end, running, settle
from tests.support.services import Bot, Outside

GONE_SINCE = Deleted("Posting a log: Unknown Message (10008)", code="10008")


async def _print(bot: Bot, outside: Outside, *lines: str) -> None:
    outside.logs.write(STREAM, *lines, at=outside.clock())
    outside.clock.tick(5)
    await bot.turn()
    await bot.tell()


async def test_a_message_that_somebody_deleted_before_the_repeat_costs_the_thread_nothing(
    bot: Bot, outside: Outside
) -> None:
    job = await running(bot, "one")
    outside.chat.fail("send", GONE_SINCE)
    await _print(bot, outside, "two")
    await _print(bot, outside, "three")
    assert bot.said(PostKind.LOG) == ["```\none\n```", "```\nthree\n```"]
    assert not (await bot.job(job.id)).publication.closed.why
    end(bot)
    await settle(bot)
    assert count(bot, PostKind.LOG_FILE) == count(bot, PostKind.END) == 1


async def test_a_result_that_somebody_deleted_before_the_repeat_is_not_posted_elsewhere(
    bot: Bot, outside: Outside
) -> None:
    job = await running(bot, "one")
    end(bot)
    await bot.track_jobs.once()
    await bot.announce_result.once()
    outside.chat.fail("send", GONE_SINCE)
    await settle(bot)
    assert count(bot, PostKind.END) == 0
    assert not await bot.store.pending_posts()
    assert (await bot.job(job.id)).publication.result.channel_id is None
