"""The file itself: opened, checked, and its errors in words."""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bot.errors import StoreError

BUSY_MS = 5_000
"""How long another program that has the file open (a look at it by hand) is waited for."""
CACHE_KIB = 8 * 1024
WAL_BYTES = 64 * 1024 * 1024
"""What the write-ahead log is cut back to after it has grown."""

_DAMAGED = "It is damaged. Restore the newest snapshot in its place; or move it away to begin with an empty store."
_ADVICE = {
    sqlite3.SQLITE_FULL: "The disk is full. Make room, then start the bot again.",
    sqlite3.SQLITE_CORRUPT: _DAMAGED,
    sqlite3.SQLITE_NOTADB: _DAMAGED,
    sqlite3.SQLITE_READONLY: "It cannot be written: see to the permissions of the file and its folder.",
    sqlite3.SQLITE_PERM: "It cannot be written: see to the permissions of the file and its folder.",
    sqlite3.SQLITE_CANTOPEN: "It cannot be opened: see to the permissions of the file and its folder.",
    sqlite3.SQLITE_BUSY: "Another program keeps it locked. Close that one, then start the bot again.",
    sqlite3.SQLITE_IOERR: "The disk failed to read or to write. See to the disk, then start the bot again.",
}


def connect(path: Path) -> sqlite3.Connection:
    """A connection for the thread that calls; the file is made, for its owner alone, where there is none.

    Raises `StoreError` for a file that is damaged.
    """
    os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))  # SQLite gives its side files the same mode
    connection = sqlite3.connect(path, isolation_level=None, cached_statements=256)
    try:
        connection.execute(f"PRAGMA busy_timeout = {BUSY_MS}")
        connection.execute(f"PRAGMA cache_size = -{CACHE_KIB}")
        connection.execute(f"PRAGMA journal_size_limit = {WAL_BYTES}")
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA foreign_keys = ON")
        _check(connection)
    except BaseException:
        connection.close()
        raise
    return connection


def _check(connection: sqlite3.Connection) -> None:
    found = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
    if found != "ok":
        raise sqlite3.DatabaseError(found)


@contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[None]:
    """All or nothing. IMMEDIATE: one that reads first and then writes would fail as busy, whatever the time-out."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


@contextmanager
def in_words(path: Path) -> Iterator[None]:
    """Errors of SQLite and of the file system as `StoreError`, with what to do."""
    try:
        yield
    except sqlite3.Error as error:
        advice = _ADVICE.get(getattr(error, "sqlite_errorcode", sqlite3.SQLITE_CORRUPT) & 0xFF, "")
        raise StoreError(f"The store {path} cannot be used ({error}). {advice}".strip()) from error
    except OSError as error:
        raise StoreError(f"The store {path} cannot be opened: {error.strerror} ({error.filename}).") from error
