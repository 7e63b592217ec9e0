"""A copy of a store that is in use."""

import os
import sqlite3
from contextlib import closing
from pathlib import Path

from bot.adapters.sqlite.connection import check, in_words
from bot.adapters.sqlite.schema import APPLICATION_ID
from bot.errors import StoreError


def write_snapshot(source: Path, target: Path) -> None:
    """Copy the store as of one moment; writers go on meanwhile. One file, whole or not at all, its owner's alone.

    Raises `StoreError` if the source is missing, empty, damaged or another program's: a good copy is never replaced by
    one of those. https://www.sqlite.org/uri.html: with `mode=ro` SQLite creates no file where there is none.
    """
    with (
        in_words(f"The snapshot {target}"),
        closing(sqlite3.connect(f"{source.absolute().as_uri()}?mode=ro", uri=True)) as store,
    ):
        copy_open(store, target)


def copy_open(store: sqlite3.Connection, target: Path) -> None:
    """The same, of an open connection. Raises `sqlite3.Error`, OSError and `StoreError`."""
    partial = target.with_name(target.name + ".part")
    target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    try:
        _copy(store, partial)
        partial.replace(target)
    finally:
        partial.unlink(missing_ok=True)


def is_store(connection: sqlite3.Connection) -> bool:
    """Whether the database is a store of ours: an empty file is an empty database, and not a store."""
    return int(connection.execute("PRAGMA application_id").fetchone()[0]) == APPLICATION_ID


def _copy(store: sqlite3.Connection, partial: Path) -> None:
    partial.unlink(missing_ok=True)
    descriptor = os.open(partial, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with closing(sqlite3.connect(partial)) as copy:
            store.backup(copy)
            copy.execute("PRAGMA journal_mode = DELETE")  # or it would come with side files of its own
            if not is_store(copy):
                raise StoreError(f"The snapshot {partial} would be of a database that is not a store.")
            check(copy)
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
