"""The fake's arrays, which behave as Batch's (`tests/bot/adapters/aws/test_batch_engine.py`)."""

from dataclasses import replace

import pytest

from bot.domain.model.observation import Attempt
from bot.domain.model.states import JobState
from bot.ports.engine import Submission
from tests.support.fakes import FakeEngine

ARRAY = Submission("sb-k7q2mx-0", "queue", "definition", ("train",), {}, {"signalbox:job": "k7q2mx-0"}, 60, 3)


@pytest.fixture
async def engine() -> FakeEngine:
    made = FakeEngine()
    await made.submit(ARRAY)
    return made


async def _counts(engine: FakeEngine) -> dict[JobState, int]:
    return dict((await engine.describe(["batch-1"]))["batch-1"].children)


async def test_an_array_waits_with_its_children_counted(engine: FakeEngine) -> None:
    assert engine.jobs["batch-1"].state is JobState.PENDING
    assert await _counts(engine) == {JobState.SUBMITTED: 3}
    assert await engine.children("batch-1", JobState.SUBMITTED) == ["batch-1:0", "batch-1:1", "batch-1:2"]


async def test_a_queue_lists_no_children(engine: FakeEngine) -> None:
    whole = [engine.jobs["batch-1"]]
    assert await engine.live("queue") == await engine.find("queue", ARRAY.name) == whole
    assert await engine.made_since("queue", 0) == whole


async def test_moves_of_children_are_counted(engine: FakeEngine) -> None:
    engine.move("batch-1:1", JobState.RUNNING, Attempt("s/1"))

    assert await _counts(engine) == {JobState.SUBMITTED: 2, JobState.RUNNING: 1}
    assert await engine.children("batch-1", JobState.RUNNING) == ["batch-1:1"]
    assert (await engine.describe(["batch-1:1"]))["batch-1:1"].last == Attempt("s/1")


@pytest.mark.parametrize("last", [JobState.SUCCEEDED, JobState.FAILED])
async def test_it_ends_as_its_children_have(engine: FakeEngine, last: JobState) -> None:
    engine.move("batch-1:0", JobState.SUCCEEDED)
    engine.move("batch-1:1", JobState.SUCCEEDED)
    assert engine.jobs["batch-1"].state is JobState.PENDING

    engine.move("batch-1:2", last)

    assert engine.jobs["batch-1"].state is last


async def test_terminating_it_ends_the_children_that_live(engine: FakeEngine) -> None:
    engine.move("batch-1:0", JobState.SUCCEEDED)
    engine.move("batch-1:1", JobState.RUNNING, Attempt("s/1"))

    await engine.terminate("batch-1", "stopped")

    assert engine.terminated == ["batch-1"]
    assert await _counts(engine) == {JobState.SUCCEEDED: 1, JobState.FAILED: 2}
    child = engine.jobs["batch-1:1"]
    assert (child.terminated, child.status_reason, child.last.log_stream) == (True, "stopped", "s/1")


async def test_a_job_by_itself_has_no_children(engine: FakeEngine) -> None:
    alone = await engine.submit(replace(ARRAY, array_size=0))
    assert await engine.children(alone, JobState.SUBMITTED) == []
    assert (await engine.describe([alone]))[alone].children == ()
