"""What is known about machines without a job outlives a restart, and a snapshot is looked at with care."""

from dataclasses import replace
from pathlib import Path

from bot.adapters.sqlite import SqliteStore, open_store
from bot.adapters.sqlite.recovery import recover
from bot.domain.guard.machines import Alarm, Idling
from bot.domain.inert import phrase

WAITING = Idling("i-2", "cluster", 1_000.0, 60.0)
NAMED = Idling("i-1", "cluster", 1_000.5, 1_800.0, 30.0, 2, 99, Alarm(77, phrase("Machine"), (12, 13)))


async def test_they_are_kept_over_a_restart_and_all_others_forgotten(tmp_path: Path) -> None:
    async with open_store(tmp_path / "s.db") as store:
        await store.keep_idle_machines([replace(NAMED, id="i-0")])
        await store.keep_idle_machines([WAITING, NAMED])
    async with open_store(tmp_path / "s.db") as store:
        assert await store.idle_machines() == [NAMED, WAITING]


async def test_there_are_none_at_first(store: SqliteStore) -> None:
    assert await store.idle_machines() == []


async def test_an_alarm_under_way_in_a_snapshot_may_have_arrived(tmp_path: Path) -> None:
    """So it is looked for in the channel before it is sent."""
    async with open_store(tmp_path / "s.db") as store:
        await store.keep_idle_machines([WAITING, NAMED])
        await store.snapshot(tmp_path / "copy.db")
    recover(tmp_path / "s.db", [tmp_path / "copy.db"], at=2_000.0)
    async with open_store(tmp_path / "s.db") as store:
        named, waiting = await store.idle_machines()
    assert waiting == WAITING
    assert named.alarm is not None
    assert named.alarm.attempted_at == 0
