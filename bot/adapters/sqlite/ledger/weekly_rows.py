"""How far each week's costs have been posted: a row for each channel."""

import datetime as dt

from bot.adapters.sqlite.connection import Connection
from bot.adapters.sqlite.storable_text import storable
from bot.domain.money.weekly import WeeklyMessage, WeeklyPosition


def create_weekly(connection: Connection) -> None:
    connection.execute(
        """CREATE TABLE weekly (
            channel_id    INTEGER PRIMARY KEY,
            until         TEXT NOT NULL,     -- days before this one are settled
            message_id    INTEGER NOT NULL,  -- the last message; 0 before the first
            pending_until TEXT,              -- of the message under way, if there is one
            nonce         TEXT NOT NULL,
            text          TEXT NOT NULL,
            attempted_at  REAL
        ) STRICT"""
    )


def position(connection: Connection, channel_id: int) -> WeeklyPosition | None:
    found = connection.execute(
        "SELECT until, message_id, pending_until, nonce, text, attempted_at FROM weekly WHERE channel_id = ?",
        (channel_id,),
    ).fetchone()
    if found is None:
        return None
    until, message_id, pending_until, nonce, text, attempted_at = found
    pending = None
    if pending_until is not None:
        pending = WeeklyMessage(dt.date.fromisoformat(pending_until), nonce, text, attempted_at)
    return WeeklyPosition(channel_id, dt.date.fromisoformat(until), message_id, pending)


def keep(connection: Connection, place: WeeklyPosition) -> None:
    pending = place.pending
    message: tuple[str | None, str, str, float | None] = (None, "", "", None)
    if pending is not None:
        message = (pending.until.isoformat(), pending.nonce, storable(pending.text), pending.attempted_at)
    connection.execute(
        "INSERT OR REPLACE INTO weekly VALUES (?, ?, ?, ?, ?, ?, ?)",
        (place.channel_id, place.until.isoformat(), place.message_id, *message),
    )


def mark(connection: Connection) -> None:
    """In a store made of a snapshot: the message under way may have been sent since, so it is looked for."""
    connection.execute("UPDATE weekly SET attempted_at = coalesce(attempted_at, 0) WHERE pending_until IS NOT NULL")
