"""Whoever asked is in the job's thread: once, and whatever happens on the way."""

import pytest

from bot.domain.posts import PostKind
from bot.errors import Denied, Missing, ServiceError, Unavailable
from tests.support.services import Bot, Outside


async def test_whoever_asked_joins_the_thread_once(bot: Bot, outside: Outside) -> None:
    job = await bot.train()
    for _ in range(3):
        await bot.tell()
    assert outside.chat.members == [(job.id, job.request.asker_id)]


@pytest.mark.parametrize("error", [Missing("Unknown User (10013)"), Denied("Missing Access (50001)")])
async def test_thread_works_without_somebody_who_left_the_server(
    bot: Bot, outside: Outside, error: ServiceError
) -> None:
    outside.chat.fail("member", error)
    job = await bot.train()
    await bot.tell()
    assert not outside.chat.members
    publication = (await bot.job(job.id)).publication
    assert publication.thread_id
    assert not publication.closed.why
    assert not await bot.store.pending_posts()
    assert not [m for m in outside.chat.messages if m.post.new.replaced]
    assert [m.post.new.kind for m in outside.chat.messages] == [PostKind.CARD, PostKind.THREAD]


async def test_member_is_tried_again_and_delays_nothing_else(bot: Bot, outside: Outside) -> None:
    outside.chat.fail("member", Unavailable("no answer"), times=1)
    job = await bot.train()
    await bot.tell()
    assert (await bot.job(job.id)).publication.thread_id
    (post,) = await bot.store.pending_posts()
    assert post.new.kind is PostKind.MEMBER
    outside.clock.tick(60)
    await bot.tell()
    assert outside.chat.members == [(job.id, job.request.asker_id)]
