"""Large files: over a slow uplink, during a shutdown, and above the server's limit."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from bot.adapters.sqlite import open_store
from bot.chat.client import SignalboxClient
from bot.chat.delivery import request_time
from bot.domain.model.job import Job
from bot.domain.posts import File, NewPost, PostKind
from bot.errors import Refused
from bot.ports.store import Store
from bot.services.delivery.outbox import Delivery, DeliverySettings
from bot.services.running.core import Core
from bot.services.running.wakeups import Wakeups
from tests.bot.chat.jobs import PROJECT, a_post, a_running_job
from tests.bot.chat.room import Room, connected, settings
from tests.support.clock import skip
from tests.support.rows import changed
from tests.support.waiting import async_until

pytestmark = pytest.mark.slow

LONG = 30.0
"""Seconds that an upload takes. No test waits for them: the loop's clock jumps."""
LOG = b"epoch 1/10 loss 0.123\n" * 100_000  # 2.2 MB


@asynccontextmanager
async def opened(tmp_path: Path) -> AsyncIterator[Store]:
    async with open_store(tmp_path / "signalbox.db") as store:
        yield store


def delivery(client: SignalboxClient, store: Store, nonce_window: float) -> Delivery:
    core = Core(store, {"mnist": PROJECT}, Wakeups(), time.time)
    return Delivery(core, client.poster, DeliverySettings(5, nonce_window))


async def with_thread(room: Room) -> Job:
    card = await room.posted(a_running_job(channel_id=room.channel_id))
    job = changed(room.services.known["k7q2mx"], card_id=int(card["id"]))
    return changed(job, thread_id=await room.client.poster.send(a_post(PostKind.THREAD, id=900), job))


async def files_in(room: Room, job: Job) -> list[str]:
    messages = await room.mika.messages(str(job.publication.thread_id))
    return [file["filename"] for message in messages for file in message["attachments"]]


@pytest.mark.parametrize("nonce_window", [60.0, 0.0], ids=["the nonce protects it", "the history is searched"])
async def test_upload_under_way_at_a_shutdown_arrives_once(room: Room, tmp_path: Path, nonce_window: float) -> None:
    """Discord takes the request to its end, also if the bot that made it is gone."""
    job = await with_thread(room)
    file = NewPost("log_file:k7q2mx", PostKind.LOG_FILE, job.id, files=(File("k7q2mx.log.gz", LOG),))
    async with opened(tmp_path) as store:
        await store.add(job, [file])
        ending = delivery(room.client, store, nonce_window)
        room.fault("POST", "/channels/.*/messages", fault="slow", seconds=LONG)
        await ending.once()
        await async_until(lambda: room.faults)
        await ending.lanes.close(0.2)
        assert request_time._under_way, "a shutdown waits for no upload"
        await room.client.close()
        (pending,) = await store.pending_posts()
        assert pending.attempted_at is not None
        skip(LONG)
        await async_until(lambda: files_in(room, job))
        again = SignalboxClient(settings(room.discord), (PROJECT,))
        again.attach(room.services.services())
        async with connected(again, room.discord.token):
            started_again = delivery(again, store, nonce_window)
            await started_again.once()
            await started_again.settle()
            assert not await store.pending_posts()
            assert await files_in(room, job) == ["k7q2mx.log.gz"]


async def test_upload_that_is_cut_off_leaves_no_call_cancelled(room: Room) -> None:
    """A delivery that is cancelled during an upload: the call runs on, and the same post is not sent twice."""
    job = await with_thread(room)
    post = a_post(PostKind.LOG_FILE, id=901, files=(File("k7q2mx.log.gz", LOG),))
    room.fault("POST", "/channels/.*/messages", fault="slow", seconds=LONG)
    sending = asyncio.create_task(room.client.poster.send(post, job))
    await async_until(lambda: room.faults)
    sending.cancel()
    with pytest.raises(asyncio.CancelledError):
        await sending
    assert request_time._under_way
    skip(LONG)
    again = await room.client.poster.send(replace(post, attempted_at=1.0), job)
    assert await room.client.poster.sent(replace(post, attempted_at=1.0), job) == again
    assert await files_in(room, job) == ["k7q2mx.log.gz"]


async def test_file_above_the_servers_limit_is_a_refusal_of_that_message(room: Room) -> None:
    """40005, "Request entity too large": the limit depends on the server's boosts, and 10 MiB is the least of them."""
    job, core = await with_thread(room), room.discord.discord.core
    core.limits = core.limits.with_changes({"upload_bytes": 1024 * 1024})
    post = a_post(PostKind.LOG_FILE, id=901, text="The whole log.", files=(File("k7q2mx.log", LOG),))
    with pytest.raises(Refused, match="40005") as caught:
        await room.client.poster.send(post, job)
    assert type(caught.value) is Refused, "so it costs this message, and not the thread"
