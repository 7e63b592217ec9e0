"""The lines of the jobs' logs, inside a transaction of the caller's."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import replace

from bot.adapters.sqlite import job_rows
from bot.adapters.sqlite.connection import Connection
from bot.adapters.sqlite.lines.line_cap import extent, size, trim
from bot.adapters.sqlite.lines.line_tables import ROW_BYTES
from bot.adapters.sqlite.storable_text import storable
from bot.domain.logs.log_lines import LogEvent
from bot.domain.model.job import Job
from bot.ports.store import LogLines, LogStep

AT_ONCE = 2 * 1024 * 1024
"""Characters in one answer. CloudWatch takes events of up to 1 MB:
https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/cloudwatch_limits_cwl.html"""
ROWS = 500
"""Rows in one statement. Each statement lets other threads run once; one for each row would wait for them each time."""
_LINES = """SELECT event_id, log_stream.name, timestamp, message FROM log_line
    JOIN log_stream ON log_stream.id = stream_id WHERE log_line.id >= ? AND log_line.id < ? ORDER BY log_line.id"""


def append(
    connection: Connection, job_id: str, events: Sequence[LogEvent], step: LogStep, at: float, most_bytes: int
) -> int:
    """The number of events that were new; KeyError if the job is unknown. The job keeps at most `most_bytes`."""
    job = job_rows.known(connection, job_id)
    if not isinstance(job, Job):
        raise KeyError(job_id)
    new = _new(connection, job_id, events)
    if new:
        _insert(connection, job_id, new)
        trim(connection, job_id, most_bytes)
        connection.written.lines += len(new)
        job_rows.save(connection, job, step(job, new), at)
    return len(new)


def lines(connection: Connection, job_id: str, first: int, limit: int) -> LogLines:
    """A negative `first` counts from the end. An unknown job has no lines.

    Beyond `AT_ONCE` characters there are fewer of them: the last ones if the end was asked for, else the first ones.
    """
    now = extent(connection, job_id)
    begin = now.begin(max(0, now.total + first) if first < 0 else first)
    until = min(now.end(begin, begin + limit), now.total)
    from_end = first < 0 and until == now.total
    rows = connection.execute(_LINES + " DESC" * from_end, (now.id(begin), now.id(until)))
    events = _up_to(AT_ONCE, (LogEvent(*row) for row in rows))
    if from_end:
        begin = max(begin, until - len(events))
        events.reverse()
    return LogLines(begin, now.total, tuple(events), now.tail - now.head, now.bytes)


def _up_to(most: int, events: Iterable[LogEvent]) -> list[LogEvent]:
    """The first of them, up to `most` characters together, and at least one."""
    found, characters = list[LogEvent](), 0
    for event in events:
        characters += len(event.message)
        if found and characters > most:
            break
        found.append(event)
    return found


def since(connection: Connection, job_id: str) -> dict[str, int]:
    return dict(connection.execute("SELECT name, newest FROM log_stream WHERE job_id = ?", (job_id,)))


def drop(connection: Connection, job_id: str) -> None:
    now = extent(connection, job_id)
    connection.execute("DELETE FROM log_line WHERE id >= ? AND id < ?", (now.id(0), now.id(now.total)))
    connection.execute("DELETE FROM log_stream WHERE job_id = ?", (job_id,))
    connection.execute(
        "UPDATE job SET log_total = 0, log_stored = 0, log_bytes = 0, log_head = 0, log_tail = 0 WHERE id = ?",
        (job_id,),
    )


def _new(connection: Connection, job_id: str, events: Iterable[LogEvent]) -> list[LogEvent]:
    """Those that were not read before, each once, in their order."""
    by_id: dict[str, LogEvent] = {}
    for event in events:
        by_id.setdefault(event.id, event)
    now = extent(connection, job_id)
    stored = connection.execute(
        "SELECT event_id FROM log_line WHERE job = ? AND event_id IN (SELECT value FROM json_each(?))",
        (now.job, json.dumps(list(by_id))),
    )
    for (event_id,) in stored:
        del by_id[event_id]
    until = _dropped_until(connection, job_id) if now.tail else {}
    return [_storable(event) for event in by_id.values() if event.timestamp > until.get(event.stream, -1)]


def _dropped_until(connection: Connection, job_id: str) -> dict[str, int]:
    return dict(connection.execute("SELECT name, dropped_until FROM log_stream WHERE job_id = ?", (job_id,)))


def _storable(event: LogEvent) -> LogEvent:
    message = storable(event.message)
    return event if message is event.message else replace(event, message=message)


def _insert(connection: Connection, job_id: str, events: Sequence[LogEvent]) -> None:
    now = extent(connection, job_id)
    streams = _streams(connection, job_id, events)
    for start in range(0, len(events), ROWS):
        values: list[str | int] = []
        for row_id, event in enumerate(events[start : start + ROWS], now.id(now.total + start)):
            values += (row_id, now.job, event.id, streams[event.stream], event.timestamp, event.message)
        rows = ", ".join(["(?, ?, ?, ?, ?, ?)"] * (len(values) // 6))
        connection.execute(f"INSERT INTO log_line VALUES {rows}", values)  # noqa: S608 (question marks alone)
    written = size([event.message for event in events])
    connection.execute(
        """UPDATE job SET log_total = log_total + ?, log_bytes = log_bytes + ?, log_stored = log_stored + ?
        WHERE id = ?""",
        (len(events), written, written + ROW_BYTES * len(events), job_id),
    )


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
