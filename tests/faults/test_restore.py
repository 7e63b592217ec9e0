"""A lost machine: snapshots while the bot runs, and `signalbox restore` from the newest good one and from AWS."""

import asyncio
import os
import sqlite3
import time
from contextlib import closing
from pathlib import Path

import pytest

from bot.adapters.sqlite import open_store
from bot.adapters.sqlite.recovery import recover, trouble
from bot.domain.model.observation import Attempt
from bot.domain.model.states import EndReason, JobState
from bot.domain.posts import PostKind
from bot.errors import StoreError, Unavailable
from bot.ports.store import Store
from bot.services.running.core import Core
from bot.services.running.disk_room import RESERVE, DiskRoom
from bot.services.running.snapshot import COPIES, Snapshot, SnapshotSettings, taken
from bot.services.running.wakeups import Wakeups
from tests.faults.restored import restored
from tests.faults.story import STREAM, archived, count, end, running, settle
from tests.support.fakes import FakeArtifacts
from tests.support.services import Bot, Outside

URI = "s3://bucket/signalbox/signalbox/store.db"


# ---- snapshots ---------------------------------------------------------------------------------------------
class _Copies:
    """A service of snapshots with a clock that stamps the files, too."""

    def __init__(self, store: Store, folder: Path) -> None:
        self.now, self.folder, self.artifacts = 1_000_000.0, folder, FakeArtifacts()
        settings = SnapshotSettings(folder, URI, 900)
        core, self.free = Core(store, {}, Wakeups(), lambda: self.now), 10**12
        disk = DiskRoom(folder, free=lambda _: self.free)
        self._service = Snapshot(core, self.artifacts, disk, settings)

    async def take(self) -> list[str]:
        before = set(taken(self.folder))
        await self._service.once()
        for path in set(taken(self.folder)) - before:
            os.utime(path, (self.now, self.now))
        return [path.name for path in taken(self.folder)]


async def test_the_store_is_snapshotted_while_running_and_the_last_few_are_kept(store: Store, tmp_path: Path) -> None:
    copies = _Copies(store, tmp_path / "snapshots")
    for _ in range(7):
        names = await copies.take()
        copies.now += 900
    assert names == [f"signalbox-{number:06}.db" for number in range(4, 8)]
    assert len(names) == COPIES
    assert copies.artifacts.objects[URI] == (copies.folder / names[-1]).read_bytes()


async def test_no_snapshot_is_taken_that_would_fill_the_disk(store: Store, tmp_path: Path) -> None:
    copies = _Copies(store, tmp_path / "snapshots")
    await copies.take()
    copies.now += 900
    copies.free = RESERVE + 100
    assert len(await copies.take()) == 1
    copies.free = 10**12
    assert len(await copies.take()) == 2


async def test_a_bot_that_is_restarted_in_a_loop_does_not_push_out_the_good_snapshots(
    store: Store, tmp_path: Path
) -> None:
    copies = _Copies(store, tmp_path / "snapshots")
    for _ in range(20):
        names = await copies.take()
        copies.now += 10
    assert len(names) == 1


async def test_a_clock_set_back_does_not_stop_the_snapshots_nor_lose_the_newest(store: Store, tmp_path: Path) -> None:
    copies = _Copies(store, tmp_path / "snapshots")
    for _ in range(5):
        await copies.take()
        copies.now += 900
    copies.now -= 3600 * 3
    assert (await copies.take())[-1] == "signalbox-000006.db"


async def test_a_snapshot_that_fails_ends_nothing(store: Store, tmp_path: Path) -> None:
    (tmp_path / "snapshots").mkdir()
    (tmp_path / "snapshots" / "signalbox-000001.db.part").mkdir()
    copies = _Copies(store, tmp_path / "snapshots")
    assert await copies.take() == []
    (tmp_path / "snapshots" / "signalbox-000001.db.part").rmdir()
    copies.artifacts.fail("write", Unavailable("S3 is away"))
    assert await copies.take() == ["signalbox-000001.db"], "on this disk, though not in S3"


# ---- a store that is lost ----------------------------------------------------------------------------------
def _damage(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:2000] + b"\xff" * 30_000)


async def test_a_corrupt_store_is_restored_from_the_last_snapshot_and_reconciled_with_aws(
    outside: Outside, tmp_path: Path
) -> None:
    """After the snapshot: lines were told, a job ended and was told, and another was asked for and started."""
    path, copy = tmp_path / "signalbox.db", tmp_path / "snapshots" / "signalbox-000001.db"
    async with open_store(path) as store:
        first = Bot(outside, store, tmp_path)
        job = await running(first, "one")
        await store.snapshot(copy)
        outside.logs.write(STREAM, "two", at=outside.clock())
        await settle(first)
        later = await first.train(interaction_id=10, lr=0.5)
        await first.turn()
        end(first)
        await settle(first)
        assert count(first, PostKind.END) == 1
    before = len(outside.chat.messages)
    _damage(path)
    assert "damaged" in trouble(path) or "cannot be used" in trouble(path)
    outside.clock.tick(600)

    async with restored(outside, path, [copy], tmp_path) as second:
        await settle(second)
        assert count(second, PostKind.END) == 1, "the end that was told is not told again"
        assert (await second.job(job.id)).execution.reason is EndReason.SUCCEEDED
        found = await second.job(later.id)
        assert (found.run.parameters["lr"], found.execution.engine_id, found.execution.live) == (0.5, "batch-2", True)
        assert archived(second, job) == ["one", "two"]
        assert second.said(PostKind.LOG) == ["```\none\n```", "```\ntwo\n```"], "no line is told again"
        outside.engine.move("batch-2", JobState.SUCCEEDED, Attempt("s/2", outside.clock() - 9, outside.clock(), 0))
        await settle(second)
        assert count(second, PostKind.END) == count(second, PostKind.CARD) == 2
        assert len(outside.engine.submissions) == 2, "nothing is submitted twice"
        assert not outside.engine.terminated
        new = [message.post.new.kind for message in outside.chat.messages[before:]]
        assert set(new) <= {PostKind.NOTE, PostKind.END, PostKind.LOG_FILE}
    assert path.with_name("signalbox.db.lost-1").exists(), "what was there is kept to be looked at"


async def test_an_intent_of_the_snapshot_that_was_submitted_after_it_is_not_submitted_again(
    outside: Outside, tmp_path: Path
) -> None:
    path, copy = tmp_path / "signalbox.db", tmp_path / "copy.db"
    async with open_store(path) as store:
        first = Bot(outside, store, tmp_path)
        job = await first.train()
        await store.snapshot(copy)
        await first.turn()
    outside.clock.tick(600)  # the nonces protect no more
    async with restored(outside, path, [copy], tmp_path) as second:
        await settle(second)
        assert (await second.job(job.id)).execution.engine_id == "batch-1"
        assert len(outside.engine.submissions) == 1
        assert count(second, PostKind.CARD) == 1


async def test_an_intent_of_the_snapshot_is_looked_up_also_where_aws_could_not_be_compared(
    outside: Outside, tmp_path: Path
) -> None:
    path, copy = tmp_path / "signalbox.db", tmp_path / "copy.db"
    async with open_store(path) as store:
        first = Bot(outside, store, tmp_path)
        await first.train()
        await store.snapshot(copy)
        await first.launch.once()
    await asyncio.to_thread(recover, path, [copy], outside.clock())
    async with open_store(path) as store:
        await Bot(outside, store, tmp_path).launch.once()
    assert len(outside.engine.submissions) == 1


async def test_without_any_snapshot_what_runs_and_what_has_ended_is_found_at_aws(
    outside: Outside, tmp_path: Path
) -> None:
    path = tmp_path / "signalbox.db"
    async with open_store(path) as store:
        first = Bot(outside, store, tmp_path)
        job = await running(first, "one")
    path.unlink()
    end(first, JobState.FAILED, 1)
    async with restored(outside, path, [], tmp_path) as second:
        await settle(second)
        assert (await second.job(job.id)).execution.reason is EndReason.COMMAND_FAILED
        assert count(second, PostKind.END) == 1
        assert count(second, PostKind.CARD) == 1
        assert archived(second, job) == ["one"]


async def test_a_damaged_snapshot_is_passed_over_for_the_one_before(outside: Outside, tmp_path: Path) -> None:
    path, good, bad = (tmp_path / name for name in ("signalbox.db", "good.db", "bad.db"))
    async with open_store(path) as store:
        job = await Bot(outside, store, tmp_path).train()
        await store.snapshot(good)
    bad.write_bytes(good.read_bytes()[:5000])
    recovery = await asyncio.to_thread(recover, path, [bad, good], 1.0)
    assert (recovery.snapshot, recovery.bad) == (good, (bad,))
    async with open_store(path) as store:
        assert await store.job(job.id) is not None


async def test_nonces_are_not_those_of_the_lost_store(outside: Outside, tmp_path: Path) -> None:
    """Discord would take a new message with an old nonce for the old message, and post nothing."""
    path, copy = tmp_path / "signalbox.db", tmp_path / "copy.db"
    given: set[int] = set()
    for life in range(3):
        kept = await _post_ids(copy) if life == 2 else set()
        if life == 1:
            path.unlink()
        elif life == 2:
            await asyncio.to_thread(recover, path, [copy], time.time())
        async with open_store(path) as store:
            for command in range(2):
                outside.clock.tick(10)  # job ids are made of it
                await Bot(outside, store, tmp_path).train(interaction_id=10 * life + command)
                if (life, command) == (1, 0):
                    await store.snapshot(copy)
        new = await _post_ids(path) - kept
        assert new
        assert not new & given
        given |= new


async def _post_ids(path: Path) -> set[int]:
    with closing(sqlite3.connect(path)) as db:
        return {number for (number,) in db.execute("SELECT id FROM post")}


async def test_a_store_in_use_is_not_replaced(tmp_path: Path) -> None:
    path = tmp_path / "signalbox.db"
    async with open_store(path):
        with pytest.raises(StoreError, match="Another bot works on the store"):
            await asyncio.to_thread(recover, path, [], 1.0)
