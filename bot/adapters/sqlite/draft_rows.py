"""Sweeps that are shown and not confirmed yet, inside a transaction of the caller's."""

from sqlite3 import Connection

from bot.adapters.sqlite.codec import decode, encode
from bot.domain.model.job import Job


def keep(connection: Connection, job: Job) -> None:
    """In place of an earlier one of that id."""
    connection.execute("INSERT OR REPLACE INTO draft VALUES (?, ?, ?)", (job.id, job.created_at, encode(job)))


def by_id(connection: Connection, job_id: str) -> Job | None:
    found = connection.execute("SELECT json FROM draft WHERE id = ?", (job_id,)).fetchone()
    return decode(found[0]) if found else None


def drop(connection: Connection, job_id: str) -> None:
    connection.execute("DELETE FROM draft WHERE id = ?", (job_id,))


def drop_old(connection: Connection, before: float) -> None:
    """Those made before that time."""
    connection.execute("DELETE FROM draft WHERE made_at < ?", (before,))
