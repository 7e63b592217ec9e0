"""The file itself: opened, checked, and its errors in words."""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from bot.errors import StoreError
from bot.ports.store import Written

BUSY_MS = 5_000
"""How long another program that has the file open (a look at it by hand) is waited for."""
CACHE_KIB = 4 * 1024
WAL_BYTES = 64 * 1024 * 1024
"""What the write-ahead log is cut back to after it has grown."""

_DAMAGED = (
    "It is damaged. Move it away, together with the files beside it that end in -wal and -shm; then put the newest "
    "snapshot in its place, or begin with an empty store."
)
_NO_ACCESS = "See to the file and its folder: their permissions, and the room on their disk."
_ADVICE = {
    sqlite3.SQLITE_FULL: "The disk is full: make room on it.",
    sqlite3.SQLITE_CORRUPT: _DAMAGED,
    sqlite3.SQLITE_NOTADB: _DAMAGED,
    sqlite3.SQLITE_READONLY: _NO_ACCESS,
    sqlite3.SQLITE_PERM: _NO_ACCESS,
    sqlite3.SQLITE_CANTOPEN: _NO_ACCESS,
    sqlite3.SQLITE_BUSY: "Another program keeps it locked: close that one.",
    sqlite3.SQLITE_IOERR: "The disk failed to read or to write: see to the disk.",
}


class Connection(sqlite3.Connection):
    """A connection that collects what the transaction under way writes."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.written = Written()


def connect(path: Path) -> Connection:
    """A connection for the thread that calls; the file is made, for its owner alone, where there is none.

    Raises `sqlite3.Error` for one that is damaged.
    """
    os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))  # SQLite gives its side files the same mode
    connection = sqlite3.connect(path, isolation_level=None, cached_statements=256, factory=Connection)
    try:
        connection.execute(f"PRAGMA busy_timeout = {BUSY_MS}")
        connection.execute(f"PRAGMA cache_size = -{CACHE_KIB}")
        connection.execute(f"PRAGMA journal_size_limit = {WAL_BYTES}")
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA foreign_keys = ON")
        check(connection)
    except BaseException:
        connection.close()
        raise
    return connection


def check(connection: sqlite3.Connection) -> None:
    """Raises `sqlite3.DatabaseError` for a database that is damaged."""
    found = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
    if found != "ok":
        error = sqlite3.DatabaseError(found)
        error.sqlite_errorcode = sqlite3.SQLITE_CORRUPT
        raise error


@contextmanager
def transaction(connection: Connection) -> Iterator[None]:
    """All or nothing. IMMEDIATE: one that reads first and then writes would fail as busy, whatever the time-out."""
    connection.execute("BEGIN IMMEDIATE")
    connection.written = Written()
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


@contextmanager
def in_words(subject: str) -> Iterator[None]:
    """Errors of SQLite and of the file system as `StoreError`, with what to do. `subject` begins the sentence."""
    try:
        yield
    except sqlite3.Error as error:
        advice = _ADVICE.get(getattr(error, "sqlite_errorcode", 0) & 0xFF, "")
        raise StoreError(f"{subject} cannot be used ({error}). {advice}".strip()) from error
    except OSError as error:
        raise StoreError(f"{subject} cannot be opened ({error.strerror}). {_NO_ACCESS}") from error
