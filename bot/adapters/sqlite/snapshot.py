"""A copy of a store that is in use."""

import os
import sqlite3
from contextlib import closing
from pathlib import Path

from bot.adapters.sqlite.connection import in_words


def write_snapshot(source: Path, target: Path) -> None:
    """Copies the store as of one moment; writers go on meanwhile. One file, whole or not at all, its owner's alone."""
    partial = target.with_name(target.name + ".part")
    with in_words(f"The snapshot {target}"):
        target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        try:
            _copy(source, partial)
            partial.replace(target)
        finally:
            partial.unlink(missing_ok=True)


def _copy(source: Path, partial: Path) -> None:
    partial.unlink(missing_ok=True)
    descriptor = os.open(partial, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with closing(sqlite3.connect(source)) as store, closing(sqlite3.connect(partial)) as copy:
            store.backup(copy)
            copy.execute("PRAGMA journal_mode = DELETE")  # or it would come with side files of its own
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
