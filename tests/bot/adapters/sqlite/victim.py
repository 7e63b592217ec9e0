"""A process that the tests kill: `python -m tests.bot.adapters.sqlite.victim VERB STORE`."""

import asyncio
import os
import signal
import sqlite3
import sys
from collections.abc import Iterator
from itertools import count
from pathlib import Path

from bot.adapters.sqlite import open_store
from bot.adapters.sqlite.connection import connect
from bot.adapters.sqlite.schema import MIGRATIONS, migrate
from bot.domain.logs.log_lines import LogEvent
from bot.domain.model.states import EndReason
from bot.domain.model.trial import Trial
from bot.domain.posts import Change, NewPost, PostKind
from bot.errors import CapReached
from tests.bot.adapters.sqlite.sweeps import make_submission, make_sweep
from tests.support.jobs import caps, make_job, quote
from tests.support.rows import changed

BATCH = 7
TRIALS = 1_100
"""More than one statement writes."""
JOB = "victim"
CAP = 10
"""USD; each job may cost one."""


def _batches() -> Iterator[list[LogEvent]]:
    for first in count(0, BATCH):
        yield [LogEvent(f"e{n}", "s", n, f"line {n}") for n in range(first, first + BATCH)]


async def spend(path: Path) -> None:
    """Reserves up to the cap, and lets the oldest go again, for ever; says how often it has asked."""
    async with open_store(path, caps=caps(person_day_usd=CAP)) as store:
        for turn in count(1):
            try:
                await store.add(make_job(quote=quote(1)), [])
            except CapReached:
                *_, oldest = await store.jobs(live=True)
                await store.change(oldest.id, lambda row: Change(row.ended(EndReason.NOT_SUBMITTED, 1.0)))
            _say(turn)


async def append(path: Path) -> None:
    """Appends batches for ever, each with a post; says how many lines the store has acknowledged."""
    async with open_store(path) as store:
        await store.add(make_job(id=JOB), [])
        for batch in _batches():
            total = int(batch[-1].id[1:]) + 1
            post = NewPost(f"p{total}", PostKind.NOTE, JOB)
            await store.append_log(
                JOB,
                batch,
                lambda job, _, total=total, post=post: Change(changed(job, lines_posted=total), (post,)),  # type: ignore[misc]
            )
            _say(total)


async def record(path: Path) -> None:
    """Writes all trials of a sweep again and again, each time with a new submission; says how often they were."""
    async with open_store(path) as store:
        sweep = await store.add(make_sweep(id=JOB), [])
        for turn in count(1):
            trials = [Trial(number, epoch=turn) for number in range(TRIALS)]
            await store.record(JOB, trials, lambda job, turn=turn: Change(changed(job, revision=turn)))  # type: ignore[misc]
            submission = make_submission(sweep, turn)
            await store.add_submissions(
                JOB, [submission], lambda job, turn=turn: Change(changed(job, lines_posted=turn))
            )  # type: ignore[misc]
            _say(turn)


async def hold(path: Path) -> None:
    """Opens the store and keeps it."""
    async with open_store(path):
        _say("open")
        await asyncio.Event().wait()


def interrupted(path: Path) -> None:
    """Is killed in the middle of a migration."""

    def dying(db: sqlite3.Connection) -> None:
        db.execute("CREATE TABLE half (x)")
        db.execute("DROP VIEW post_next")
        os.kill(os.getpid(), signal.SIGKILL)

    migrate(connect(path), [*MIGRATIONS, dying])


def _say(what: object) -> None:
    sys.stdout.write(f"{what}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    verb, store_path = sys.argv[1], Path(sys.argv[2])
    if verb == "migrate":
        interrupted(store_path)
    else:
        asyncio.run({"append": append, "record": record, "hold": hold, "spend": spend}[verb](store_path))
