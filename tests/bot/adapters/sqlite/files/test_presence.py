"""A store's file that goes away under a running bot: nothing is written into the void, and no good copy is replaced."""

import os
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from bot.adapters.sqlite import open_store
from bot.adapters.sqlite.presence import rescued
from bot.adapters.sqlite.recovery import recover, refuse_to_begin_anew, trouble
from bot.adapters.sqlite.snapshot import write_snapshot
from bot.errors import StoreError
from tests.support.jobs import make_job


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "data" / "signalbox.db"


def _delete(path: Path) -> None:
    """As `rm signalbox.db*` does, and not the lock."""
    for suffix in ("", "-wal", "-shm"):
        path.with_name(path.name + suffix).unlink(missing_ok=True)


def _delete_folder(path: Path) -> None:
    shutil.rmtree(path.parent)


def _move(path: Path) -> None:
    path.rename(path.with_name("elsewhere.db"))


def _replace(path: Path) -> None:
    """By an older copy, as a restore by hand does."""
    write_snapshot(path, path.with_name("older.db"))
    path.with_name("older.db").replace(path)


def _empty(path: Path) -> None:
    os.truncate(path, 0)


ACCIDENTS: dict[str, tuple[Callable[[Path], None], str]] = {
    "deleted": (_delete, "was deleted"),
    "deleted with its folder": (_delete_folder, "was deleted"),
    "moved": (_move, "was deleted"),
    "replaced": (_replace, "was replaced by another file"),
    "emptied": (_empty, "was emptied"),
}


@pytest.mark.parametrize(("accident", "words"), ACCIDENTS.values(), ids=ACCIDENTS)
async def test_a_store_that_goes_away_is_neither_read_nor_written_nor_copied(
    path: Path, accident: Callable[[Path], None], words: str
) -> None:
    async with open_store(path) as store:
        job = await store.add(make_job(), [])
        copy = path.parent.parent / "copies" / "signalbox-000001.db"
        await store.snapshot(copy)
        good = copy.read_bytes()
        accident(path)
        with pytest.raises(StoreError, match=words):
            await store.job(job.id)
        with pytest.raises(StoreError, match=words):
            await store.add(make_job(interaction_id=2), [])
        with pytest.raises(StoreError, match=words):
            await store.snapshot(copy)
        assert copy.read_bytes() == good


@pytest.mark.parametrize("accident", [_delete, _delete_folder, _move, _replace], ids=lambda each: each.__name__)
async def test_what_a_lost_store_held_is_saved_once_and_restored(path: Path, accident: Callable[[Path], None]) -> None:
    async with open_store(path) as store:
        job = await store.add(make_job(), [])
        accident(path)
        for _ in range(3):
            with pytest.raises(StoreError, match=r"held is in .*signalbox\.db\.rescued-1\. Run `signalbox restore`"):
                await store.unfinished()
    (saved,) = rescued(path)
    assert recover(path, [saved], 1.0).snapshot == saved
    async with open_store(path) as store:
        assert await store.job(job.id) is not None


async def test_a_lost_store_that_cannot_be_saved_says_so(path: Path) -> None:
    async with open_store(path) as store:
        await store.add(make_job(), [])
        _delete_folder(path)
        path.parent.write_text("a file where the folder was")
        with pytest.raises(StoreError, match=r"deleted with its folder while .*held could not be saved"):
            await store.unfinished()


@pytest.mark.parametrize("content", [b"", None, b"\xff" * 30_000], ids=["empty", "missing", "damaged"])
async def test_a_good_copy_is_not_replaced_by_one_of_no_store(path: Path, content: bytes | None) -> None:
    async with open_store(path) as store:
        await store.add(make_job(), [])
        copy = path.parent / "copy.db"
        await store.snapshot(copy)
    good = copy.read_bytes()
    _delete(path)
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(StoreError):
        write_snapshot(path, copy)
    assert copy.read_bytes() == good
    assert [each.name for each in path.parent.glob("*.part")] == []
    assert path.exists() == (content is not None), "to look for a store makes none"


async def test_damage_inside_the_store_is_not_copied(path: Path) -> None:
    """The file's header and its first pages are as they were."""
    async with open_store(path) as store:
        for number in range(50):
            await store.add(make_job(interaction_id=number + 1), [])
        copy = path.parent / "copy.db"
        await store.snapshot(copy)
    good = copy.read_bytes()
    content = path.read_bytes()
    path.write_bytes(content[:8192] + b"\xff" * (len(content) - 8192))
    with pytest.raises(StoreError):
        write_snapshot(path, copy)
    assert copy.read_bytes() == good


async def test_an_empty_database_is_no_snapshot_to_restore(path: Path) -> None:
    async with open_store(path) as store:
        job = await store.add(make_job(), [])
        copy = path.parent / "signalbox-000001.db"
        await store.snapshot(copy)
    empty = path.parent / "signalbox-000002.db"
    with closing(sqlite3.connect(empty)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
    empty_file = path.parent / "signalbox-000003.db"
    empty_file.touch()
    recovery = recover(path, [empty_file, empty, copy], 1.0)
    assert (recovery.snapshot, recovery.bad) == (copy, (empty_file, empty))
    async with open_store(path) as store:
        assert await store.job(job.id) is not None


@pytest.mark.parametrize("there", [True, False], ids=["an empty file", "no file"])
async def test_a_bot_does_not_begin_anew_beside_copies_of_its_store(path: Path, there: bool) -> None:
    path.parent.mkdir()
    if there:
        path.touch()
    refuse_to_begin_anew(path, [])
    copy = path.parent / "snapshots" / "signalbox-000007.db"
    with pytest.raises(StoreError, match=r"signalbox-000007.db is a copy of it: run `signalbox restore`"):
        refuse_to_begin_anew(path, [copy])
    assert trouble(path) in (f"The store {path} is empty.", f"The store {path} is not there.")
    async with open_store(path):
        pass
    refuse_to_begin_anew(path, [copy])
    assert not trouble(path)
