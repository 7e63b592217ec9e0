"""Watched prices outlive a restart, and a snapshot is looked at with care."""

import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path

from bot.adapters.sqlite import SqliteStore, open_store
from bot.adapters.sqlite.ledger.watch_rows import create_watches
from bot.adapters.sqlite.recovery import recover
from bot.adapters.sqlite.schema import MIGRATIONS
from bot.domain.inert import phrase
from bot.domain.money.spot_watch import SpotWatch

WATCH = SpotWatch(7, 77, 2**60, "g4dn.xlarge", ("us-east-1", "us-west-2"), 0.2, 9_000.0)


async def test_they_are_kept_over_a_restart(tmp_path: Path) -> None:
    async with open_store(tmp_path / "s.db") as store:
        first = await store.add_spot_watch(WATCH, 5)
        second = await store.add_spot_watch(replace(WATCH, asker_id=8), 5)
        assert (first, second) == (replace(WATCH, id=1), replace(WATCH, asker_id=8, id=2))
        told = replace(replace(WATCH, id=1), text=phrase("Below"), attempted_at=5.0)
        assert await store.keep_spot_watch(told)
    async with open_store(tmp_path / "s.db") as store:
        assert await store.spot_watches() == [told, second]
        assert await store.spot_watches(8) == [second]


async def test_what_was_ended_stays_ended_and_its_number_is_not_given_again(store: SqliteStore) -> None:
    watch = await store.add_spot_watch(WATCH, 5)
    assert watch is not None
    assert not await store.end_spot_watch(watch.id, 8)
    assert await store.end_spot_watch(watch.id, 7)
    assert not await store.keep_spot_watch(replace(watch, text=phrase("Below")))
    assert await store.spot_watches() == []
    assert await store.add_spot_watch(WATCH, 5) == replace(WATCH, id=watch.id + 1)


async def test_what_got_another_end_meanwhile_is_not_ended_by_the_old_one(store: SqliteStore) -> None:
    watch = await store.add_spot_watch(WATCH, 5)
    assert watch is not None
    longer = await store.add_spot_watch(replace(WATCH, until=10_000.0), 5)
    assert not await store.keep_spot_watch(replace(watch, text=phrase("It is over")))
    assert await store.spot_watches() == [longer]


async def test_a_message_under_way_in_a_snapshot_may_have_arrived(tmp_path: Path) -> None:
    """So it is looked for in the channel before it is sent."""
    async with open_store(tmp_path / "s.db") as store:
        for below in (0.2, 0.1):
            await store.add_spot_watch(replace(WATCH, below=below), 5)
        await store.keep_spot_watch(replace(WATCH, id=1, text=phrase("Below")))
        await store.snapshot(tmp_path / "copy.db")
    recover(tmp_path / "s.db", [tmp_path / "copy.db"], at=2_000.0)
    async with open_store(tmp_path / "s.db") as store:
        assert [each.attempted_at for each in await store.spot_watches()] == [0, None]


async def test_a_store_from_before_there_were_any_opens(tmp_path: Path) -> None:
    async with open_store(tmp_path / "s.db"):
        pass
    with closing(sqlite3.connect(tmp_path / "s.db")) as db:
        db.execute("DROP TABLE spot_watch")
        db.execute(f"PRAGMA user_version = {MIGRATIONS.index(create_watches)}")
        db.commit()
    async with open_store(tmp_path / "s.db") as store:
        assert await store.add_spot_watch(WATCH, 5) == replace(WATCH, id=1)
