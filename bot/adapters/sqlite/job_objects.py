"""The step of version 4: a job's flat JSON becomes value objects, and says whether it is a job, sweep or submission."""

import json
from collections.abc import Iterable, Mapping
from typing import Any

from bot.adapters.sqlite.connection import Connection
from bot.errors import StoreError

Flat = Mapping[str, Any]

_REQUEST = ("asker_id", "asker_name", "channel_id", "interaction_id", "created_at", "retry_of")
_RUN = ("project", "commit", "parameters", "timeout_seconds")
_LIFECYCLE = {
    "state": "state",
    "seen_at": "state_since",
    "unseen_since": "unanswered_since",
    "started_at": "started_at",
    "ended_at": "ended_at",
    "reason": "reason",
    "detail": "detail",
}
_EXECUTION = {
    **_LIFECYCLE,
    "batch_id": "engine_id",
    "engine_id": "engine_id",
    "submit_tried_at": "submit_called_at",
    "status_reason": "status_reason",
    "attempts": "attempts",
    "attempt_states": "attempts_ended",
}
_PUBLICATION = {
    "message_id": "card_id",
    "thread_id": "thread_id",
    "revision": "revision",
    "shown_revision": "shown_revision",
    "log_posted": "lines_posted",
    "archived_at": "archived_at",
    "found_at": "recovered_at",
}
_RESULT = {
    "told_at": "committed_at",
    "end_in": "channel_id",
    "refused_in": "refused_in",
    "untold": "undeliverable",
}
_BOARD = ("picture", "shown_picture", "painted_revision", "importance")
_TRIAL = {"batch_id": "engine_id", "reported": "announced"}


def job_objects(connection: Connection) -> None:
    """A field that an old row does not have stays out, and gets its default when it is read."""
    for statement in (
        "ALTER TABLE job RENAME COLUMN batch_id TO engine_id",
        "ALTER TABLE job RENAME COLUMN part_of TO sweep_id",
        "ALTER TABLE job RENAME COLUMN log_posted TO lines_posted",
        "DROP INDEX job_by_batch_id",
        "DROP INDEX job_part",
        "DROP INDEX job_whole",
        "CREATE INDEX job_by_engine_id ON job (engine_id) WHERE engine_id IS NOT NULL",
        "CREATE INDEX job_submission ON job (sweep_id) WHERE sweep_id IS NOT NULL",
        "CREATE INDEX job_posted ON job (number) WHERE sweep_id IS NULL",
    ):
        connection.execute(statement)
    jobs = connection.execute("SELECT number, json FROM job").fetchall()
    connection.executemany(
        "UPDATE job SET json = ? WHERE number = ?", ((_text(_row(text)), number) for number, text in jobs)
    )
    drafts = connection.execute("SELECT id, json FROM draft").fetchall()
    connection.executemany(
        "UPDATE draft SET json = ? WHERE id = ?", ((_text(_row(text)), draft) for draft, text in drafts)
    )
    trials = connection.execute("SELECT sweep_id, number, json FROM trial").fetchall()
    connection.executemany(
        "UPDATE trial SET json = ? WHERE sweep_id = ? AND number = ?",
        ((_text(_trial(text)), sweep_id, number) for sweep_id, number, text in trials),
    )


def _text(value: Flat) -> str:
    """As the store writes it: ASCII, and NaN as Python's `json` does."""
    return json.dumps(value, separators=(",", ":"))


def _row(text: str) -> Flat:
    """StoreError for one that no version has written."""
    try:
        return _split(json.loads(text))
    except (AttributeError, LookupError, TypeError, ValueError) as error:
        raise _unreadable("job", text, error) from error


def _trial(text: str) -> Flat:
    try:
        return _renamed(json.loads(text), _TRIAL)
    except (AttributeError, ValueError) as error:
        raise _unreadable("trial", text, error) from error


def _unreadable(kind: str, text: str, error: Exception) -> StoreError:
    return StoreError(
        f"The store holds a {kind} that this version cannot read ({error}): {text[:80]}…\n"
        "Start the version that wrote it, or restore a snapshot."
    )


def _split(flat: Flat) -> Flat:
    if flat.get("part") is not None:
        return _submission(flat, flat["part"])
    if flat.get("sweep") is not None:
        return _sweep(flat, flat["sweep"])
    return {
        "id": flat["id"],
        "kind": "job",
        "request": _some(flat, _REQUEST),
        "run": _some(flat, _RUN),
        "execution": _stopped(flat, _EXECUTION),
        "progress": _renamed(flat.get("progress", {}), {"rows": "epochs_seen"}),
        "publication": _publication(flat),
    }


def _sweep(flat: Flat, sweep: Flat) -> Flat:
    return {
        "id": flat["id"],
        "kind": "sweep",
        "request": _some(flat, _REQUEST),
        "run": _some(flat, _RUN),
        "plan": _renamed(sweep["plan"], {"kept": "carried_over"}),
        **_some(sweep, ("tally",)),
        "board": _some(sweep, _BOARD),
        "execution": _stopped(flat, _LIFECYCLE),
        "publication": _publication(flat),
    }


def _submission(flat: Flat, part: Flat) -> Flat:
    return {
        "id": flat["id"],
        "kind": "submission",
        **_some(part, ("sweep_id", "number", "numbers", "size", "children")),
        "run": _some(flat, _RUN),
        "created_at": flat["created_at"],
        "execution": _stopped(flat, _EXECUTION),
        "recovered_at": flat.get("found_at"),
    }


def _stopped(flat: Flat, names: Mapping[str, str]) -> Flat:
    at = flat.get("stop_at")
    stop = None if at is None else {"by": flat.get("stop_by") or "", "at": at}
    return {**_chosen(flat, names), "stop": stop}


def _publication(flat: Flat) -> Flat:
    return {**_chosen(flat, _PUBLICATION), "result": _chosen(flat, _RESULT)}


def _some(flat: Flat, names: Iterable[str]) -> Flat:
    return {name: flat[name] for name in names if name in flat}


def _chosen(flat: Flat, names: Mapping[str, str]) -> Flat:
    return {new: flat[old] for old, new in names.items() if old in flat}


def _renamed(flat: Flat, names: Mapping[str, str]) -> Flat:
    return {names.get(name, name): value for name, value in flat.items()}
