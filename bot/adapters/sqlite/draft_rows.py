"""Sweeps that are shown and not confirmed yet, inside a transaction of the caller's."""

from bot.adapters.sqlite.codec import decode, encode
from bot.adapters.sqlite.connection import Connection
from bot.domain.model.sweep import Sweep


def keep(connection: Connection, sweep: Sweep) -> None:
    """In place of an earlier one of that id."""
    connection.execute(
        "INSERT OR REPLACE INTO draft VALUES (?, ?, ?)", (sweep.id, sweep.request.created_at, encode(sweep))
    )


def by_id(connection: Connection, sweep_id: str) -> Sweep | None:
    found = connection.execute("SELECT json FROM draft WHERE id = ?", (sweep_id,)).fetchone()
    draft = decode(found[0]) if found else None
    return draft if isinstance(draft, Sweep) else None


def of_asker(connection: Connection, asker_id: int) -> list[Sweep]:
    """Newest first. Drafts are few: each is dropped a few hours after it was made."""
    rows = connection.execute("SELECT json FROM draft ORDER BY made_at DESC").fetchall()
    drafts = [decode(text) for (text,) in rows]
    return [draft for draft in drafts if isinstance(draft, Sweep) and draft.request.asker_id == asker_id]


def drop(connection: Connection, sweep_id: str) -> None:
    connection.execute("DELETE FROM draft WHERE id = ?", (sweep_id,))


def drop_old(connection: Connection, before: float) -> None:
    """Those made before that time."""
    connection.execute("DELETE FROM draft WHERE made_at < ?", (before,))
