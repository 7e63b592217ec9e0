"""The store's file while a bot has it open: SQLite writes on into a file that has been deleted, without a word.

"If a database file is unlinked while in use … the behavior of SQLite is undefined":
https://www.sqlite.org/howtocorrupt.html#_unlinking_or_renaming_a_database_file_while_in_use
"""

import sqlite3
from pathlib import Path

from bot.adapters.private_folder import make_private
from bot.adapters.sqlite.connection import Connection
from bot.adapters.sqlite.snapshot import copy_open
from bot.errors import StoreError


class Presence:
    """Made when the file has just been opened."""

    def __init__(self, path: Path) -> None:
        found = path.stat()
        self._path, self._file = path, (found.st_dev, found.st_ino)
        self._saved_as = ""

    def check(self, connection: Connection) -> None:
        """Raises `StoreError` once the file is gone, empty or another one. What it held is then saved beside it."""
        wrong = self._wrong()
        if wrong:
            self._saved_as = self._saved_as or self._save(connection)
            raise StoreError(
                f"The store {self._path} {wrong} while the bot ran. {self._saved_as} "
                "Run `signalbox restore`, then start the bot."
            )

    def _wrong(self) -> str:
        try:
            found = self._path.stat()
        except FileNotFoundError:
            return "was deleted"
        except NotADirectoryError:
            return "was deleted with its folder"
        if (found.st_dev, found.st_ino) != self._file:
            return "was replaced by another file"
        return "" if found.st_size else "was emptied"

    def _save(self, connection: Connection) -> str:
        """The connection can still read a file that was deleted."""
        number = next(n for n in range(1, 1_000_000) if not _rescued(self._path, n).exists())
        target = _rescued(self._path, number)
        try:
            make_private(target.parent)
            copy_open(connection, target)
        except (OSError, sqlite3.Error, StoreError) as error:
            return f"What it held could not be saved ({error})."
        return f"What it held is in {target}."


def rescued(store: Path) -> list[Path]:
    """The copies that were saved of a store whose file went away; `signalbox restore` takes them like snapshots."""
    return sorted(store.parent.glob(f"{store.name}.rescued-*[0-9]"))


def _rescued(store: Path, number: int) -> Path:
    return store.with_name(f"{store.name}.rescued-{number}")
