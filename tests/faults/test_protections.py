"""What each protection is there for, where nothing else shows it; and that the mutations fit the code as it is."""

import asyncio
import json
import sqlite3
from contextlib import closing, suppress
from pathlib import Path

import pytest

from bot.adapters.sqlite import open_store
from bot.domain.model.job import Job
from bot.domain.model.observation import Attempt
from bot.domain.model.states import JobState
from bot.domain.posts import Change
from bot.ports.store import Store
from bot.services.jobs.submit import TrainRequest
from tests.faults.gates import COMMITS, Cut, Gated, Gates
from tests.faults.mutation import Mutation
from tests.faults.mutations import ALL, ROOT
from tests.support.jobs import make_job
from tests.support.projects import CHANNEL
from tests.support.rows import changed
from tests.support.services import MIKA, Bot, Outside
from tests.support.sweeps import LARGE, finished

STREAM = "trainer/default/1"


async def _running(bot: Bot, outside: Outside) -> Job:
    job = await bot.train()
    await bot.turn()
    outside.engine.move("batch-1", JobState.RUNNING, Attempt(STREAM, outside.clock()))
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
    outside.engine.move("batch-1", JobState.SUCCEEDED, Attempt(STREAM, outside.clock() - 120, outside.clock(), 0))
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
            return Change(changed(stored, detail="kept"))

        assert (await store.change(job.id, step)).execution.detail == "kept"


async def test_a_retry_that_is_cut_after_its_first_commit_runs_the_failed_trials_alone(
    bot: Bot, outside: Outside, store: Store, tmp_path: Path
) -> None:
    old = await finished(bot, (96.5, None, 81.3, None))
    gates = Gates(cut_at=1)
    cut = Bot(outside, Gated("Store", store, gates, only=COMMITS), tmp_path)  # type: ignore[arg-type]
    with pytest.raises(Cut):
        await cut.propose.retry_failed(old.id, TrainRequest(MIKA, CHANNEL, 50))
    await Bot(outside, store, tmp_path).turn()
    assert json.loads(outside.engine.submissions[1].environment["SWEEP_SPACE"])["numbers"] == "1,3"


async def test_two_clicks_at_once_confirm_one_sweep(bot: Bot, outside: Outside) -> None:
    proposal = await bot.sweep(LARGE)
    confirmed = await asyncio.gather(*(bot.propose.confirm(proposal.sweep.id, MIKA) for _ in range(2)))
    assert [sweep.id for sweep in confirmed] == [proposal.sweep.id] * 2
    await bot.turn()
    assert [call.array_size for call in outside.engine.submissions] == [12]


@pytest.mark.parametrize("mutation", ALL, ids=lambda mutation: mutation.protection)
def test_a_mutation_fits_the_code_once_and_names_a_test(mutation: Mutation) -> None:
    text = mutation.applied(ROOT)
    assert text != (ROOT / mutation.path).read_text()
    compile(text, mutation.path, "exec")  # or every test would turn red
    file, *_, test = mutation.test.split("::")
    assert f"def {test.partition('[')[0]}(" in (ROOT / file).read_text()
