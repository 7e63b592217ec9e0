"""The cap on what a job's log takes of the store: beyond it, its beginning and end are kept, the rest is counted."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from bot.adapters.sqlite.connection import Connection
from bot.adapters.sqlite.lines.line_tables import ROW_BYTES

SLACK = 16
"""Dropping makes room for one part in this many at once: not for each line that comes."""


@dataclass(frozen=True, slots=True)
class Extent:
    """What is stored of a job's log. Lines from `head` up to `tail` are dropped; both are 0 while the log is whole."""

    job: int
    total: int
    stored: int
    bytes: int
    head: int
    tail: int

    def id(self, number: int) -> int:
        """The rowid of a line."""
        return (self.job << 32) + number

    def begin(self, number: int) -> int:
        """The first number from this one on that is stored, or will be."""
        return self.tail if self.head <= number < self.tail else number

    def end(self, begin: int, number: int) -> int:
        """At most `number`, and so that nothing from `begin` to it is dropped."""
        return min(number, self.head) if begin < self.head < self.tail else number


def extent(connection: Connection, job_id: str) -> Extent:
    """Of an unknown job: nothing."""
    row = connection.execute(
        "SELECT number, log_total, log_stored, log_bytes, log_head, log_tail FROM job WHERE id = ?", (job_id,)
    ).fetchone()
    return Extent(*row) if row else Extent(0, 0, 0, 0, 0, 0)


def size(messages: Sequence[str]) -> int:
    return sum(len(message) if message.isascii() else len(message.encode()) for message in messages)


def trim(connection: Connection, job_id: str, most_bytes: int) -> None:
    """Drop lines from the middle, the oldest first, until the rest fits."""
    now = extent(connection, job_id)
    if now.stored <= most_bytes:
        return
    head = now.head if now.tail else _fitting(connection, now, most_bytes // 2)
    tail, stored = max(now.tail, head), now.stored
    dropped: dict[int, int] = {}
    for number, stream, timestamp, length in _rows(connection, now, tail):
        if stored <= most_bytes - most_bytes // SLACK or number >= now.total - 1:
            break
        tail, stored = number + 1, stored - length
        dropped[stream] = max(dropped.get(stream, -1), timestamp)
    connection.execute("DELETE FROM log_line WHERE id >= ? AND id < ?", (now.id(max(now.tail, head)), now.id(tail)))
    for stream, timestamp in dropped.items():
        connection.execute(
            "UPDATE log_stream SET dropped_until = max(dropped_until, ?) WHERE id = ?", (timestamp, stream)
        )
    connection.execute(
        "UPDATE job SET log_stored = ?, log_head = ?, log_tail = ? WHERE id = ?", (stored, head, tail, job_id)
    )


def _fitting(connection: Connection, now: Extent, room: int) -> int:
    """How many of the first lines fit."""
    count = 0
    for number, _, _, length in _rows(connection, now, 0):
        room -= length
        if room < 0:
            break
        count = number + 1
    return count


def _rows(connection: Connection, now: Extent, first: int) -> Iterator[tuple[int, int, int, int]]:
    """Number, stream, time and size of the lines from `first` on, as they are fetched."""
    yield from connection.execute(
        """SELECT id & 0xFFFFFFFF, stream_id, timestamp, length(CAST(message AS BLOB)) + ? FROM log_line
        WHERE id >= ? AND id < ? ORDER BY id""",
        (ROW_BYTES, now.id(first), now.id(now.total)),
    )
