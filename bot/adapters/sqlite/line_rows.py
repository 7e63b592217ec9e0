"""The lines of the jobs' logs, inside a transaction of the caller's."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import replace
from sqlite3 import Connection

from bot.adapters.sqlite import job_rows
from bot.adapters.sqlite.storable_text import storable
from bot.domain.logs.log_lines import LogEvent
from bot.ports.store import LogLines, LogStep

ROWS = 500
"""Rows in one statement. Each statement lets other threads run once; one for each row would wait for them each time."""


def append(connection: Connection, job_id: str, events: Sequence[LogEvent], step: LogStep, at: float) -> int:
    """The number of events that were new; KeyError if the job is unknown."""
    job = job_rows.known(connection, job_id)
    new = _new(connection, job_id, events)
    if new:
        _insert(connection, job_id, new)
        job_rows.save(connection, job, step(job, new), at)
    return len(new)


def lines(connection: Connection, job_id: str, first: int, limit: int) -> LogLines:
    """A negative `first` counts from the end. An unknown job has no lines."""
    total = _total(connection, job_id)
    begin = max(0, total + first) if first < 0 else first
    rows = connection.execute(
        """SELECT event_id, log_stream.name, timestamp, message FROM log_event
        JOIN log_stream ON log_stream.id = stream_id
        WHERE log_event.job_id = ? AND number >= ? AND number < ? ORDER BY number""",
        (job_id, begin, begin + limit),
    )
    return LogLines(begin, total, tuple(LogEvent(*row) for row in rows))


def since(connection: Connection, job_id: str) -> dict[str, int]:
    return dict(connection.execute("SELECT name, newest FROM log_stream WHERE job_id = ?", (job_id,)))


def drop(connection: Connection, job_id: str) -> None:
    connection.execute("DELETE FROM log_event WHERE job_id = ?", (job_id,))
    connection.execute("DELETE FROM log_stream WHERE job_id = ?", (job_id,))
    connection.execute("UPDATE job SET log_total = 0 WHERE id = ?", (job_id,))


def _new(connection: Connection, job_id: str, events: Iterable[LogEvent]) -> list[LogEvent]:
    """Those that are not stored, each once, in their order."""
    by_id: dict[str, LogEvent] = {}
    for event in events:
        by_id.setdefault(event.id, event)
    stored = connection.execute(
        "SELECT event_id FROM log_event WHERE job_id = ? AND event_id IN (SELECT value FROM json_each(?))",
        (job_id, json.dumps(list(by_id))),
    )
    for (event_id,) in stored:
        del by_id[event_id]
    return [_storable(event) for event in by_id.values()]


def _storable(event: LogEvent) -> LogEvent:
    message = storable(event.message)
    return event if message is event.message else replace(event, message=message)


def _insert(connection: Connection, job_id: str, events: Sequence[LogEvent]) -> None:
    total = _total(connection, job_id)
    streams = _streams(connection, job_id, events)
    for start in range(0, len(events), ROWS):
        values: list[str | int] = []
        for number, event in enumerate(events[start : start + ROWS], total + start):
            values += (job_id, number, event.id, streams[event.stream], event.timestamp, event.message)
        rows = ", ".join(["(?, ?, ?, ?, ?, ?)"] * (len(values) // 6))
        connection.execute(f"INSERT INTO log_event VALUES {rows}", values)  # noqa: S608 (question marks alone)
    connection.execute("UPDATE job SET log_total = ? WHERE id = ?", (total + len(events), job_id))


def _streams(connection: Connection, job_id: str, events: Iterable[LogEvent]) -> dict[str, int]:
    """Stream names → their numbers here; the newest timestamp of each is kept with it."""
    newest: dict[str, int] = {}
    for event in events:
        newest[event.stream] = max(newest.get(event.stream, 0), event.timestamp)
    return {
        name: connection.execute(
            """INSERT INTO log_stream (job_id, name, newest) VALUES (?, ?, ?)
            ON CONFLICT (job_id, name) DO UPDATE SET newest = max(newest, excluded.newest) RETURNING id""",
            (job_id, name, timestamp),
        ).fetchall()[0][0]
        for name, timestamp in newest.items()
    }


def _total(connection: Connection, job_id: str) -> int:
    row = connection.execute("SELECT log_total FROM job WHERE id = ?", (job_id,)).fetchone()
    return int(row[0]) if row else 0
