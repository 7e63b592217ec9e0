"""How far the audit has been posted to its channel: one row, and none without a channel."""

from bot.adapters.sqlite.connection import Connection
from bot.adapters.sqlite.storable_text import storable
from bot.domain.audit.channel import AuditMessage, ChannelPosition


def create_audit_channel(connection: Connection) -> None:
    connection.execute(
        """CREATE TABLE audit_channel (
            only         INTEGER PRIMARY KEY CHECK (only = 1),
            channel_id   INTEGER NOT NULL,
            posted       INTEGER NOT NULL,   -- entries up to this number are settled
            message_id   INTEGER NOT NULL,   -- the last message; 0 before the first
            until        INTEGER,            -- of the message under way, if there is one: its last entry
            nonce        TEXT NOT NULL,
            text         TEXT NOT NULL,
            attempted_at REAL
        ) STRICT"""
    )


def position(connection: Connection) -> ChannelPosition | None:
    found = connection.execute(
        "SELECT channel_id, posted, message_id, until, nonce, text, attempted_at FROM audit_channel"
    ).fetchone()
    if found is None:
        return None
    channel_id, posted, message_id, until, nonce, text, attempted_at = found
    pending = AuditMessage(until, nonce, text, attempted_at) if until is not None else None
    return ChannelPosition(channel_id, posted, message_id, pending)


def keep(connection: Connection, place: ChannelPosition | None) -> None:
    """None forgets it."""
    connection.execute("DELETE FROM audit_channel")
    if place is None:
        return
    connection.execute(
        "INSERT INTO audit_channel VALUES (1, ?, ?, ?, NULL, '', '', NULL)",
        (place.channel_id, place.posted, place.message_id),
    )
    if (message := place.pending) is not None:
        connection.execute(
            "UPDATE audit_channel SET until = ?, nonce = ?, text = ?, attempted_at = ?",
            (message.until, message.nonce, storable(message.text), message.attempted_at),
        )


def mark(connection: Connection) -> None:
    """In a store made of a snapshot: the message under way may have been sent since, so it is looked for."""
    connection.execute("UPDATE audit_channel SET attempted_at = coalesce(attempted_at, 0) WHERE until IS NOT NULL")
