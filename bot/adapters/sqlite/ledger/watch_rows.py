"""Spot prices that people wait to hear of: inside a transaction of the caller's."""

import json
from dataclasses import replace
from typing import Any

from bot.adapters.sqlite.connection import Connection
from bot.adapters.sqlite.storable_text import storable
from bot.domain.money.spot_watch import SpotWatch


def create_watches(connection: Connection) -> None:
    # A number is never given twice: buttons carry it.
    connection.execute(
        """CREATE TABLE spot_watch (
            id           INTEGER PRIMARY KEY AUTOINCREMENT,
            asker_id     INTEGER NOT NULL,
            channel_id   INTEGER NOT NULL,
            asked_in     INTEGER NOT NULL,  -- the interaction
            machine      TEXT NOT NULL,
            regions      TEXT NOT NULL,     -- JSON
            below        REAL NOT NULL,
            until        REAL NOT NULL,
            text         TEXT NOT NULL,     -- of the message under way, or empty
            attempted_at REAL
        ) STRICT"""
    )


def watches(connection: Connection, asker_id: int | None) -> list[SpotWatch]:
    rows = connection.execute(
        "SELECT asker_id, channel_id, asked_in, machine, regions, below, until, id, text, attempted_at FROM spot_watch "
        "WHERE :asker IS NULL OR asker_id = :asker ORDER BY id",
        {"asker": asker_id},
    )
    return [_watch(row) for row in rows]


def add(connection: Connection, watch: SpotWatch, most: int) -> SpotWatch | None:
    """The same question asked again changes until when it waits, and adds none."""
    own = watches(connection, watch.asker_id)
    for each in own:
        if not each.text and replace(each, until=watch.until, asked_in=watch.asked_in, id=0) == watch:
            connection.execute("UPDATE spot_watch SET until = ? WHERE id = ?", (watch.until, each.id))
            return replace(each, until=watch.until)
    if len(own) >= most:
        return None
    cursor = connection.execute(
        "INSERT INTO spot_watch (asker_id, channel_id, asked_in, machine, regions, below, until, text) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (
            *(watch.asker_id, watch.channel_id, watch.asked_in, watch.machine),
            *(json.dumps(watch.regions), watch.below, watch.until, storable(watch.text)),
        ),
    )
    return replace(watch, id=int(cursor.lastrowid or 0))


def keep(connection: Connection, watch: SpotWatch) -> bool:
    """False if it is gone, which it stays, or has another end by now."""
    changed = connection.execute(
        "UPDATE spot_watch SET text = ?, attempted_at = ? WHERE id = ? AND until = ?",
        (storable(watch.text), watch.attempted_at, watch.id, watch.until),
    )
    return changed.rowcount > 0


def end(connection: Connection, watch_id: int, asker_id: int) -> bool:
    gone = connection.execute("DELETE FROM spot_watch WHERE id = ? AND asker_id = ?", (watch_id, asker_id))
    return gone.rowcount > 0


def mark(connection: Connection) -> None:
    """In a store made of a snapshot: a message under way may have been sent since, so it is looked for. What waited
    then goes on waiting, though somebody may have heard of it since."""
    connection.execute("UPDATE spot_watch SET attempted_at = coalesce(attempted_at, 0) WHERE text != ''")


def _watch(row: tuple[Any, ...]) -> SpotWatch:
    watch = SpotWatch(*row)
    return replace(watch, regions=tuple(json.loads(row[4])))
