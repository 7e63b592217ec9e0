"""How long a call of discord.py may take, and that none is cancelled."""

import asyncio

import pytest

from bot.chat.delivery import request_time
from bot.chat.delivery.request_time import limit_requests
from bot.domain.model.job import Job
from bot.domain.model.states import EndReason
from bot.domain.posts import File, Post, PostKind
from bot.errors import Unavailable
from tests.bot.chat.jobs import a_job, a_post, an_ended_job
from tests.bot.chat.room import CHANNEL, Room
from tests.support.clock import skip
from tests.support.waiting import PATIENCE, async_until

pytestmark = pytest.mark.slow

ENOUGH = 20.0
"""Seconds for an answer: far more than one takes on a busy machine."""
LONG = 30.0
"""Seconds of a pause or of a slow answer. No test waits for them: the loop's clock jumps."""


async def sending(room: Room, post: Post, job: Job, **fault: object) -> "asyncio.Task[int]":
    """A delivery whose request has met a fault."""
    before = room.faults
    room.fault("POST", "/channels/.*/messages", **fault)
    task = asyncio.create_task(room.client.poster.send(post, job))
    await async_until(lambda: room.faults > before)
    return task


async def muted(room: Room, job: Job) -> "asyncio.Task[int]":
    """A delivery that waits because Discord has asked for a pause."""
    task = await sending(room, a_post(PostKind.CARD), job, fault="global429", retry_after=LONG)
    await async_until(lambda: not room.client.http._global_over.is_set())
    return task


async def test_what_hangs_is_given_up_and_tried_again_later(room: Room) -> None:
    limit_requests(room.client.http, answer_seconds=ENOUGH)
    job = a_job(channel_id=room.channel_id)
    hanging = await sending(room, a_post(PostKind.CARD), job, fault="hang", seconds=LONG)
    skip(ENOUGH)
    with pytest.raises(Unavailable):
        await hanging
    await room.client.poster.send(a_post(PostKind.CARD), job)
    assert len(await room.mika.messages(CHANNEL)) == 1
    skip(LONG)  # or the stand-in would wait for the request that hangs


async def test_a_delivery_cancelled_during_a_global_429_does_not_mute_the_bot(room: Room) -> None:
    """discord.py would leave its gate shut for ever."""
    job = a_job(channel_id=room.channel_id)
    (await muted(room, job)).cancel()
    later = asyncio.create_task(room.client.poster.send(a_post(PostKind.CARD, id=2), job))
    await asyncio.sleep(0)
    skip(LONG)
    async with asyncio.timeout(PATIENCE):
        await later
    assert len(await room.mika.messages(CHANNEL)) == 2


async def test_a_global_429_longer_than_a_request_may_take_only_delays(room: Room) -> None:
    limit_requests(room.client.http, answer_seconds=ENOUGH)
    jobs = [a_job(id=f"job{number}", channel_id=room.channel_id) for number in range(3)]
    first = await muted(room, jobs[0])
    posts = [room.client.poster.send(a_post(PostKind.CARD, id=2 + number), job) for number, job in enumerate(jobs[1:])]
    others = [asyncio.create_task(post) for post in posts]
    await asyncio.sleep(0)
    skip(LONG)
    async with asyncio.timeout(PATIENCE):
        await asyncio.gather(first, *others)
    assert len(await room.mika.messages(CHANNEL)) == 3


async def test_an_upload_gets_time_by_its_size(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    limit_requests(room.client.http, answer_seconds=ENOUGH)
    monkeypatch.setattr(request_time, "SLOWEST_UPLOAD", 1_000)
    job = an_ended_job(EndReason.SUCCEEDED, channel_id=room.channel_id)
    small = await sending(room, a_post(PostKind.END, id=1), job, fault="slow", seconds=LONG)
    skip(ENOUGH)
    with pytest.raises(Unavailable):
        await small
    file = File("big.log", b"x" * 100_000)
    large = await sending(room, a_post(PostKind.END, id=2, files=(file,)), job, fault="slow", seconds=LONG)
    skip(LONG)
    assert await large
