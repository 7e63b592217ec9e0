"""Discord, with the real client against the stand-in: where an end goes, and what keeps the bot from a ban."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

import pytest

from bot.chat.delivery.breaker import WINDOW_SECONDS, Breaker
from bot.chat.delivery.limiter import Limiter
from bot.chat.delivery.poster import Poster
from bot.domain.inert import phrase
from bot.domain.model.job import Job
from bot.domain.model.publication import DIRECT, NOWHERE
from bot.domain.model.states import EndReason
from bot.domain.posts import Change, NewPost, PostKind
from bot.errors import ServiceError
from bot.ports.store import Store
from bot.services.delivery.outbox import Delivery, DeliverySettings
from bot.services.running.core import Core
from bot.services.running.wakeups import Wakeups
from deploy.sandbox.discord.state.guild import Membership
from deploy.sandbox.discord.state.permissions import Overwrite, Permission
from tests.bot.chat.jobs import PROJECT, a_post, a_running_job, an_ended_job
from tests.bot.chat.room import CHANNEL, EPHEMERAL, Room
from tests.support.rows import changed
from tests.support.waiting import PATIENCE


def _notify(room: Room, store: Store, *channels: str) -> Delivery:
    ids = tuple(int(room.discord.channels[name]) for name in channels)
    projects = {"mnist": replace(PROJECT, channel_ids=ids)}
    return Delivery(Core(store, projects, Wakeups(), time.time), room.client.poster, DeliverySettings(5, 60))


async def _ended(room: Room, store: Store) -> Job:
    """A job whose end is to be told."""
    job = an_ended_job(
        EndReason.SUCCEEDED, channel_id=room.channel_id, card_id=NOWHERE, thread_id=NOWHERE, committed_at=1.0
    )
    return await store.add(job, [NewPost(f"end:{job.id}", PostKind.END, job.id, text="Best at 6.")])


async def _until(notify: Delivery, done: Callable[[], Awaitable[object]]) -> None:
    async with asyncio.timeout(PATIENCE):
        while not await done():
            await notify.once()
            await notify.settle()
            await asyncio.sleep(0.01)


async def _nothing_pending(store: Store) -> bool:
    return not await store.pending_posts()


@pytest.mark.slow
async def test_with_the_real_client_an_end_goes_to_the_next_channel_and_says_why(room: Room, store: Store) -> None:
    guild = room.discord.discord.core.guild
    guild.set_overwrite(guild.channels[room.discord.channels[CHANNEL]], "bot", Overwrite(deny=Permission.SEND_MESSAGES))
    await _ended(room, store)
    await _until(_notify(room, store, CHANNEL, "lab"), lambda: _nothing_pending(store))
    assert not await room.mika.messages(CHANNEL)
    (told,) = await room.mika.messages("lab")
    assert told["content"].startswith("k7q2mx succeeded")
    assert f"(Posted here because I can't post in <#{room.channel_id}>.)" in told["content"]


@pytest.mark.slow
async def test_with_the_real_client_an_end_that_nobody_takes_is_asked_for_three_times_and_parked(
    room: Room, store: Store
) -> None:
    guild = room.discord.discord.core.guild
    for name in (CHANNEL, "lab"):
        channel = guild.channels[room.discord.channels[name]]
        guild.set_overwrite(channel, "bot", Overwrite(deny=Permission.SEND_MESSAGES))
    mika = int(room.discord.people["mika"])
    guild.refuse_direct.add(str(mika))
    job = changed(await _ended(room, store), asker_id=mika)
    await store.change(job.id, lambda stored: _changed(stored, asker_id=mika))
    notify = _notify(room, store, CHANNEL, "lab")
    await _until(notify, lambda: _nothing_pending(store))
    parked = await store.job(job.id)
    assert parked is not None
    assert "Cannot send messages to this user" in parked.publication.result.undeliverable
    assert len(parked.publication.result.refused_in) == 3


def _changed(job: Job, **changes: Any) -> Change:
    return Change(changed(job, **changes))


@pytest.mark.slow
async def test_with_the_real_client_an_end_that_no_channel_takes_is_told_in_a_direct_message(
    room: Room, store: Store
) -> None:
    guild = room.discord.discord.core.guild
    guild.set_overwrite(guild.channels[room.discord.channels[CHANNEL]], "bot", Overwrite(deny=Permission.SEND_MESSAGES))
    mika = int(room.discord.people["mika"])
    job = await _ended(room, store)
    await store.change(job.id, lambda stored: _changed(stored, asker_id=mika))
    await _until(_notify(room, store, CHANNEL), lambda: _nothing_pending(store))
    (told,) = await room.mika.messages("direct")
    assert told["content"].startswith("k7q2mx succeeded")
    assert told["components"] == []


@pytest.mark.slow
@pytest.mark.parametrize("seen", [True, False], ids=["the gateway says so", "nobody saw it"])
async def test_an_end_waits_while_the_bot_is_not_in_its_server(room: Room, store: Store, seen: bool) -> None:
    """Kicked while a job ran: the end goes to no other channel, is not given up, and comes with the next invitation."""
    guild, invitations = room.discord.discord.core.guild, room.discord.discord.invitations
    notify = _notify(room, store, CHANNEL, "lab")
    if seen:
        invitations.remove()
    else:
        guild.membership = Membership.REMOVED
    job = await _ended(room, store)
    mika = int(room.discord.people["mika"])
    await store.change(job.id, lambda stored: _changed(stored, asker_id=mika))
    for _ in range(20):
        await notify.once()
        await asyncio.sleep(0.02)
    waiting = await store.job(job.id)
    assert waiting is not None
    assert not waiting.publication.result.undeliverable
    assert not waiting.publication.result.refused_in
    invitations.invite()
    await _until(notify, lambda: _nothing_pending(store))
    (told,) = await room.mika.messages(CHANNEL)
    assert told["content"].startswith("k7q2mx succeeded")
    await notify.close()


@pytest.mark.slow
async def test_an_end_for_an_asker_who_left_the_server_is_given_up(room: Room, store: Store) -> None:
    """The bot is in its server, so the refusal is about the person."""
    room.fault("POST", "/channels/.*/messages", fault="status", status=403, code=50001, times=1)
    room.fault("POST", "/channels/.*/messages", fault="status", status=403, code=50278, times=1)
    job = await _ended(room, store)
    mika = int(room.discord.people["mika"])
    await store.change(job.id, lambda stored: _changed(stored, asker_id=mika))
    await _until(_notify(room, store, CHANNEL), lambda: _nothing_pending(store))
    parked = await store.job(job.id)
    assert parked is not None
    assert "(50278)" in parked.publication.result.undeliverable


@pytest.mark.slow
async def test_a_direct_message_has_no_buttons_that_could_not_work_there(room: Room) -> None:
    mika = int(room.discord.people["mika"])
    job = an_ended_job(EndReason.SUCCEEDED, channel_id=room.channel_id, end_in=DIRECT, asker_id=mika)
    await room.client.poster.send(a_post(PostKind.END, text="Best at 6."), job)
    (message,) = await room.mika.messages("direct")
    assert message["components"] == []
    assert f"<#{room.channel_id}>" in message["content"]
    assert await room.client.poster.sent(a_post(PostKind.END, attempted_at=1.0), job) == int(message["id"])


@pytest.mark.slow
async def test_an_archived_thread_is_woken_by_a_post(room: Room) -> None:
    card = await room.posted(a_running_job(channel_id=room.channel_id))
    job = room.services.known["k7q2mx"]
    job = changed(job, thread_id=await room.client.poster.send(a_post(PostKind.THREAD, id=900), job))
    (thread,) = room.discord.discord.core.guild.threads
    thread.archived = True
    await room.client.poster.send(a_post(PostKind.LOG, id=901, text="```\nlate\n```"), job)
    assert not thread.archived
    assert (await room.mika.messages(card["id"]))[-1]["content"] == "```\nlate\n```"


@pytest.mark.slow
async def test_a_thread_that_a_moderator_unlocks_goes_on_at_once(room: Room, store: Store) -> None:
    """Discord reports it with THREAD_UPDATE; the next try without it would be five minutes later."""
    notify, guild = _notify(room, store, CHANNEL), room.discord.discord.core.guild
    room.client.services.opened = notify.opened  # type: ignore[misc]
    card = await room.posted(a_running_job(channel_id=room.channel_id))
    job = changed(room.services.known["k7q2mx"], card_id=int(card["id"]))
    job = changed(job, thread_id=await room.client.poster.send(a_post(PostKind.THREAD, id=900), job))
    (thread,), mika = guild.threads, guild.users[room.discord.people["mika"]]
    room.discord.discord.threads.update(thread, mika, {"locked": True})
    await store.add(job, [NewPost(f"note:{n}", PostKind.NOTE, job.id, text=phrase("note {n}", n=n)) for n in range(2)])
    await _until(notify, lambda: _closed(store, job.id))
    room.discord.discord.threads.update(thread, mika, {"locked": False})
    await _until(notify, lambda: _nothing_pending(store))
    contents = [message["content"] for message in await room.mika.messages(thread.id)]
    assert [text for text in contents if text.startswith("note")] == ["note 0", "note 1"]
    assert not await _closed(store, job.id)


async def _closed(store: Store, job_id: str) -> str:
    job = await store.job(job_id)
    assert job is not None
    return job.publication.closed.why


@pytest.mark.slow
async def test_a_global_429_delays_everything_and_loses_nothing(room: Room) -> None:
    room.fault("POST", "/channels/.*/messages", fault="global429", retry_after=0.2, times=2)
    jobs = [a_running_job(id=f"job{number}", channel_id=room.channel_id) for number in range(5)]
    async with asyncio.TaskGroup() as group:
        for number, job in enumerate(jobs):
            group.create_task(room.client.poster.send(a_post(PostKind.CARD, id=number + 1), job))
    assert len(await room.mika.messages(CHANNEL)) == 5


async def _code(sending: Awaitable[int]) -> str:
    with pytest.raises(ServiceError) as caught:
        await sending
    return caught.value.code


@pytest.mark.slow
async def test_repeated_401_and_403_open_the_breaker_and_nothing_more_is_asked(room: Room) -> None:
    now = [0.0]
    poster = Poster(room.client, Limiter(1000, clock=time.monotonic), breaker=Breaker(lambda: now[0], most=4))
    room.fault("POST", "/channels/.*/messages", fault="status", status=403, times=99)
    job = a_running_job(channel_id=room.channel_id)
    before = len(room.discord.discord.core.ledger.entries)
    answers = [await _code(poster.send(a_post(PostKind.CARD), job)) for _ in range(20)]
    assert [code == "breaker" for code in answers] == [False] * 4 + [True] * 16
    asked = len(room.discord.discord.core.ledger.entries) - before
    room.discord.discord.core.faults.clear()
    now[0] = WINDOW_SECONDS + 1
    await poster.send(a_post(PostKind.CARD), job)
    assert asked <= 8


@pytest.mark.slow
async def test_with_the_gateway_gone_for_twenty_minutes_notifications_go_on(room: Room, store: Store) -> None:
    """They need no gateway. A session is resumable for minutes: after twenty the bot comes back with a new one."""
    gateway = room.discord.discord.gateway
    notify = _notify(room, store, CHANNEL)
    await _ended(room, store)
    gateway.drop(resumable=False)
    await _until(notify, lambda: _nothing_pending(store))
    (told,) = await room.mika.messages(CHANNEL)
    assert told["content"].startswith("k7q2mx succeeded")
    async with asyncio.timeout(PATIENCE):
        while not gateway.connected:
            await asyncio.sleep(0.05)
    room.services.known["k7q2mx"] = a_running_job()
    outcome = await room.mika.type("/status job:k7q2mx", channel=CHANNEL, wait=True)
    assert outcome["message"]["embeds"]
    for_all = [message for message in await room.mika.messages(CHANNEL) if not message["flags"] & EPHEMERAL]
    assert len(for_all) == 1, "and nothing is told again"
