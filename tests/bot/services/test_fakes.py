"""The fake's arrays, which behave as Batch's (`tests/bot/adapters/aws/test_batch_engine.py`)."""

from dataclasses import replace

import pytest

from bot.domain.model.observation import Attempt
from bot.domain.model.states import JobState
from bot.ports import Submission
from tests.support.fakes import FakeBatch

ARRAY = Submission("sb-k7q2mx-0", "queue", "definition", ("train",), {}, {"signalbox:job": "k7q2mx-0"}, 60, 3)


@pytest.fixture
async def batch() -> FakeBatch:
    made = FakeBatch()
    await made.submit(ARRAY)
    return made


async def _counts(batch: FakeBatch) -> dict[JobState, int]:
    return dict((await batch.describe(["batch-1"]))["batch-1"].children)


async def test_an_array_waits_with_its_children_counted(batch: FakeBatch) -> None:
    assert batch.jobs["batch-1"].state is JobState.PENDING
    assert await _counts(batch) == {JobState.SUBMITTED: 3}
    assert await batch.children("batch-1", JobState.SUBMITTED) == ["batch-1:0", "batch-1:1", "batch-1:2"]


async def test_a_queue_lists_no_children(batch: FakeBatch) -> None:
    whole = [batch.jobs["batch-1"]]
    assert await batch.live("queue") == await batch.find("queue", ARRAY.name) == whole
    assert await batch.made_since("queue", 0) == whole


async def test_moves_of_children_are_counted(batch: FakeBatch) -> None:
    batch.move("batch-1:1", JobState.RUNNING, Attempt("s/1"))

    assert await _counts(batch) == {JobState.SUBMITTED: 2, JobState.RUNNING: 1}
    assert await batch.children("batch-1", JobState.RUNNING) == ["batch-1:1"]
    assert (await batch.describe(["batch-1:1"]))["batch-1:1"].last == Attempt("s/1")


@pytest.mark.parametrize("last", [JobState.SUCCEEDED, JobState.FAILED])
async def test_it_ends_as_its_children_have(batch: FakeBatch, last: JobState) -> None:
    batch.move("batch-1:0", JobState.SUCCEEDED)
    batch.move("batch-1:1", JobState.SUCCEEDED)
    assert batch.jobs["batch-1"].state is JobState.PENDING

    batch.move("batch-1:2", last)

    assert batch.jobs["batch-1"].state is last


async def test_terminating_it_ends_the_children_that_live(batch: FakeBatch) -> None:
    batch.move("batch-1:0", JobState.SUCCEEDED)
    batch.move("batch-1:1", JobState.RUNNING, Attempt("s/1"))

    await batch.terminate("batch-1", "stopped")

    assert batch.terminated == ["batch-1"]
    assert await _counts(batch) == {JobState.SUCCEEDED: 1, JobState.FAILED: 2}
    child = batch.jobs["batch-1:1"]
    assert (child.terminated, child.status_reason, child.last.log_stream) == (True, "stopped", "s/1")


async def test_a_job_by_itself_has_no_children(batch: FakeBatch) -> None:
    alone = await batch.submit(replace(ARRAY, array_size=0))
    assert await batch.children(alone, JobState.SUBMITTED) == []
    assert (await batch.describe([alone]))[alone].children == ()
