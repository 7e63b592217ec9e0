"""The entries of the audit, inside a transaction of the caller's."""

from collections.abc import Iterator
from dataclasses import replace

from bot.adapters.sqlite.connection import Connection
from bot.adapters.sqlite.storable_text import storable
from bot.domain.audit.chain import NO_ENTRY, Anchor, Link, linked
from bot.domain.audit.commit_effects import asked_effect, own_entries, trials_of
from bot.domain.audit.entry import Effect, Entry
from bot.ports.audit import Wanted

SEARCHED = 200_000
"""A search looks no further back than this many entries, about half a second: the store does nothing else meanwhile."""


def follow(connection: Connection, asked: Entry | None, effect: Effect | None, at: float) -> None:
    """Write what the transaction under way does: the entry of its interaction, and what the bot does by itself.

    `effect` is what the rows do not show.
    """
    written = connection.written
    trials = trials_of(written.sweep, written.trials)
    effect = effect or (asked_effect(written.rows, trials) if asked is not None else None)
    if asked is not None and effect is not None:
        add(connection, asked.caused(effect), at)
    for entry in own_entries(written.rows, trials, asked=asked is not None):
        add(connection, entry, at)


def add(connection: Connection, entry: Entry, at: float) -> None:
    """Append it, unless there is one with its `once`."""
    entry = _complete(connection, replace(entry, once=storable(entry.once)))
    if connection.execute("SELECT 1 FROM audit WHERE once = ?", (entry.once,)).fetchone() is None:
        link = linked(entry, at, newest(connection))
        connection.execute(
            "INSERT INTO audit (number, content, hash) VALUES (?, ?, ?)", (link.number, link.content, link.hash)
        )
        connection.written.audited += 1


def newest(connection: Connection) -> Anchor:
    found = connection.execute("SELECT number, hash FROM audit ORDER BY number DESC LIMIT 1").fetchone()
    return Anchor(*found) if found else NO_ENTRY


def wanted(connection: Connection, which: Wanted, offset: int, limit: int) -> list[Link]:
    """Newest first."""
    terms, values = ["number > (SELECT max(number) FROM audit) - ?"], list[str | float]([SEARCHED])
    for column, value in (("person_id", str(which.person_id or "")), ("decided", which.decided)):
        if value:
            terms.append(f"{column} = ?")
            values.append(value)
    if which.job:
        terms.append("(job = ? OR (job > ? AND job < ?))")  # "swp.", and before "swp/": its trials
        values += [which.job, f"{which.job}.", f"{which.job}/"]
    if which.what:
        terms.append("(what IN (?, ?, ?, ?) OR does = ?)")
        values += [which.what, f"/{which.what}", f"button {which.what}", f"form {which.what}", which.what]
    if which.projects:
        terms.append(f"project IN ({', '.join('?' * len(which.projects))})")
        values += which.projects
    if which.since:
        terms.append("at >= ?")
        values.append(which.since)
    rest = f"WHERE {' AND '.join(terms)} ORDER BY number DESC LIMIT ? OFFSET ?"
    return list(_links(connection, rest, *values, limit, offset))


def chain(connection: Connection, first: int, limit: int) -> list[Link]:
    """Oldest first."""
    return list(_links(connection, "WHERE number >= ? ORDER BY number LIMIT ?", first, limit))


def _complete(connection: Connection, entry: Entry) -> Entry:
    """With the project of its job, where only the job is known."""
    effect = entry.effect
    if effect.project or not effect.job:
        return entry
    found = connection.execute("SELECT project FROM job WHERE id = ?", (effect.job.partition(".")[0],)).fetchone()
    return replace(entry, effect=replace(effect, project=found[0])) if found else entry


def _links(connection: Connection, rest: str, *values: str | float) -> Iterator[Link]:
    query = f"SELECT content, hash FROM audit {rest}"  # noqa: S608 (`rest` is written above, never by a person)
    return (Link(content, own_hash) for content, own_hash in connection.execute(query, values))
