"""The ledger's entries, inside a transaction of the caller's."""

import structlog

from bot.adapters.sqlite.codec import decode
from bot.adapters.sqlite.connection import Connection, transaction
from bot.adapters.sqlite.ledger import cost_columns
from bot.domain.model.rows import Posted
from bot.domain.money.caps import Sums
from bot.domain.spending.ledger import spending
from bot.errors import StoreError

log = structlog.get_logger()

MARK_SECONDS = 60.0
"""The latest time is kept to a minute: one more page in every commit would buy nothing."""


def follow(connection: Connection, at: float) -> None:
    """Bring the entries of what the transaction under way has written up to date."""
    latest = mark_time(connection, at)
    newest = {after.id: (before is None, after) for before, after in connection.written.rows}
    for new, row in newest.values():
        if isinstance(row, Posted):
            put(connection, row, _counted_at(row, latest) if new else None)


def mark_time(connection: Connection, at: float) -> float:
    """The latest time that the store has seen, this one among them."""
    latest = latest_time(connection, at)
    if at >= _stored_time(connection) + MARK_SECONDS:
        connection.execute("UPDATE latest_time SET at = ?", (at,))
    return latest


def latest_time(connection: Connection, at: float) -> float:
    """The latest time that the store has seen, `at` among them."""
    return max(_stored_time(connection), at)


def _stored_time(connection: Connection) -> float:
    (latest,) = connection.execute("SELECT at FROM latest_time").fetchone()
    return float(latest)


def put(connection: Connection, row: Posted, counted_at: float | None) -> None:
    """Write the entry of this row; `counted_at` is None for one that has an entry."""
    known, request, execution = spending(row), row.request, row.execution
    changing = (
        execution.ended_at if not execution.live else None,
        execution.live,
        known.places,
        known.seconds,
        known.saved_seconds,
        known.machines,
        known.spent_usd,
        known.reserved_usd,
    )
    if counted_at is None:
        connection.execute(
            """UPDATE ledger SET ended_at = ?, live = ?, places = ?, spent_seconds = ?, saved_seconds = ?,
            machines = ?, spent_usd = ?, reserved_usd = ? WHERE id = ?""",
            (*changing, row.id),
        )
    else:
        whose = type(row).__name__.lower(), row.run.project, request.asker_id, request.channel_id
        connection.execute(
            """INSERT INTO ledger (id, kind, project, asker_id, channel_id, created_at, counted_at, ended_at, live,
            places, spent_seconds, saved_seconds, machines, spent_usd, reserved_usd)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)""",
            (row.id, *whose, request.created_at, counted_at, *changing),
        )
    cost_columns.keep(connection, row, known)


def fill(connection: Connection) -> None:
    """Write the entries that are missing or incomplete, of a store that an earlier version wrote. A row that cannot be
    read has none: whoever needs it is told what to do."""
    missing = connection.execute(
        """SELECT job.json, ledger.id IS NULL FROM job LEFT JOIN ledger ON ledger.id = job.id
        WHERE sweep_id IS NULL AND asker_name IS NULL"""
    ).fetchall()
    if not missing:
        return
    with transaction(connection):
        for text, new in missing:
            try:
                row = decode(text)
            except StoreError as error:
                log.warning("a job is not in the ledger", error=str(error))
                continue
            if isinstance(row, Posted):
                put(connection, row, row.request.created_at if new else None)


def sums(connection: Connection, where: str, values: tuple[str | float, ...]) -> Sums:
    """Of the entries for which the condition holds. One whose price is not known adds to the live ones alone."""
    spent, reserved, live = connection.execute(
        f"""SELECT coalesce(sum(spent_usd), 0.0), coalesce(sum(reserved_usd), 0.0), coalesce(sum(places * live), 0)
        FROM ledger WHERE {where}""",  # noqa: S608 (`where` is written in `admission.py`, never by a person)
        values,
    ).fetchone()
    return Sums(spent, reserved, live)


def _counted_at(row: Posted, latest: float) -> float:
    """A job that was found again counts when it was asked for."""
    created_at = row.request.created_at
    return created_at if row.publication.recovered_at is not None else max(created_at, latest)
