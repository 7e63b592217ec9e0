"""The step of the version that adds to the ledger what a report on costs shows, and the reading of it."""

from collections.abc import Collection
from dataclasses import fields

from bot.adapters.sqlite.connection import Connection
from bot.adapters.sqlite.storable_text import storable
from bot.domain.model.rows import Posted
from bot.domain.model.sweep import Sweep
from bot.domain.money.quote import Terms
from bot.domain.spending.charge import Charge
from bot.domain.spending.ledger import Spending

_COLUMNS = {
    "asker_name": "TEXT",  # NULL: an earlier version wrote the entry, and `ledger_rows.fill` completes it
    "started_at": "REAL",
    "outcome": "TEXT NOT NULL DEFAULT ''",
    "runs": "INTEGER NOT NULL DEFAULT 1",
    "machine": "TEXT NOT NULL DEFAULT ''",
    "terms": "TEXT NOT NULL DEFAULT ''",
    "lost_seconds": "REAL NOT NULL DEFAULT 0",
    "lost_machines": "INTEGER NOT NULL DEFAULT 0",
    "lost_usd": "REAL",
    "spot_saved_usd": "REAL",
    "early_saved_usd": "REAL",
}
_NAMES = {"seconds": "spent_seconds", "asker_name": "coalesce(asker_name, '')"}
"""Columns that are not named as the fields of an entry."""
_SELECTED = ", ".join(_NAMES.get(field.name, field.name) for field in fields(Charge))


def add_cost_columns(connection: Connection) -> None:
    for name, kind in _COLUMNS.items():
        connection.execute(f"ALTER TABLE ledger ADD COLUMN {name} {kind}")
    connection.execute("CREATE INDEX ledger_by_time ON ledger (counted_at, id)")


def keep(connection: Connection, row: Posted, known: Spending) -> None:
    """Bring these columns of the row's entry up to date."""
    execution, quote = row.execution, row.run.quote
    named = quote is not None and quote.terms is not Terms.FIXED
    values = (
        storable(row.request.asker_name),
        execution.started_at,
        execution.reason or execution.state.lower(),
        row.plan.runs if isinstance(row, Sweep) else 1,
        (quote.usual_machine or quote.machine) if quote is not None and named else "",
        quote.terms if quote is not None and named else "",
        known.lost.seconds,
        known.lost.machines,
        known.lost_usd,
        known.spot_saved_usd,
        known.early_saved_usd,
    )
    named_columns = ", ".join(f"{name} = ?" for name in _COLUMNS)
    connection.execute(f"UPDATE ledger SET {named_columns} WHERE id = ?", (*values, row.id))  # noqa: S608  names of ours


def charges(
    connection: Connection,
    start: float,
    end: float,
    projects: Collection[str] | None,
    after: tuple[float, str],
    limit: int,
) -> list[Charge]:
    """Those that count from `start` to before `end`, in the order of that time and of the id, behind `after`."""
    where, values = "counted_at >= ? AND counted_at < ? AND (counted_at, id) > (?, ?)", [start, end, *after]
    if projects is not None:
        where += f" AND project IN ({', '.join('?' * len(projects))})"
    found = connection.execute(
        f"SELECT {_SELECTED} FROM ledger WHERE {where} ORDER BY counted_at, id LIMIT ?",  # noqa: S608  names of ours
        (*values, *(sorted(projects) if projects is not None else ()), limit),
    )
    return [_charge(*row) for row in found]


def projects(connection: Connection) -> list[str]:
    """Of all entries, also such as the config no longer has."""
    return [name for (name,) in connection.execute("SELECT DISTINCT project FROM ledger ORDER BY project")]


def _charge(*row: object) -> Charge:
    values = dict(zip((field.name for field in fields(Charge)), row, strict=True))
    return Charge(**{**values, "live": bool(values["live"])})  # type: ignore[arg-type]
