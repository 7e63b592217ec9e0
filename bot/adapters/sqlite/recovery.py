"""Put a snapshot in the place of a store that was lost, which may have posted more than it remembers."""

import math
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path

from bot.adapters.private_folder import make_private
from bot.adapters.sqlite import draft_rows, job_rows
from bot.adapters.sqlite.audit import audit_rows, channel_rows
from bot.adapters.sqlite.connection import Connection, connect, in_words, transaction
from bot.adapters.sqlite.lease import lease
from bot.adapters.sqlite.ledger import machine_rows, watch_rows, weekly_rows
from bot.adapters.sqlite.schema import migrate, renumber
from bot.adapters.sqlite.snapshot import write_snapshot
from bot.domain.audit.entry import Does, own
from bot.domain.model.job import Job
from bot.domain.model.rows import Row
from bot.domain.model.states import JobState
from bot.domain.model.submission import Submission
from bot.domain.model.sweep import Sweep
from bot.domain.posts import Change, NewPost, PostKind
from bot.domain.texts import notes
from bot.errors import StoreError

_SIDE_FILES = ("", "-wal", "-shm")


@dataclass(frozen=True, slots=True)
class Recovery:
    """`snapshot` is what the store was made of, taken at `taken_at`; None where no snapshot was good: it is empty.

    `aside` is where the store went that was there before; `bad` are the snapshots that could not be read.
    """

    snapshot: Path | None
    taken_at: float | None
    aside: Path | None
    bad: tuple[Path, ...]


def trouble(store: Path) -> str:
    """What is wrong with a store, in words; empty where it can be used. `StoreError` while a bot has it."""
    if gone := missing(store):
        return gone
    with lease(store):
        try:
            with in_words(f"The store {store}"), closing(connect(store)) as connection:
                migrate(connection)
        except StoreError as error:
            return str(error)
    return ""


def missing(store: Path) -> str:
    """In words, that there is no store, or an empty file; "" where there is one."""
    if not store.exists():
        return f"The store {store} is not there."
    return "" if store.stat().st_size else f"The store {store} is empty."


def refuse_to_begin_anew(store: Path, copies: Sequence[Path]) -> None:
    """Raises `StoreError` for a store that is gone while copies of it are there: a new one would know of no job, and
    its snapshots would push those copies out."""
    if (gone := missing(store)) and copies:
        raise StoreError(
            f"{gone} {copies[-1]} is a copy of it: run `signalbox restore`. "
            f"To begin with an empty store all the same, move the copies out of {store.parent}."
        )


def recover(store: Path, snapshots: Sequence[Path], at: float) -> Recovery:
    """Moves the store aside, and makes one of the first snapshot that is good. `StoreError` while a bot has it."""
    with in_words(f"The store {store}"):
        make_private(store.parent)
        with lease(store):
            fresh = store.with_name(f"{store.name}.restored")
            good = next((number for number, each in enumerate(snapshots) if _usable(each, fresh, at)), None)
            aside = _moved_aside(store)
            if good is None:
                return Recovery(None, None, aside, tuple(snapshots))
            fresh.replace(store)
            return Recovery(snapshots[good], snapshots[good].stat().st_mtime, aside, tuple(snapshots[:good]))


def _usable(snapshot: Path, fresh: Path, at: float) -> bool:
    """Copies it to `fresh`, brings it up to date and marks what it may have posted; False where it is damaged."""
    try:
        write_snapshot(snapshot, fresh)
        with closing(connect(fresh)) as connection:
            migrate(connection)
            with transaction(connection):
                _mark(connection, at)
            connection.execute("PRAGMA journal_mode = DELETE")
    except (StoreError, sqlite3.Error):
        _remove(fresh)
        return False
    return True


def _mark(connection: Connection, at: float) -> None:
    """What happened after the snapshot is looked for before it is done again: at Batch by name, in the chat by text."""
    renumber(connection)
    audit_rows.add(connection, own(Does.RESTORE, "", "", detail=f"{at:.0f}"), at)
    connection.execute("UPDATE post SET attempted_at = created_at WHERE done_at IS NULL AND attempted_at IS NULL")
    channel_rows.mark(connection)
    machine_rows.mark(connection)
    weekly_rows.mark(connection)
    watch_rows.mark(connection)
    draft_rows.drop_old(connection, math.inf)  # whoever was shown one is asked again
    for row in job_rows.unfinished(connection):
        job_rows.save(connection, row, Change(_found(row, at), _notes(row, at)), at)


def _found(row: Row, at: float) -> Row:
    if isinstance(row, Sweep):
        return replace(row, publication=row.publication.recovered(at))
    unsure = row.execution.state is JobState.INTENT and row.execution.submit_called_at is None
    execution = row.execution.submit_called(at) if unsure else row.execution
    if isinstance(row, Submission):
        return replace(row, recovered_at=at, execution=execution)
    return replace(row, publication=row.publication.recovered(at), execution=execution)


def _notes(row: Row, at: float) -> tuple[NewPost, ...]:
    """A submission has no thread; its sweep's gets a note of its own."""
    if isinstance(row, Submission):
        return ()
    text = notes.job_restored() if isinstance(row, Job) else notes.sweep_restored()
    return (NewPost(f"restored:{row.id}:{at:.0f}", PostKind.NOTE, row.id, text=text),)


def _moved_aside(store: Path) -> Path | None:
    """Out of the way and not deleted: somebody may want to look at it."""
    if not store.exists():
        return None
    number = next(n for n in range(1, 1_000_000) if not store.with_name(f"{store.name}.lost-{n}").exists())
    for suffix in _SIDE_FILES[::-1]:
        side = store.with_name(store.name + suffix)
        if side.exists():
            side.replace(store.with_name(f"{store.name}.lost-{number}{suffix}"))
    return store.with_name(f"{store.name}.lost-{number}")


def _remove(store: Path) -> None:
    for suffix in _SIDE_FILES:
        store.with_name(store.name + suffix).unlink(missing_ok=True)
