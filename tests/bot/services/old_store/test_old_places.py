"""Results of an earlier version stay where they are, `jobs/<job>/`, and new ones go to `jobs/<project>/<job>/`."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from bot.services.jobs.submit import TrainRequest
from tests.bot.services.old_store.world import JOBS, World, opened
from tests.support import services
from tests.support.projects import CHANNEL, PROJECT
from tests.support.services import MIKA

OLD, NEW = "s3://bucket/jobs", "s3://bucket/jobs/mnist"


@pytest.fixture
async def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[World]:
    """The bot of this version, whose projects have folders of their own."""
    monkeypatch.setattr(services, "PROJECT", replace(PROJECT, output_uri=NEW, former_output_uri=OLD))
    async with opened(tmp_path) as world:
        yield world


async def test_jobs_of_the_earlier_version_are_read_and_archived_where_they_are(world: World) -> None:
    stored = await world.bot.find.log("gdrch3", 10, MIKA)
    assert (stored.text, stored.total) == ("one\nagain", 5)
    await world.to_the_end()
    for name, job in JOBS.items():
        if not job["sweep"] and (await world.bot.job(name)).publication.lines_posted and name != "gdrch3":
            assert f"{OLD}/{name}/log.txt" in world.outside.artifacts.objects, name
    counts = {state.value: count for state, count in (await world.bot.swept("swpdn6")).tally.counts.items() if count}
    assert counts == {"succeeded": 4, "failed": 2, "no metrics": 1, "pruned": 1}
    assert not [uri for uri in world.outside.artifacts.objects if uri.startswith(NEW)]


async def test_what_is_submitted_now_goes_to_the_projects_own_place(world: World) -> None:
    again = await world.bot.submit.retry("gdrch3", TrainRequest(MIKA, CHANNEL, 77_001))
    await world.bot.launch.once()
    call = next(call for call in world.outside.engine.submissions if call.name.endswith(again.id))
    assert call.environment["OUTPUT_URI"] == f"{NEW}/{again.id}/"
    assert (await world.bot.job(again.id)).run.results == NEW


async def test_a_retried_sweep_reads_its_old_trials_where_they_were(world: World) -> None:
    await world.to_the_end()
    old, trials = await world.bot.swept("swpdn6"), world.bot.trials
    assert await trials.prefix(old, (await trials.all("swpdn6"))[0]) == f"{OLD}/swpdn6/0/"
    retried = replace(old, id="newone", run=replace(old.run, results=NEW))
    carried = replace((await trials.all("swpdn6"))[0], source="swpdn6")
    assert await trials.prefix(retried, carried) == f"{OLD}/swpdn6/0/"
    assert await trials.prefix(retried, replace(carried, source="")) == f"{NEW}/newone/0/"


async def test_a_job_that_is_found_again_keeps_its_place(world: World) -> None:
    """Whichever version submitted it: the environment of its submission has it."""
    for results in (OLD, NEW):
        await _found_again(world, f"found{len(results)}", results)


async def _found_again(world: World, name: str, results: str) -> None:
    source = next(call for call in world.outside.engine.submissions if call.array_size == 0)
    environment = {**source.environment, "JOB_ID": name, "OUTPUT_URI": f"{results}/{name}/"}
    tags = {**source.tags, "signalbox:job": name, "signalbox:interaction": f"99{len(results)}"}
    await world.outside.engine.submit(
        replace(source, name=f"signalbox-mnist-{name}", environment=environment, tags=tags)
    )
    await world.bot.reconcile.once()
    assert (await world.bot.job(name)).run.results == results
