"""Jobs on a machine by name: its queue, what they ask for there, its price; and nothing in it is lost."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from bot.adapters.sqlite import open_store
from bot.chat.cards.choose import card
from bot.domain.model.job import Job
from bot.domain.model.states import EndReason, JobState
from bot.domain.money.machine import Machine, Resources, machine_text
from bot.domain.posts import Change, PostKind
from bot.errors import UnknownName
from bot.ports.store import Store
from bot.services.jobs.submit import TrainRequest
from tests.support.fakes import LOST_REPLY
from tests.support.projects import CHANNEL, PROJECT
from tests.support.services import MIKA, Bot, Outside

BIG = Machine("big", "gpu-large", Resources(8, 32_768, 2), usd_per_hour=4.0)
TINY = Machine("tiny", "gpu-large")
PLACED = replace(PROJECT, machines=(BIG, TINY), usd_per_hour=1.0)


@pytest.fixture
def start(outside: Outside, store: Store, tmp_path: Path) -> Callable[[], Bot]:
    return lambda: Bot(outside, store, tmp_path, project=PLACED)


@pytest.fixture
def bot(start: Callable[[], Bot]) -> Bot:
    return start()


async def test_a_job_goes_to_the_machines_queue_and_asks_for_its_resources(bot: Bot, outside: Outside) -> None:
    job = await bot.train(machine="Big")
    await bot.launch.once()
    (call,) = outside.engine.submissions
    assert (call.queue, call.resources) == ("gpu-large", Resources(8, 32_768, 2))
    assert call.environment["SIGNALBOX_MACHINE"] == "big"
    assert "machine" not in job.run.parameters
    assert "machine **big**" in (card(await bot.job(job.id), PLACED).description or "")


@pytest.mark.parametrize("machine", ["", "default"])
async def test_without_one_nothing_has_changed(bot: Bot, outside: Outside, machine: str) -> None:
    job = await bot.train(**({"machine": machine} if machine else {}))
    await bot.launch.once()
    (call,) = outside.engine.submissions
    assert (call.queue, call.resources) == ("queue", Resources())
    assert "SIGNALBOX_MACHINE" not in call.environment
    assert job.run.machine == ""


async def test_an_unknown_machine_is_named_with_those_that_there_are(bot: Bot, store: Store) -> None:
    with pytest.raises(UnknownName, match=r"Did you mean tiny\? Choose one: default, big, tiny\."):
        await bot.train(machine="tny")
    assert await store.jobs() == []


async def test_a_project_without_machines_may_have_a_parameter_of_that_name(
    outside: Outside, store: Store, tmp_path: Path
) -> None:
    named = replace(PROJECT.parameters[0], name="machine", aliases=())
    bot = Bot(outside, store, tmp_path, project=replace(PROJECT, parameters=(*PROJECT.parameters, named)))
    job = await bot.train(machine=0.5)
    assert (job.run.parameters["machine"], job.run.machine) == (0.5, "")


async def test_the_quote_is_by_the_machines_own_price(bot: Bot) -> None:
    quotes = [(await bot.train(interaction_id=n, machine=name)).run.quote for n, name in enumerate(("", "big", "tiny"))]
    assert [quote.usd_per_hour if quote is not None else None for quote in quotes] == [1.0, 4.0, None]


async def test_a_retry_runs_on_the_machine_of_before_unless_another_is_named(bot: Bot) -> None:
    first = await bot.train(machine="big")
    again = await bot.submit.retry(first.id, TrainRequest(MIKA, CHANNEL, 21))
    other = await bot.submit.retry(first.id, TrainRequest(MIKA, CHANNEL, 22, values={"machine": "tiny"}))
    back = await bot.submit.retry(first.id, TrainRequest(MIKA, CHANNEL, 23, values={"machine": "default"}))
    assert [each.run.machine for each in (again, other, back)] == ["big", "tiny", ""]


async def test_a_lost_answer_is_looked_for_in_the_machines_queue(bot: Bot, outside: Outside) -> None:
    outside.engine.fail("submit", LOST_REPLY, after=True)
    job = await bot.train(machine="big")
    for _ in range(10):
        await bot.launch.once()
        outside.clock.tick(10)
    assert len(outside.engine.submissions) == 1
    found = await bot.job(job.id)
    assert isinstance(found, Job)
    assert found.execution.engine_id == "batch-1"


async def test_a_lost_job_of_a_machine_is_found_again_with_it(bot: Bot, outside: Outside, tmp_path: Path) -> None:
    job = await bot.train(machine="big")
    await bot.launch.once()
    async with open_store(tmp_path / "new" / "signalbox.db") as store:
        after = Bot(outside, store, tmp_path, project=PLACED)
        await after.reconcile.once()
        found = await after.job(job.id)
        assert found.run.machine == "big"
        assert found.run.quote is not None
        assert found.run.quote.usd_per_hour == 4.0


async def test_a_double_in_the_machines_queue_is_ended(bot: Bot, outside: Outside) -> None:
    await bot.train(machine="big")
    await bot.launch.once()
    first = outside.engine.jobs["batch-1"]
    outside.engine.jobs["batch-9"] = replace(first, engine_id="batch-9", created_at=(first.created_at or 0) + 5)
    outside.engine.queues["batch-9"] = "gpu-large"
    outside.engine.move("batch-1", JobState.RUNNING)
    await bot.track_jobs.once()
    await bot.reconcile.once()
    assert outside.engine.terminated == ["batch-9"]


async def test_a_sweep_runs_on_the_machine_and_so_does_its_retry(bot: Bot, outside: Outside) -> None:
    proposal = await bot.sweep("lr=0.1,0.2", machine="big")
    for _ in range(3):
        await bot.turn()
    assert {(call.queue, call.resources.gpus) for call in outside.engine.submissions} == {("gpu-large", 2)}
    quote = proposal.sweep.run.quote
    assert quote is not None
    assert (quote.usd_per_hour, quote.runs) == (4.0, 2)
    with pytest.raises(UnknownName):
        await bot.sweep("lr=0.1,0.2", machine="nope", interaction_id=10)


async def test_a_stop_and_the_result_are_as_ever(bot: Bot, outside: Outside) -> None:
    job = await bot.train(machine="big")
    await bot.turn()
    await bot.stop.stop(job.id, MIKA)
    await bot.turn()
    assert outside.engine.terminated == ["batch-1"]
    assert bot.said(PostKind.NOTE) == []


async def test_the_time_is_estimated_from_jobs_on_the_same_machine(bot: Bot, outside: Outside) -> None:
    for number, (machine, seconds) in enumerate((("big", 60), ("", 600)), 30):
        job = await bot.train(interaction_id=number, machine=machine)
        await bot.launch.once()
        await bot.store.change(job.id, _ran(outside.clock(), seconds))
    expected = [await bot.train(interaction_id=n, machine=name) for n, name in ((40, "big"), (41, ""), (42, "tiny"))]
    quotes = [each.run.quote for each in expected]
    assert [quote.expected_seconds if quote is not None else None for quote in quotes] == [60, 600, None]


def _ran(now: float, seconds: float) -> Callable[[Job], Change]:
    def step(job: Job) -> Change:
        execution = replace(job.execution, state=JobState.RUNNING, started_at=now - seconds)
        return Change(replace(job, execution=execution).ended(EndReason.SUCCEEDED, now))

    return step


def test_what_is_suggested_says_what_it_is() -> None:
    assert machine_text(BIG) == "big: 8 vCPUs, 32 GiB, 2 GPUs (queue gpu-large)"
    assert machine_text(TINY) == "tiny (queue gpu-large)"
    assert machine_text(replace(TINY, description="for tests")) == "tiny: for tests (queue gpu-large)"
