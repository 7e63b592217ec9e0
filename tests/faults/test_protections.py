"""What each protection is there for, where nothing else shows it; and that the mutations fit the code as it is."""

import sqlite3
from contextlib import closing, suppress
from dataclasses import replace
from pathlib import Path

import pytest

from bot.adapters.sqlite import open_store
from bot.domain.events import Attempt
from bot.domain.job import Job
from bot.domain.posts import Change
from bot.domain.states import JobState
from tests.bot.conftest import make_job
from tests.bot.services.conftest import Bot, Outside
from tests.faults.mutations import MUTATIONS, ROOT, Mutation

STREAM = "trainer/default/1"


async def _running(bot: Bot, outside: Outside) -> Job:
    job = await bot.train()
    await bot.turn()
    outside.batch.move("batch-1", JobState.RUNNING, Attempt(STREAM, outside.clock()))
    outside.clock.tick(120)
    outside.logs.write(STREAM, "one", at=outside.clock())
    await bot.turn()
    return job


async def _total(bot: Bot, job: Job) -> int:
    return (await bot.store.log_lines(job.id, 0, 0)).total


async def test_a_late_line_is_read_while_the_job_runs(bot: Bot, outside: Outside) -> None:
    job = await _running(bot, outside)
    outside.logs.write(STREAM, "late", at=outside.clock() - 8)
    outside.clock.tick(6)
    await bot.turn()
    assert await _total(bot, job) == 2


async def test_a_line_that_comes_later_than_the_overlap_is_found_at_the_end(bot: Bot, outside: Outside) -> None:
    job = await _running(bot, outside)
    outside.logs.write(STREAM, "much too late", at=outside.clock() - 100)
    outside.batch.move("batch-1", JobState.SUCCEEDED, Attempt(STREAM, outside.clock() - 120, outside.clock(), 0))
    for _ in range(6):
        outside.clock.tick(15)
        await bot.turn()
    log = outside.artifacts.objects[f"s3://bucket/jobs/{job.id}/log.txt"]
    assert sorted(log.decode().splitlines()) == ["much too late", "one"]


async def test_a_writer_from_outside_waits_for_a_change_under_way(tmp_path: Path) -> None:
    path = tmp_path / "signalbox.db"
    async with open_store(path) as store:
        job = await store.add(make_job(), [])

        def step(stored: Job) -> Change:
            """Between the transaction's read and its write, another program tries to write."""
            with closing(sqlite3.connect(path, timeout=0)) as other, suppress(sqlite3.OperationalError), other:
                other.execute("UPDATE job SET channel_id = channel_id")
            return Change(replace(stored, detail="kept"))

        assert (await store.change(job.id, step)).detail == "kept"


@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda mutation: mutation.protection)
def test_a_mutation_fits_the_code_once_and_names_a_test(mutation: Mutation) -> None:
    assert mutation.applied(ROOT) != (ROOT / mutation.path).read_text()
    file, *_, test = mutation.test.split("::")
    assert f"def {test.partition('[')[0]}(" in (ROOT / file).read_text()
