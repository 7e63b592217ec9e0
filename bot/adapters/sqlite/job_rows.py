"""Jobs, inside a transaction of the caller's."""

from collections.abc import Sequence
from sqlite3 import Connection

from bot.adapters.sqlite import outbox_rows
from bot.adapters.sqlite.codec import decode, encode
from bot.domain.model.job import Job
from bot.domain.posts import Change, NewPost
from bot.errors import StoreError
from bot.ports.store import Step


def add(connection: Connection, job: Job, posts: Sequence[NewPost], at: float) -> Job:
    """The job of that interaction: this one, unless there is one already."""
    existing = _one(connection, "interaction_id = ?", job.interaction_id)
    if existing is not None:
        return existing
    if by_id(connection, job.id) is not None:
        raise StoreError(f'The job id "{job.id}" is taken. Give the command again.')
    _insert(connection, job, job.interaction_id, None)
    outbox_rows.add(connection, posts, at, since=_told_since(job))
    return job


def add_part(connection: Connection, sweep_id: str, part: Job) -> None:
    """Does nothing where its id is there. In the column its interaction is the next number below 0: it has none."""
    if by_id(connection, part.id) is None:
        (lowest,) = connection.execute("SELECT min(0, min(interaction_id)) FROM job").fetchone()
        _insert(connection, part, lowest - 1, sweep_id)


def change(connection: Connection, job_id: str, step: Step, at: float) -> Job:
    """The job after the step; KeyError if unknown."""
    job = known(connection, job_id)
    return save(connection, job, step(job), at)


def known(connection: Connection, job_id: str) -> Job:
    """KeyError if unknown."""
    job = by_id(connection, job_id)
    if job is None:
        raise KeyError(job_id)
    return job


def save(connection: Connection, job: Job, changed: Change | None, at: float) -> Job:
    """Writes what has changed of the job as it was loaded, and adds the posts."""
    if changed is None:
        return job
    if changed.job != job:
        connection.execute(
            "UPDATE job SET batch_id = ?, live = ?, open = ?, log_posted = ?, json = ? WHERE id = ?",
            (*_columns(changed.job), job.id),
        )
    outbox_rows.add(connection, changed.posts, at, since=_told_since(changed.job))
    return changed.job


def by_id(connection: Connection, job_id: str) -> Job | None:
    return _one(connection, "id = ?", job_id)


def by_engine_id(connection: Connection, engine_id: str) -> Job | None:
    return _one(connection, "batch_id = ?", engine_id)


def newest(connection: Connection, where: dict[str, str | int], *, live: bool | None, limit: int) -> list[Job]:
    """Newest first, without parts. `where` maps columns to the value that they must have."""
    terms = ["part_of IS NULL", *(f"{column} = ?" for column in where)]
    index = "" if where else "INDEXED BY job_whole"
    if live is True:
        index, terms = "INDEXED BY job_open", ["open", "live", *terms]  # what lives is open, and few are
    elif live is False:
        terms.append("NOT live")
    condition = " AND ".join(terms)
    return _many(connection, f"{index} WHERE {condition} ORDER BY number DESC LIMIT ?", *where.values(), limit)


def parts(connection: Connection, sweep_id: str) -> list[Job]:
    return _many(connection, "WHERE part_of = ? ORDER BY number", sweep_id)


def open_jobs(connection: Connection) -> list[Job]:
    return _many(connection, "WHERE open ORDER BY number")


def behind(connection: Connection) -> list[Job]:
    return _many(
        connection,
        """WHERE log_total > log_posted AND NOT EXISTS
            (SELECT 1 FROM post WHERE job_id = job.id AND lane = 'thread' AND done_at IS NULL)
        ORDER BY number""",
    )


def with_old_logs(connection: Connection, archived_before: float) -> list[Job]:
    return _many(
        connection,
        "WHERE log_total AND NOT open AND json_extract(json, '$.archived_at') < ? ORDER BY number LIMIT 100",
        archived_before,
    )


def _insert(connection: Connection, job: Job, interaction_id: int, part_of: str | None) -> None:
    connection.execute(
        """INSERT INTO job
        (id, interaction_id, part_of, project, channel_id, asker_id, batch_id, live, open, log_posted, json)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)""",
        (job.id, interaction_id, part_of, job.project, job.channel_id, job.asker_id, *_columns(job)),
    )


def _told_since(job: Job) -> float | None:
    """Of a job that was found again: what is to be told of it may have been told, so it is looked for first."""
    return None if job.found_at is None else job.created_at


def _needs_something(job: Job) -> bool:
    """A job that is live, not told, not archived, or whose card is older than it is."""
    old_card = bool(job.message_id) and job.shown_revision < job.revision
    return job.live or job.told_at is None or job.archived_at is None or old_card


def _columns(job: Job) -> tuple[str | None, bool, bool, int, str]:
    """What may change: `batch_id`, `live`, `open`, `log_posted`, `json`."""
    return job.engine_id, job.live, _needs_something(job), job.log_posted, encode(job)


def _one(connection: Connection, condition: str, value: str | int) -> Job | None:
    found = _many(connection, f"WHERE {condition}", value)
    return found[0] if found else None


def _many(connection: Connection, rest: str, *values: str | float) -> list[Job]:
    query = f"SELECT json FROM job {rest}"  # noqa: S608 (`rest` is written above, never by a person)
    return [decode(text) for (text,) in connection.execute(query, values)]
