"""The submissions and the trials of sweeps, inside a transaction of the caller's."""

from collections.abc import Sequence
from operator import attrgetter

from bot.adapters.sqlite import job_rows
from bot.adapters.sqlite.codec import decode_trial, encode
from bot.adapters.sqlite.connection import Connection
from bot.domain.model.submission import Submission
from bot.domain.model.sweep import Sweep
from bot.domain.model.trial import Trial
from bot.domain.posts import NewPost
from bot.ports.store import Step

ROWS = 500
"""Rows in one statement, of which each lets other threads run once: as with the lines of a log."""


def add(
    connection: Connection, posted: job_rows.AnyPosted, posts: Sequence[NewPost], trials: Sequence[Trial], at: float
) -> job_rows.AnyPosted:
    """Insert a job or a sweep with the trials that are known already; the one of its interaction if there is one."""
    added = job_rows.add(connection, posted, posts, at)
    if added is posted:
        _write(connection, posted.id, trials)
    return added


def add_submissions(
    connection: Connection, sweep_id: str, submissions: Sequence[Submission], step: Step[Sweep], at: float
) -> Sweep:
    """The sweep after the step; KeyError if unknown."""
    sweep = _known(connection, sweep_id)
    for submission in submissions:
        job_rows.add_submission(connection, sweep.request, submission)
    return job_rows.save(connection, sweep, step(sweep), at)


def record(connection: Connection, sweep_id: str, trials: Sequence[Trial], step: Step[Sweep], at: float) -> Sweep:
    """The sweep after the step; KeyError if unknown."""
    sweep = _known(connection, sweep_id)
    connection.written.sweep = sweep
    _write(connection, sweep_id, trials)
    return job_rows.save(connection, sweep, step(sweep), at)


def _known(connection: Connection, sweep_id: str) -> Sweep:
    row = job_rows.known(connection, sweep_id)
    if not isinstance(row, Sweep):
        raise KeyError(sweep_id)
    return row


def trials(connection: Connection, sweep_id: str, numbers: Sequence[int] = ()) -> list[Trial]:
    """By number, only these where some are named. An unknown sweep has none."""
    only = f" AND number IN ({', '.join(['?'] * len(numbers))})" if numbers else ""
    pages = connection.execute(
        f"SELECT group_concat(json, char(10)) FROM trial WHERE sweep_id = ?{only} GROUP BY number / {ROWS}",  # noqa: S608
        (sweep_id, *numbers),
    )
    found = [decode_trial(line) for (page,) in pages for line in page.split("\n")]
    return sorted(found, key=attrgetter("number"))


def _write(connection: Connection, sweep_id: str, trials: Sequence[Trial]) -> None:
    connection.written.trials += trials
    for start in range(0, len(trials), ROWS):
        values: list[str | int] = []
        for trial in trials[start : start + ROWS]:
            values += (sweep_id, trial.number, not trial.settled, encode(trial))
        rows = ", ".join(["(?, ?, ?, ?)"] * (len(values) // 4))
        connection.execute(
            f"""INSERT INTO trial (sweep_id, number, open, json) VALUES {rows}
            ON CONFLICT (sweep_id, number) DO UPDATE SET open = excluded.open, json = excluded.json""",  # noqa: S608
            values,
        )
