"""The audit in its channel: grouped, in order, once, whatever happens in between."""

import asyncio
import re
from pathlib import Path
from typing import Any

import pytest

from bot.adapters.sqlite import open_store
from bot.domain.audit.channel import ChannelPosition
from bot.domain.audit.entry import Actor, Decision, Does, Effect, Entry, own, shown_options
from bot.domain.inert import Inert
from bot.errors import Deleted, Denied, Missing, Refused, ServiceError, Unavailable
from bot.ports.store import Store
from bot.services.delivery.audit_channel import REFUSED_SECONDS, AuditChannel
from bot.services.delivery.lanes import Backoff, Lanes
from bot.services.delivery.progress import Progress
from bot.services.running.core import Core
from bot.services.running.wakeups import Wakeup, Wakeups
from tests.support.fakes import FakeChat
from tests.support.services import Outside

CHANNEL, OTHER = 71, 72
MIKA = Actor(1, "mika")
SECRET = "ghp_" + "a1B2c3D4e5F6" * 3  # of the shape of a token, and none


class Poster:
    """One life of the bot: whatever it had in memory ends with it."""

    def __init__(self, store: Store, outside: Outside, channel_id: int = CHANNEL) -> None:
        self._clock = outside.clock
        core = Core(store, {}, Wakeups(), outside.clock)
        self.lanes = Lanes(outside.clock, Backoff(), Wakeup(), Progress(outside.clock))
        self._audit = AuditChannel(core, outside.chat, self.lanes, channel_id, outside.chat.window)

    async def once(self) -> None:
        await self._audit.once()

    async def turn(self, times: int = 1, seconds: float = 5.0) -> None:
        for _ in range(times):
            await self._audit.once()
            await self.lanes.settle()
            self._clock.tick(seconds)


def a_train(number: int, **options: object) -> Entry:
    effect = Effect(Does.START, f"job{number}", "mnist")
    return Entry(str(number), "/train", MIKA, options=shown_options(options.items()), effect=effect)


def a_read(number: int) -> Entry:
    return Entry(str(number), "/status", MIKA)


async def write(store: Store, *entries: Entry) -> None:
    for entry in entries:
        await store.audit(entry)


def texts(chat: FakeChat, channel_id: int = CHANNEL) -> list[str]:
    return [text for _, place, text in chat.texts if place == channel_id]


def numbers(chat: FakeChat) -> list[int]:
    return [int(number) for text in texts(chat) for number in re.findall(r"^`(\d+)`", text, re.MULTILINE)]


async def begun(store: Store, outside: Outside) -> Poster:
    """With its channel, and nothing to tell yet."""
    poster = Poster(store, outside)
    await poster.turn()
    assert outside.chat.texts == []
    return poster


async def test_what_starts_stops_is_refused_or_fails_is_posted_and_plain_reads_are_not(
    store: Store, outside: Outside
) -> None:
    poster = await begun(store, outside)
    refused = Entry("3", "/status", MIKA, decided=Decision.REFUSED, why="You can't see jobs here.")
    await write(store, a_read(1), a_train(2), refused, a_read(4), own(Does.PRUNE, "b2c3d4.5", "mnist"), a_read(6))
    await poster.turn(3)
    assert numbers(outside.chat) == [2, 3, 5]
    (text,) = texts(outside.chat)
    start, refusal, pruned = text.split("\n")
    assert "<@1>" in start
    assert "**start** `job2`" in start
    assert refusal.endswith("**refused**: You can't see jobs here.")
    assert "Signalbox · **prune** `b2c3d4.5`" in pruned


async def test_many_entries_are_posted_in_order_and_one_message_a_pass(store: Store, outside: Outside) -> None:
    poster = await begun(store, outside)
    await write(store, *(a_read(n) for n in range(1, 231)), *(a_train(n, lr="9" * 150) for n in range(231, 261)))
    before = len(outside.chat.texts)
    for _ in range(12):
        await poster.turn()
        assert len(outside.chat.texts) - before <= 1
        before = len(outside.chat.texts)
    assert numbers(outside.chat) == list(range(231, 261))


async def test_first_start_with_an_old_audit_does_not_post_it(store: Store, outside: Outside) -> None:
    await write(store, *map(a_train, range(1, 41)))
    poster = await begun(store, outside)
    await poster.turn(3)
    assert outside.chat.texts == []
    await write(store, a_train(41))
    await Poster(store, outside).turn()  # what was asked before the next start is told
    assert numbers(outside.chat) == [41]


async def test_another_channel_begins_with_what_is_new(store: Store, outside: Outside) -> None:
    await begun(store, outside)
    await write(store, a_train(1))
    other = Poster(store, outside, OTHER)
    await other.turn(2)
    await write(store, a_train(2))
    await other.turn(2)
    assert texts(outside.chat) == []
    assert len(texts(outside.chat, OTHER)) == 1
    assert "job2" in texts(outside.chat, OTHER)[0]


async def test_without_a_channel_nothing_is_posted_and_the_next_one_begins_with_what_is_new(
    store: Store, outside: Outside
) -> None:
    await begun(store, outside)
    await Poster(store, outside, 0).turn()
    await write(store, a_train(1))
    poster = await begun(store, outside)
    await write(store, a_train(2))
    await poster.turn()
    assert numbers(outside.chat) == [2]


@pytest.mark.parametrize("seconds", [2.0, 7_200.0], ids=["inside the nonce window", "after it"])
@pytest.mark.parametrize("after", [False, True], ids=["before it arrived", "after it arrived"])
async def test_killed_while_it_sends_posts_each_entry_once(
    store: Store, outside: Outside, after: bool, seconds: float
) -> None:
    poster = await begun(store, outside)
    await write(store, a_train(1), a_train(2))
    outside.chat.fail("send_text", Unavailable("killed"), after=after)
    await poster.turn()
    outside.clock.tick(seconds)
    await write(store, a_train(3))
    await Poster(store, outside).turn(3)
    assert numbers(outside.chat) == [1, 2, 3]


@pytest.mark.parametrize("lost", range(1, 5))
async def test_each_commit_that_is_lost_costs_nothing(
    store: Store, outside: Outside, monkeypatch: pytest.MonkeyPatch, lost: int
) -> None:
    """From commit number `lost` on there is none: the bot was killed there, and starts again much later."""
    await begun(store, outside)
    await write(store, a_train(1))
    commits, keep = 0, store.keep_audit_position

    async def cut(place: ChannelPosition | None) -> None:
        nonlocal commits
        commits += 1
        if commits >= lost:
            raise Unavailable("killed")
        await keep(place)

    monkeypatch.setattr(store, "keep_audit_position", cut)
    poster = Poster(store, outside)
    for _ in range(2):
        try:
            await poster.turn()
        except ServiceError:
            break
        await write(store, a_train(2))
    monkeypatch.undo()
    outside.clock.tick(7_200)
    await write(store, a_train(2), a_train(3))
    await Poster(store, outside).turn(3)
    assert numbers(outside.chat) == [1, 2, 3]


@pytest.mark.parametrize("error", [Denied("Missing Permissions (50013)"), Missing("Unknown Channel (10003)")])
async def test_a_channel_that_refuses_is_tried_again_later_and_loses_nothing(
    store: Store, outside: Outside, error: ServiceError
) -> None:
    poster = await begun(store, outside)
    await write(store, a_train(1))
    outside.chat.fail("send_text", error, times=2)
    await poster.turn(int(REFUSED_SECONDS / 5))
    await write(store, a_train(2))
    assert len(outside.chat.faults) == 1, "asked once in all that time"
    await poster.turn(int(2 * REFUSED_SECONDS / 5))
    assert outside.chat.faults == []
    assert numbers(outside.chat) == [1, 2]


async def test_a_message_that_discord_refuses_is_replaced_by_a_sentence(store: Store, outside: Outside) -> None:
    poster = await begun(store, outside)
    await write(store, a_train(1), a_train(2))
    outside.chat.fail("send_text", Refused("Message blocked by harmful links filter (240000)"))
    await poster.turn(2)
    await write(store, a_train(3))
    outside.chat.fail("send_text", Refused("blocked"), times=2)
    await poster.turn(3)
    await write(store, a_train(4))
    await poster.turn()
    sentence, last = texts(outside.chat)
    assert sentence == "Discord refused the message with entries 1 to 2. `/audit` shows them."
    assert "job4" in last


async def test_a_message_that_was_deleted_is_not_posted_again(store: Store, outside: Outside) -> None:
    poster = await begun(store, outside)
    await write(store, a_train(1))
    outside.chat.fail("send_text", Deleted("Unknown Message (10008)"))
    await poster.turn()
    await write(store, a_train(2))
    await poster.turn()
    assert numbers(outside.chat) == [2]


async def test_discord_that_does_not_answer_is_asked_again_with_the_same_message(
    store: Store, outside: Outside
) -> None:
    poster = await begun(store, outside)
    await write(store, a_train(1))
    outside.chat.fail("send_text", Unavailable("no answer"), times=3)
    await poster.turn(12)
    await write(store, a_train(2))
    await poster.turn(2)
    assert numbers(outside.chat) == [1, 2]


async def test_nothing_is_sent_while_a_message_is_under_way(
    store: Store, outside: Outside, monkeypatch: pytest.MonkeyPatch
) -> None:
    poster = await begun(store, outside)
    await write(store, a_train(1))
    goes_on, asked, send = asyncio.Event(), list[str](), outside.chat.send_text

    async def slow(channel_id: int, text: Inert, *, nonce: str, **mentions: Any) -> int:
        asked.append(nonce)
        await goes_on.wait()
        return await send(channel_id, text, nonce=nonce, **mentions)

    monkeypatch.setattr(outside.chat, "send_text", slow)
    await poster.once()
    while not asked:
        await asyncio.sleep(0)
    await poster.once()
    goes_on.set()
    await poster.turn()
    assert len(asked) == 1
    assert numbers(outside.chat) == [1]


async def test_hostile_text_is_inert_and_secrets_are_redacted(store: Store, outside: Outside) -> None:
    poster = await begun(store, outside)
    hostile = f"[free](https://evil.example) @everyone <@&5> ```\n# big\n``` discord.gg/abc {SECRET}"
    refused = Entry("2", "/train", Actor(1, hostile), decided=Decision.REFUSED, why=hostile)
    await write(store, a_train(1, note=hostile), refused)
    await poster.turn()
    (text,) = texts(outside.chat)
    first, second = text.split("\n")
    assert SECRET not in text
    assert "```" not in first
    assert first.count("`") % 2 == 0
    reason = second.partition("**refused**: ")[2]
    assert re.search(r"(?<!\\)[\[`<@]", reason) is None
    assert "https://" not in reason


async def test_position_is_kept_over_a_restart_of_the_store(tmp_path: Path, outside: Outside) -> None:
    for life in range(3):
        async with open_store(tmp_path / "a.db") as store:
            poster = Poster(store, outside)
            if life == 0:
                await poster.turn()
            await write(store, a_train(life))
            await poster.turn()
    assert numbers(outside.chat) == [1, 2, 3]
