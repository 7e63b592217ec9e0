"""How far the audit has been posted, in the store: kept whole, added to older stores, and marked in a restored one."""

import asyncio
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import pytest

from bot.adapters.sqlite import SqliteStore, open_store
from bot.adapters.sqlite.connection import connect
from bot.adapters.sqlite.recovery import recover
from bot.adapters.sqlite.schema import MIGRATIONS, migrate
from bot.domain.audit.channel import AuditMessage, ChannelPosition
from bot.domain.audit.entry import Entry
from bot.domain.inert import phrase

PLACES: Sequence[ChannelPosition | None] = (
    ChannelPosition(71, 5),
    ChannelPosition(71, 5, 900, AuditMessage(8, "abc", phrase("eight"))),
    ChannelPosition(71, 5, 900, AuditMessage(8, "abc", phrase("eight"), 12.5)),
    ChannelPosition(71, 8, 901),
    None,
    ChannelPosition(72, 8),
)
OLDER = 6
"""Versions without the table."""


async def test_position_is_kept_whole(store: SqliteStore) -> None:
    assert await store.audit_position() is None
    for place in PLACES:
        await store.keep_audit_position(place)
        assert await store.audit_position() == place


async def test_older_store_with_an_audit_has_no_position_yet(tmp_path: Path) -> None:
    path = tmp_path / "signalbox.db"
    with closing(connect(path)) as db:
        migrate(db, MIGRATIONS[:OLDER])
        assert db.execute("SELECT name FROM sqlite_schema WHERE name = 'audit_channel'").fetchall() == []
    async with open_store(path) as store:
        await store.audit(Entry("1", "/train"))
        assert await store.audit_position() is None
        await store.keep_audit_position(PLACES[0])
        assert await store.audit_position() == PLACES[0]


@pytest.mark.parametrize(("before", "after"), [(None, 0.0), (12.5, 12.5)])
async def test_message_under_way_in_a_snapshot_may_have_been_sent(
    tmp_path: Path, before: float | None, after: float
) -> None:
    path, snapshot = tmp_path / "signalbox.db", tmp_path / "snapshot.db"
    async with open_store(path) as store:
        await store.keep_audit_position(ChannelPosition(71, 5, 900, AuditMessage(8, "abc", phrase("eight"), before)))
        await store.snapshot(snapshot)
    await asyncio.to_thread(recover, path, [snapshot], 2_000.0)
    async with open_store(path) as store:
        expected = ChannelPosition(71, 5, 900, AuditMessage(8, "abc", phrase("eight"), after))
        assert await store.audit_position() == expected
