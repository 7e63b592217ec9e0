"""Whether the ledger says of each job and sweep what its row says: nothing leaks, and nothing is free."""

from collections.abc import Iterator

from bot.adapters.sqlite.codec import decode
from bot.adapters.sqlite.connection import Connection
from bot.domain.model.rows import Posted
from bot.domain.spending.ledger import spending


def wrong(connection: Connection) -> list[str]:
    """Each entry that is missing, or differs from what its row would make of it."""
    return list(_wrong(connection))


def _wrong(connection: Connection) -> Iterator[str]:
    rows = connection.execute(
        """SELECT job.id, job.json, ledger.live, places, spent_seconds, machines, spent_usd, reserved_usd
        FROM job LEFT JOIN ledger ON ledger.id = job.id WHERE sweep_id IS NULL"""
    )
    for row_id, text, *entry in rows:
        row = decode(text)
        assert isinstance(row, Posted)
        known = spending(row)
        usd = known.spent_usd, known.reserved_usd
        expected = [row.execution.live, known.places, known.seconds, known.machines, *usd]
        if entry != expected:
            yield f"{row_id}: {entry}, and its row says {expected}"
