"""Jobs, sweeps and submissions, inside a transaction of the caller's."""

from collections.abc import Collection, Sequence
from typing import TypeVar, cast

from bot.adapters.sqlite import outbox_rows
from bot.adapters.sqlite.codec import decode, encode
from bot.adapters.sqlite.connection import Connection
from bot.domain.model.job import Job
from bot.domain.model.request import Request
from bot.domain.model.rows import AnyRow, Posted, Row, Submitted, counted
from bot.domain.model.submission import Submission
from bot.domain.posts import Change, NewPost, first_posts
from bot.errors import StoreError
from bot.ports.store import Step

AnyPosted = TypeVar("AnyPosted", bound=Posted)


def add(connection: Connection, posted: AnyPosted, posts: Sequence[NewPost], at: float) -> AnyPosted:
    """Insert a job or a sweep, and return it; the one of the same interaction if there is one already."""
    existing = _one(connection, "interaction_id = ?", posted.request.interaction_id)
    if existing is not None:
        return cast("AnyPosted", existing)
    if by_id(connection, posted.id) is not None:
        raise StoreError(f'The job id "{posted.id}" is taken. Give the command again.')
    _insert(connection, posted, posted.request, posted.request.interaction_id, None)
    outbox_rows.add(connection, posts, at, since=_maybe_sent_since(posted))
    connection.written.rows.append((None, posted))
    return posted


def add_submission(connection: Connection, request: Request, submission: Submission) -> None:
    """Insert a submission unless it exists. `request` is its sweep's.

    It has no interaction, and the column must be unique, so it gets a negative number.
    """
    if by_id(connection, submission.id) is None:
        (lowest,) = connection.execute("SELECT min(0, min(interaction_id)) FROM job").fetchone()
        _insert(connection, submission, request, lowest - 1, submission.sweep_id)
        connection.written.rows.append((None, submission))


def change(connection: Connection, row_id: str, step: Step[AnyRow], at: float) -> AnyRow:
    """The row after the step; KeyError if unknown."""
    row = cast("AnyRow", known(connection, row_id))
    return save(connection, row, step(row), at)


def known(connection: Connection, row_id: str) -> Row:
    """KeyError if unknown."""
    row = by_id(connection, row_id)
    if row is None:
        raise KeyError(row_id)
    return row


def save(connection: Connection, before: AnyRow, changed: Change | None, at: float) -> AnyRow:
    """Write what has changed since the row was loaded, count its card's revision, and add the posts."""
    if changed is None:
        return before
    if type(changed.row) is not type(before):
        raise TypeError(f"{before.id} is a {type(before).__name__}, not a {type(changed.row).__name__}")
    after = counted(before, cast("AnyRow", _started(connection, changed, at)))
    if after != before:
        connection.execute(
            "UPDATE job SET engine_id = ?, live = ?, open = ?, lines_posted = ?, json = ? WHERE id = ?",
            (*_columns(after), before.id),
        )
    outbox_rows.add(connection, changed.posts, at, since=_maybe_sent_since(after))
    connection.written.rows.append((before, after))
    return after


def _started(connection: Connection, changed: Change, at: float) -> Row:
    """The row, which names the job that begins in its place, if one does."""
    if changed.starts is None or not isinstance(changed.row, Job):
        return changed.row
    return changed.row.retried_as(add(connection, changed.starts, first_posts(changed.starts.id), at).id)


def by_id(connection: Connection, row_id: str) -> Row | None:
    return _one(connection, "id = ?", row_id)


def posted(connection: Connection, row_id: str) -> Posted | None:
    row = by_id(connection, row_id)
    return None if isinstance(row, Submission) else row


def submitted(connection: Connection, row_id: str) -> Submitted | None:
    return _submitted(by_id(connection, row_id))


def by_engine_id(connection: Connection, engine_id: str) -> Submitted | None:
    return _submitted(_one(connection, "engine_id = ?", engine_id))


def newest(
    connection: Connection,
    where: dict[str, str | int],
    projects: Collection[str] | None = None,
    *,
    live: bool | None,
    limit: int,
) -> list[Posted]:
    """Newest first, without submissions. `where` maps columns to the value that they must have."""
    if projects is not None and not projects:
        return []
    terms = ["sweep_id IS NULL", *(f"{column} = ?" for column in where)]
    index = "" if where or projects is not None else "INDEXED BY job_posted"
    if live is True:
        index, terms = "INDEXED BY job_open", ["open", "live", *terms]  # what lives is open, and few are
    elif live is False:
        terms.append("NOT live")
    condition, values = " AND ".join(terms), list(where.values())
    if projects is not None and live is True:
        condition, values = f"{condition} AND project IN ({_marks(projects)})", [*values, *projects]
    elif projects is not None:
        condition, values = _newest_of_each(condition, values, projects, limit)
    rows = _many(connection, f"{index} WHERE {condition} ORDER BY number DESC LIMIT ?", *values, limit)
    return [row for row in rows if isinstance(row, Posted)]


def _newest_of_each(
    condition: str, values: list[str | int], projects: Collection[str], limit: int
) -> tuple[str, list[str | int]]:
    """A condition that visits only the newest of each project, however many others there are."""
    one = f"SELECT number FROM job WHERE project = ? AND {condition} ORDER BY number DESC LIMIT ?"  # noqa: S608 as below
    each = " UNION ALL ".join([f"SELECT number FROM ({one})"] * len(projects))  # noqa: S608
    return f"number IN ({each})", [value for project in projects for value in (project, *values, limit)]


def _marks(values: Collection[str]) -> str:
    return ", ".join("?" * len(values))


def submissions(connection: Connection, sweep_id: str) -> list[Submission]:
    rows = _many(connection, "WHERE sweep_id = ? ORDER BY number", sweep_id)
    return [row for row in rows if isinstance(row, Submission)]


def unfinished(connection: Connection) -> list[Row]:
    return _many(connection, "WHERE open ORDER BY number")


def behind(connection: Connection) -> list[Job]:
    rows = _many(
        connection,
        """WHERE log_total > lines_posted AND NOT EXISTS
            (SELECT 1 FROM post WHERE job_id = job.id AND lane = 'thread' AND done_at IS NULL)
        ORDER BY number""",
    )
    return [row for row in rows if isinstance(row, Job)]


def with_old_logs(connection: Connection, archived_before: float) -> list[Job]:
    rows = _many(
        connection,
        """WHERE log_total AND NOT open AND json_extract(json, '$.publication.archived_at') < ?
        ORDER BY number LIMIT 100""",
        archived_before,
    )
    return [row for row in rows if isinstance(row, Job)]


def _submitted(row: Row | None) -> Submitted | None:
    return row if isinstance(row, Submitted) else None


def _insert(connection: Connection, row: Row, request: Request, interaction_id: int, sweep_id: str | None) -> None:
    whose = row.run.project, request.channel_id, request.asker_id
    connection.execute(
        """INSERT INTO job
        (id, interaction_id, sweep_id, project, channel_id, asker_id, engine_id, live, open, lines_posted, json)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)""",
        (row.id, interaction_id, sweep_id, *whose, *_columns(row)),
    )


def _maybe_sent_since(row: Row) -> float | None:
    """Of a row that was found again: its messages may have been sent, so the chat is searched first."""
    if isinstance(row, Submission):
        return None if row.recovered_at is None else row.created_at
    return None if row.publication.recovered_at is None else row.request.created_at


def _columns(row: Row) -> tuple[str | None, bool, bool, int, str]:
    """What may change: `engine_id`, `live`, `open`, `lines_posted`, `json`."""
    engine_id = row.execution.engine_id if isinstance(row, Submitted) else None
    posted = row.publication.lines_posted if isinstance(row, Posted) else 0
    return engine_id, row.execution.live, row.open, posted, encode(row)


def _one(connection: Connection, condition: str, value: str | int) -> Row | None:
    found = _many(connection, f"WHERE {condition}", value)
    return found[0] if found else None


def _many(connection: Connection, rest: str, *values: str | float) -> list[Row]:
    query = f"SELECT json FROM job {rest}"  # noqa: S608 (`rest` is written above, never by a person)
    return [decode(text) for (text,) in connection.execute(query, values)]
