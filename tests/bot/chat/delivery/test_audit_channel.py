"""The audit's channel in the stand-in: what people there see."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from bot.adapters.sqlite import open_store
from bot.adapters.sqlite.store import SqliteStore
from bot.domain.audit.entry import Actor, Decision, Entry, shown_options
from bot.services.delivery.audit_channel import AuditChannel, next_message
from bot.services.delivery.lanes import Backoff, Lanes
from bot.services.delivery.progress import Progress
from bot.services.running.core import Core
from bot.services.running.wakeups import Wakeup, Wakeups
from deploy.sandbox.discord.protocol.wire import Json
from tests.bot.chat.room import CHANNEL, Room
from tests.support.clock import Clock

pytestmark = pytest.mark.slow

HOSTILE = "@everyone <@42> <@&7> [free](https://evil.example/x) `x` **b** discord.gg/abcdef"
WINDOW = 60.0


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[SqliteStore]:
    async with open_store(tmp_path / "signalbox.db") as opened:
        yield opened


async def turn(room: Room, store: SqliteStore, clock: Clock) -> None:
    """A pass of a bot that has just started."""
    core = Core(store, {}, Wakeups(), clock)
    lanes = Lanes(clock, Backoff(), Wakeup(), Progress(clock))
    await AuditChannel(core, room.client.poster, lanes, room.channel_id, WINDOW).once()
    await lanes.settle()


async def seen(room: Room) -> list[Json]:
    found: list[Json] = await room.mika.messages(CHANNEL)
    return found


async def test_hostile_options_are_shown_without_effect(room: Room, store: SqliteStore) -> None:
    clock, mika = Clock(), Actor(int(room.discord.people["mika"]), HOSTILE)
    await turn(room, store, clock)
    refused = Entry("1", "/train", mika, decided=Decision.REFUSED, why=HOSTILE)
    await store.audit(refused)
    await store.audit(Entry("2", "/train", mika, options=shown_options([("note", HOSTILE)]), decided=Decision.FAILED))
    await turn(room, store, clock)
    (message,) = await seen(room)
    assert message["content"].count("\n") == 1
    assert message["content"].count(f"<@{mika.id}>") == 2
    assert message["mentions"] == message["mention_roles"] == message["embeds"] == []
    assert not message["mention_everyone"]


@pytest.mark.parametrize("searched", [False, True], ids=["by its nonce", "in the history"])
async def test_message_whose_arrival_was_not_recorded_is_found_again(
    room: Room, store: SqliteStore, searched: bool
) -> None:
    clock = Clock()
    await turn(room, store, clock)
    await store.audit(Entry("1", "/train", Actor(42, ""), decided=Decision.REFUSED, why="no"))
    before = await store.audit_position()
    await turn(room, store, clock)
    (first,) = await seen(room)
    after = await store.audit_position()
    assert before is not None
    message = next_message(await store.audit_chain(1, 10))
    assert message is not None
    nonce = "another" if searched else message.nonce  # the stand-in's window does not follow this clock
    attempted = replace(message, attempted_at=clock(), nonce=nonce)
    await store.keep_audit_position(replace(before, pending=attempted))
    clock.tick(2 * WINDOW if searched else 1.0)
    await turn(room, store, clock)
    assert [found["id"] for found in await seen(room)] == [first["id"]]
    assert await store.audit_position() == after
