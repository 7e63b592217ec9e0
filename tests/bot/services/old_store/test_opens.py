"""A store that an earlier version wrote in the middle of everything is read as it was."""

import json
import sqlite3
from contextlib import closing
from typing import Any

from tests.bot.services.old_store.reading import facts, submission_facts, trial_facts
from tests.bot.services.old_store.world import JOBS, TOLD, World
from tests.support.services import MIKA


async def test_every_job_is_read_as_it_was(world: World) -> None:
    for name, told in json.loads(json.dumps(JOBS).replace("@DATA@", str(world.folder))).items():
        read = facts(await world.bot.job(name))
        assert {key: repr(value) for key, value in read.items()} == {
            key: repr(_enum(read[key], told[key])) for key in read
        }, name
        assert told.keys() - read.keys() == {"situation", "expect", "open", "log_total"}
        assert (await world.store.log_lines(name, 0, 0)).total == told["log_total"]


def _enum(read: object, told: object) -> object:
    """What was told, in the type of what was read where that is an enum: NaN, which equals nothing, is compared by
    its name."""
    return type(read)(told) if isinstance(told, str) and isinstance(read, str) else told  # type: ignore[call-arg]


async def test_every_trial_and_every_submission_is_read_as_it_was(world: World) -> None:
    for sweep_id, told in TOLD["trials"].items():
        assert [trial_facts(trial) for trial in await world.store.trials(sweep_id)] == told
    for name, told in TOLD["parts"].items():
        assert submission_facts(await world.bot.submission(name)) == told


async def test_what_is_listed(world: World) -> None:
    assert {row.id for row in await world.store.unfinished()} >= {name for name, told in JOBS.items() if told["open"]}
    live = [job.id for job in await world.bot.find.live(MIKA)]
    assert sorted(live) == sorted(name for name, told in JOBS.items() if told["live"])
    recent = [job.id for job in await world.bot.find.recent(MIKA, limit=100)]
    assert sorted(recent) == sorted(JOBS)
    assert [job.id for job in await world.bot.find.undelivered(MIKA)] == ["untld2"]
    pending = {post.new.key: post.attempted_at for post in await world.store.pending_posts()}
    first: dict[tuple[str, str], dict[str, Any]] = {}
    for told in TOLD["pending_posts"]:
        first.setdefault((told["job_id"], told["lane"]), told)
    assert pending == {told["key"]: told["attempted_at"] for told in first.values()}


async def test_the_ledger_is_filled(world: World) -> None:
    with closing(sqlite3.connect(world.folder / "signalbox.db")) as connection:
        entries = connection.execute("SELECT id, live, spent_seconds, spent_usd, counted_at FROM ledger").fetchall()
    assert sorted(entry[0] for entry in entries) == sorted(JOBS)
    for name, live, seconds, usd, counted_at in entries:
        job = await world.bot.job(name)
        assert (bool(live), counted_at, usd) == (JOBS[name]["live"], job.request.created_at, None)
        assert seconds >= 0
    assert any(seconds for _, _, seconds, _, _ in entries)
