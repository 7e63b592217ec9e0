"""How long a call of discord.py may take, and that none is cancelled."""

import asyncio

import pytest

from bot.chat.delivery import request_time
from bot.chat.delivery.request_time import limit_requests
from bot.domain.model.states import EndReason
from bot.domain.posts import File, PostKind
from bot.errors import Unavailable
from tests.bot.chat.jobs import a_job, a_post, an_ended_job
from tests.bot.chat.room import CHANNEL, Room

pytestmark = pytest.mark.slow


async def test_what_hangs_is_given_up_and_tried_again_later(room: Room) -> None:
    limit_requests(room.client.http, answer_seconds=0.2)
    room.fault("POST", "/channels/.*/messages", fault="hang", seconds=5)
    job = a_job(channel_id=room.channel_id)
    with pytest.raises(Unavailable):
        await room.client.poster.send(a_post(PostKind.CARD), job)
    await room.client.poster.send(a_post(PostKind.CARD), job)
    assert len(await room.mika.messages(CHANNEL)) == 1


async def test_a_delivery_cancelled_during_a_global_429_does_not_mute_the_bot(room: Room) -> None:
    """discord.py would leave its gate shut for ever."""
    room.fault("POST", "/channels/.*/messages", fault="global429", retry_after=0.6)
    job = a_job(channel_id=room.channel_id)
    sending = asyncio.create_task(room.client.poster.send(a_post(PostKind.CARD), job))
    await asyncio.sleep(0.3)
    sending.cancel()
    async with asyncio.timeout(5):
        await room.client.poster.send(a_post(PostKind.CARD, id=2), job)
    assert len(await room.mika.messages(CHANNEL)) == 2


async def test_a_global_429_longer_than_a_request_may_take_only_delays(room: Room) -> None:
    limit_requests(room.client.http, answer_seconds=0.3)
    room.fault("POST", "/channels/.*/messages", fault="global429", retry_after=0.8)
    jobs = [a_job(id=f"job{number}", channel_id=room.channel_id) for number in range(3)]
    async with asyncio.timeout(5), asyncio.TaskGroup() as group:
        for number, job in enumerate(jobs):
            group.create_task(room.client.poster.send(a_post(PostKind.CARD, id=number + 1), job))
    assert len(await room.mika.messages(CHANNEL)) == 3


async def test_an_upload_gets_time_by_its_size(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    limit_requests(room.client.http, answer_seconds=0.2)
    monkeypatch.setattr(request_time, "SLOWEST_UPLOAD", 100_000)
    room.fault("POST", "/channels/.*/messages", fault="slow", seconds=0.5, times=2)
    job = an_ended_job(EndReason.SUCCEEDED, channel_id=room.channel_id)
    with pytest.raises(Unavailable):
        await room.client.poster.send(a_post(PostKind.END, id=1), job)
    await room.client.poster.send(a_post(PostKind.END, id=2, files=(File("big.log", b"x" * 100_000),)), job)
