"""The switch that stops all new spending, inside a transaction of the caller's."""

import json

from bot.adapters.sqlite.connection import Connection
from bot.adapters.sqlite.storable_text import storable
from bot.domain.money.pause import Pause


def current(connection: Connection) -> Pause | None:
    """The last word; None if nobody has ever paused."""
    found = connection.execute("SELECT paused, by_id, by_name, reason, at, announced FROM pause").fetchone()
    if found is None:
        return None
    paused, by_id, by_name, reason, at, announced = found
    return Pause(bool(paused), by_id, by_name, reason, at, tuple(json.loads(announced)))


def keep(connection: Connection, pause: Pause) -> bool:
    """In place of the last one, unless it says the same: then False, and the earlier one stays."""
    before = current(connection)
    if (before is not None and before.paused) is pause.paused:
        return False
    _write(connection, pause)
    return True


def announced(connection: Connection, at: float, channel_id: int) -> None:
    """Note that this channel knows of the pause of that time; nothing if another has taken its place."""
    before = current(connection)
    if before is not None and before.at == at and channel_id not in before.announced:
        connection.execute("UPDATE pause SET announced = ?", (json.dumps([*before.announced, channel_id]),))


def _write(connection: Connection, pause: Pause) -> None:
    connection.execute(
        "INSERT OR REPLACE INTO pause VALUES (1, ?, ?, ?, ?, ?, ?)",
        (
            pause.paused,
            pause.by_id,
            storable(pause.by_name),
            storable(pause.reason),
            pause.at,
            json.dumps(list(pause.announced)),
        ),
    )
