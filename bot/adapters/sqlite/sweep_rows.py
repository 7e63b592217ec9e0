"""The parts and the trials of sweeps, inside a transaction of the caller's."""

from collections.abc import Sequence
from operator import attrgetter
from sqlite3 import Connection

from bot.adapters.sqlite import job_rows
from bot.adapters.sqlite.codec import decode_trial, encode
from bot.domain.model.job import Job
from bot.domain.model.sweep import Trial
from bot.domain.posts import NewPost
from bot.ports.store import Step

ROWS = 500
"""Rows in one statement, of which each lets other threads run once: as with the lines of a log."""


def add(connection: Connection, job: Job, posts: Sequence[NewPost], trials: Sequence[Trial], at: float) -> Job:
    """A job with the trials that are known already, unless its interaction has a job: that one."""
    added = job_rows.add(connection, job, posts, at)
    if added is job:
        _write(connection, job.id, trials)
    return added


def add_parts(connection: Connection, sweep_id: str, parts: Sequence[Job], step: Step, at: float) -> Job:
    """The sweep after the step; KeyError if unknown."""
    sweep = job_rows.known(connection, sweep_id)
    for part in parts:
        job_rows.add_part(connection, sweep_id, part)
    return job_rows.save(connection, sweep, step(sweep), at)


def record(connection: Connection, sweep_id: str, trials: Sequence[Trial], step: Step, at: float) -> Job:
    """The sweep after the step; KeyError if unknown."""
    sweep = job_rows.known(connection, sweep_id)
    _write(connection, sweep_id, trials)
    return job_rows.save(connection, sweep, step(sweep), at)


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
