"""The health page shows when nothing arrives at Discord any more, whatever the reason."""

import asyncio
import re
from dataclasses import replace
from typing import Any

import pytest

from bot.domain.inert import phrase
from bot.domain.posts import Change, File, NewPost, PostKind, adding
from bot.errors import Unavailable
from bot.services.delivery.progress import STALLED_SECONDS, THREAD_SECONDS
from tests.support.jobs import make_job
from tests.support.services import Bot, Outside


async def _pass(bot: Bot, outside: Outside, seconds: float) -> None:
    outside.clock.tick(seconds)
    await bot.delivery.once()
    await asyncio.sleep(0)


async def test_health_fails_when_a_delivery_hangs_for_minutes(bot: Bot, outside: Outside) -> None:
    hangs, send = asyncio.Event(), outside.chat.send

    async def hanging(post: Any, job: Any) -> int:
        await hangs.wait()
        return await send(post, job)

    outside.chat.send = hanging  # type: ignore[method-assign]
    await bot.train()
    await _pass(bot, outside, 0)
    for _ in range(3):
        await _pass(bot, outside, STALLED_SECONDS / 4)
    assert bot.delivery.wrong() == ""
    outside.clock.tick(STALLED_SECONDS / 4)
    assert bot.delivery.wrong() == "deliver: a card of job0 has been under way for 240 s"
    hangs.set()
    await bot.tell()
    assert bot.delivery.wrong() == ""


async def test_health_fails_while_discord_gives_no_answer(bot: Bot, outside: Outside) -> None:
    outside.chat.fail("send", Unavailable("no answer"), times=99)
    await bot.train()
    for _ in range(10):
        await _pass(bot, outside, STALLED_SECONDS / 8)
        await bot.delivery.settle()
    assert bot.delivery.wrong().startswith("deliver: nothing delivered to Discord for ")


async def test_health_is_good_after_a_long_time_with_nothing_to_deliver(bot: Bot, outside: Outside) -> None:
    await bot.train()
    await bot.tell()
    await _pass(bot, outside, 86_400)
    assert bot.delivery.wrong() == ""
    await bot.train(interaction_id=10)
    await _pass(bot, outside, 0)
    assert bot.delivery.wrong() == ""


async def test_health_is_good_while_a_post_waits_for_what_is_not_there_yet(bot: Bot, outside: Outside) -> None:
    """Its card belongs to another post, and nothing hangs."""
    await bot.store.add(make_job(id="k7q2mx"), [NewPost("thread:k7q2mx", PostKind.THREAD, "k7q2mx")])
    for _ in range(10):
        await _pass(bot, outside, STALLED_SECONDS / 2)
        assert bot.delivery.wrong() == ""
    assert outside.chat.sends == 0


@pytest.mark.parametrize("kind", [PostKind.THREAD, PostKind.LOG, PostKind.MEMBER, PostKind.END])
async def test_health_fails_when_one_delivery_hangs_while_others_arrive(
    bot: Bot, outside: Outside, kind: PostKind
) -> None:
    hangs, send = asyncio.Event(), outside.chat.send

    async def hanging(post: Any, job: Any) -> int:
        if post.new.kind is kind and job.id == first.id:
            await hangs.wait()
        return await send(post, job)

    first = await bot.train()
    outside.chat.send = hanging  # type: ignore[method-assign]
    if kind in (PostKind.LOG, PostKind.END):
        await bot.store.change(first.id, adding(NewPost(f"more:{kind}", kind, first.id, text=phrase("more"))))
    number = 9
    while outside.clock() < first.request.created_at + THREAD_SECONDS + STALLED_SECONDS:
        number += 1
        await bot.train(interaction_id=number)
        for _ in range(6):
            await _pass(bot, outside, 5)
    assert re.search(rf"^deliver: a {kind} of {first.id} has been under way for \d+ s$", bot.delivery.wrong())
    hangs.set()
    await bot.delivery.settle()
    assert bot.delivery.wrong() == ""


async def test_health_fails_when_the_edit_of_one_card_hangs(bot: Bot, outside: Outside) -> None:
    job = await bot.train()
    await bot.tell()
    hangs = asyncio.Event()

    async def hanging(_: Any) -> None:
        await hangs.wait()

    outside.chat.show = hanging  # type: ignore[method-assign]
    await bot.store.change(job.id, lambda row: Change(replace(row, publication=row.publication.redrawn())))
    await _pass(bot, outside, 5)
    for number in range(10, 20):
        await bot.train(interaction_id=number)
        await _pass(bot, outside, STALLED_SECONDS / 8)
    assert bot.delivery.wrong().startswith(f"deliver: a card edit of {job.id} has been under way for ")
    hangs.set()
    await bot.delivery.settle()
    assert bot.delivery.wrong() == ""


async def test_health_is_good_while_a_large_file_goes_over_a_slow_uplink(bot: Bot, outside: Outside) -> None:
    arrives, send = asyncio.Event(), outside.chat.send
    job = await bot.train()
    await bot.tell()

    async def slow(post: Any, job: Any) -> int:
        await arrives.wait()
        return await send(post, job)

    outside.chat.send = slow  # type: ignore[method-assign]
    log = NewPost("log_file:x", PostKind.LOG_FILE, job.id, files=(File("log.txt.gz", b"x" * 8 * 1024 * 1024),))
    await bot.store.change(job.id, adding(log))
    for _ in range(10):  # 16 KiB a second
        await _pass(bot, outside, 51)
        assert bot.delivery.wrong() == ""
    for _ in range(10):
        await _pass(bot, outside, 51)
    assert bot.delivery.wrong().startswith(f"deliver: a log_file of {job.id} has been under way for ")
    arrives.set()
    await bot.delivery.settle()


async def test_health_is_good_while_many_threads_wait_for_their_turn(bot: Bot, outside: Outside) -> None:
    """One at a time, and the last of 60 waits for twelve minutes."""
    turn, send = asyncio.Lock(), outside.chat.send

    async def limited(post: Any, job: Any) -> int:
        if post.new.kind is PostKind.THREAD:
            async with turn:
                due = outside.clock() + 12
                while outside.clock() < due:
                    await asyncio.sleep(0)
        return await send(post, job)

    outside.chat.send = limited  # type: ignore[method-assign]
    for number in range(60):
        await bot.train(interaction_id=100 + number)
    while await bot.store.pending_posts():
        outside.clock.tick(6)
        await bot.delivery.once()
        for _ in range(5):
            await asyncio.sleep(0)
        assert bot.delivery.wrong() == ""
