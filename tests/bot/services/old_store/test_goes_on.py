"""What was live in a store of an earlier version goes on: each result once, each submission once, each line once."""

from collections import Counter

import pytest

from bot.domain.model.job import Job
from bot.errors import UserError
from bot.services.jobs.submit import TrainRequest
from tests.bot.services.old_store.world import DRAFT, JOBS, LONG, SHORT, TOLD, World
from tests.support.projects import CHANNEL
from tests.support.services import MIKA, NOOR


@pytest.mark.parametrize("down", [SHORT, LONG])
async def test_everything_goes_on_to_its_end_and_is_announced_once(world: World, down: float) -> None:
    world.outside.clock.tick(down)
    await world.to_the_end()

    keys, ends = Counter(world.said()), {key for key in world.newly_said() if key.startswith("end:")}
    assert [key for key, count in keys.items() if count > 1] == []
    assert ends == {f"end:{name}" for name, told in JOBS.items() if told["expect"]["announce"]}
    in_chat = {key for key in keys if key.startswith("end:")}
    assert in_chat == {f"end:{name}" for name in JOBS if name != "untld2"}

    names = Counter(call.name for call in world.outside.engine.submissions)
    assert [name for name, count in names.items() if count > 1] == []
    new = {"lstn33", "ntnt22", "swpnt2-0", "tpfd22-4", "tpfd22-5"}
    assert set(world.new_names()) == {f"signalbox-mnist-{name}" for name in new}

    stopped = {"stpwsh", "ntstp2", "swpstp", "stprch"}
    for name in JOBS:
        job = await world.bot.job(name)
        assert job.publication.result.committed_at is not None
        assert job.publication.archived_at is not None
        if name not in ("fldrch", "ndfl22"):
            assert job.execution.reason == ("stopped" if name in stopped else "succeeded"), name
    assert (await world.bot.job("ndfl22")).execution.detail == "KeyError: 'fold'"


async def test_what_was_to_be_stopped_is_stopped(world: World) -> None:
    await world.to_the_end()
    new = world.outside.engine.terminated[len(TOLD["batch"]["terminated"]) :]
    asked = {JOBS["stpwsh"]["batch_id"], TOLD["parts"]["swpstp-0"]["batch_id"]}
    again = {f"{TOLD['parts']['grdrnn-0']['batch_id']}:{number}" for number in (3, 4, 7)}
    assert asked <= set(new) <= asked | again
    trials = {trial.number: trial.shown.value for trial in await world.store.trials("grdrnn")}
    assert [trials[number] for number in (3, 4, 7)] == ["pruned", "stopped", "stopped"]


@pytest.mark.parametrize("down", [SHORT, LONG])
async def test_every_line_is_in_its_thread_once_and_in_the_archive(world: World, down: float) -> None:
    world.outside.clock.tick(down)
    await world.to_the_end()
    for name in JOBS:
        job = await world.bot.job(name)
        if not isinstance(job, Job) or not job.execution.streams:
            continue
        printed = [event.message for stream in job.execution.streams for event in world.outside.logs.streams[stream]]
        words = [line for line in printed if not line.startswith("@")]
        assert world.thread(name) == ([] if name == "nthrd2" else words), name
        archived = world.outside.artifacts.objects[f"s3://bucket/jobs/{name}/log.txt"].decode().splitlines()
        assert archived == printed, name


async def test_what_each_sweep_came_to(world: World) -> None:
    await world.to_the_end()
    counts = {}
    for name, told in JOBS.items():
        if told["sweep"]:
            tally = (await world.bot.swept(name)).tally
            counts[name] = {state.value: count for state, count in tally.counts.items() if count}
    assert counts == {
        "swpdn6": {"succeeded": 4, "failed": 2, "no metrics": 1, "pruned": 1},
        "grdrnn": {"succeeded": 5, "failed": 1, "pruned": 1, "stopped": 2},
        "tpfd22": {"succeeded": 6},
        "rtrswp": {"succeeded": 7, "pruned": 1},
        "swpstp": {"stopped": 3},
        "swpndd": {"succeeded": 4},
        "swpcmm": {"succeeded": 2},
        "swpnt2": {"succeeded": 4},
    }
    found = await world.store.trials("tpfd22")
    assert [trial.parameters["lr"] for trial in found if trial.parameters] == [0.01, 0.02, 0.03, 0.04, 0.05, 0.06]
    told = [key for key in world.said() if key.startswith("trials:")]
    assert len(told) == len(set(told))


# ---- what people ask of it -------------------------------------------------------------------------------
async def test_the_draft_is_confirmed_once(world: World) -> None:
    assert await world.store.job(DRAFT) is None
    for _ in range(2):
        assert (await world.bot.propose.confirm(DRAFT, MIKA)).id == DRAFT
    await world.to_the_end()
    assert world.new_names().count(f"signalbox-mnist-{DRAFT}-0") == 1
    assert world.said().count(f"end:{DRAFT}") == 1


async def test_an_old_draft_is_confirmed_no_more(world: World) -> None:
    world.outside.clock.tick(LONG)
    with pytest.raises(UserError, match="hour old"):
        await world.bot.propose.confirm(DRAFT, MIKA)


async def test_a_command_that_comes_again_is_the_job_that_is_there(world: World) -> None:
    job = await world.bot.train(NOOR, JOBS["ntnt22"]["interaction_id"], lr=0.07)
    assert job.id == "ntnt22"
    proposal = await world.bot.sweep("lr=0.1,0.2 m=0.3,0.4", MIKA, JOBS["swpnt2"]["interaction_id"])
    assert proposal.sweep.id == "swpnt2"


async def test_what_is_over_can_be_looked_at_and_run_again(world: World) -> None:
    forgotten, stored = await world.bot.find.log("fgttn2", 10, MIKA), await world.bot.find.log("gdrch3", 10, MIKA)
    assert (forgotten.text, forgotten.total) == ("loading\ndone", 4)
    assert (stored.text, stored.total) == ("one\nagain", 5)
    again = await world.bot.submit.retry("gdrch3", TrainRequest(MIKA, CHANNEL, 77_001))
    assert (again.request.retry_of, again.run.parameters["lr"], again.run.commit.sha) == ("gdrch3", 0.05, "a" * 40)
    _, trial = await world.bot.one_trial.trial("swpdn6", 4, MIKA)
    assert (trial.shown.value, trial.detail) == ("failed", "RuntimeError: CUDA error: out of memory")
    with pytest.raises(UserError, match="as rtrswp"):
        await world.bot.propose.retry_failed("swpdn6", TrainRequest(MIKA, CHANNEL, 77_002))
    await world.to_the_end()
    assert world.said().count(f"end:{again.id}") == 1
