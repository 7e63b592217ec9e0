"""The audit in a file, without the store: in one that a bot uses, in a snapshot, or as JSON lines."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from bot.adapters.sqlite.connection import in_words
from bot.domain.audit.chain import Link, from_line
from bot.errors import StoreError

_SQLITE = b"SQLite format 3\x00"
"""How each database begins: https://www.sqlite.org/fileformat.html#the_database_header"""


def read_links(path: Path) -> Iterator[Link]:
    """Oldest first. Raises `StoreError` for a file that cannot be read; what is wrong with an entry is no error."""
    with in_words(f"The file {path}"):
        with path.open("rb") as file:
            database = file.read(len(_SQLITE)) == _SQLITE
        yield from _from_database(path) if database else _from_lines(path)


def _from_database(path: Path) -> Iterator[Link]:
    with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)) as db:
        if db.execute("SELECT 1 FROM sqlite_schema WHERE name = 'audit'").fetchone() is None:
            raise StoreError(f"{path} has no audit: a version before it has written this store.")
        for number, content, own_hash in db.execute("SELECT number, content, hash FROM audit ORDER BY number"):
            link = Link(str(content), str(own_hash))
            yield link if _numbered(link) == number else Link("", "")


def _numbered(link: Link) -> int | None:
    """The number in the content, which the row's must be."""
    try:
        return link.number
    except (ValueError, TypeError, KeyError):
        return None


def _from_lines(path: Path) -> Iterator[Link]:
    with path.open(encoding="utf-8", errors="replace") as file:
        for line in file:
            try:
                yield from_line(line)
            except ValueError:
                yield Link("", "")
