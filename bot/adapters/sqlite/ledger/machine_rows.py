"""Machines without a job, and the alarms about them: inside a transaction of the caller's."""

import json
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from bot.adapters.sqlite.connection import Connection
from bot.adapters.sqlite.storable_text import storable
from bot.domain.guard.machines import Alarm, Idling
from bot.domain.inert import EMPTY


def create_machines(connection: Connection) -> None:
    connection.execute(
        """CREATE TABLE idle_machine (
            id            TEXT PRIMARY KEY,
            pool          TEXT NOT NULL,
            looked_at     REAL NOT NULL,
            seconds       REAL NOT NULL,     -- without a job
            quiet_seconds REAL NOT NULL,     -- since the last alarm
            alarms        INTEGER NOT NULL,
            message_id    INTEGER NOT NULL,  -- of the last one that arrived, or 0
            channel_id    INTEGER,           -- of the alarm under way, if there is one
            text          TEXT NOT NULL,
            roles         TEXT NOT NULL,     -- JSON
            attempted_at  REAL
        ) STRICT, WITHOUT ROWID"""
    )


def known(connection: Connection) -> list[Idling]:
    return [_idling(row) for row in connection.execute("SELECT * FROM idle_machine ORDER BY id")]


def keep(connection: Connection, machines: Iterable[Idling]) -> None:
    """These, and no others."""
    connection.execute("DELETE FROM idle_machine")
    for each in machines:
        alarm = each.alarm or Alarm(0, EMPTY)
        connection.execute(
            "INSERT INTO idle_machine VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                *(each.id, each.group, each.looked_at, each.seconds, each.quiet_seconds),
                *(each.alarms, each.message_id),
                *(alarm.channel_id if each.alarm is not None else None, storable(alarm.text), json.dumps(alarm.roles)),
                alarm.attempted_at,
            ),
        )


def mark(connection: Connection) -> None:
    """In a store made of a snapshot: an alarm under way may have been sent since, so it is looked for."""
    connection.execute("UPDATE idle_machine SET attempted_at = coalesce(attempted_at, 0) WHERE channel_id IS NOT NULL")


def _idling(row: tuple[Any, ...]) -> Idling:
    *fields, channel_id, text, roles, attempted_at = row
    machine = Idling(*fields)
    if channel_id is None:
        return machine
    return replace(machine, alarm=Alarm(channel_id, text, tuple(json.loads(roles)), attempted_at))
