"""Losses, GPUs, time limits and what is stuck before it runs."""

from dataclasses import replace

import pytest

from bot.domain.guard.signs import Condition
from bot.domain.model.states import JobState
from bot.domain.posts import Change
from tests.bot.services.guard.life import Life
from trainer.contract import format_metrics
from trainer.gpu_line import GpuUse, format_gpu


async def test_a_loss_that_is_no_number_is_warned_of(life: Life) -> None:
    await life.begin()
    row = format_metrics({"epoch": 1, "train_loss": 0.5, "val_accuracy": 12.0})
    await life.minutes(2, row, each=1)
    await life.minutes(1, format_metrics({"epoch": 2, "train_loss": float("nan"), "val_accuracy": 10.0}), each=0.5)
    assert await life.standing() == []
    await life.minutes(1, format_metrics({"epoch": 3, "train_loss": float("inf"), "val_accuracy": 10.0}), each=0.5)
    assert await life.standing() == [Condition.LOSS_NOT_FINITE]
    assert "train_loss is" in life.warnings()[0]
    await life.minutes(1, row)
    assert await life.standing() == []


async def test_a_diverged_loss_is_warned_of_where_the_project_says_so(life: Life) -> None:
    await life.begin()
    life.limit(diverged_factor=10.0)
    await life.minutes(1, format_metrics({"epoch": 1, "loss": 0.5}))
    await life.minutes(3, format_metrics({"epoch": 2, "loss": 4.9}), each=0.5)
    assert await life.standing() == []
    await life.minutes(3, format_metrics({"epoch": 2, "loss": 5.1}), each=0.5)
    assert await life.standing() == [Condition.LOSS_DIVERGED]


@pytest.mark.parametrize(("used", "row", "expected"), [(True, "", 1), (False, "row", 1), (False, "", 0)])
async def test_an_idle_gpu_is_warned_of_once_training_has_begun(
    life: Life, used: bool, row: str, expected: int
) -> None:
    await life.begin()
    if row:
        life.say(format_metrics({"epoch": 1, "train_loss": 0.5}))
    for minute in range(32):
        await life.minutes(1, format_gpu(GpuUse(1, 500, minute * 60, used)), "fetching")
    assert await life.standing() == [Condition.GPU_IDLE] * expected
    await life.minutes(1, format_gpu(GpuUse(80, 500, 0, used=True)))
    assert await life.standing() == []


async def test_a_job_beyond_its_time_limit_is_ended_at_once(life: Life) -> None:
    await life.begin()
    await life.bot.store.change(
        (await life.job()).id, lambda job: Change(replace(job, run=replace(job.run, timeout_seconds=1_200)))
    )
    await life.minutes(29, "epoch", each=5)
    assert (await life.job()).execution.stop is None
    await life.minutes(3, "epoch", each=1)
    stop = (await life.job()).execution.stop
    assert stop is not None
    assert stop.why.startswith("beyond its time limit")
    assert not life.warnings()


async def test_a_job_that_is_left_while_it_starts_is_ended_by_its_time_limit(life: Life) -> None:
    """The engine counts from the container's start, which never comes."""
    life.limit(starting_seconds=0.0)
    await life.begin(JobState.STARTING)
    await life.bot.store.change(
        (await life.job()).id, lambda job: Change(replace(job, run=replace(job.run, timeout_seconds=1_200)))
    )
    await life.minutes(29)
    assert (await life.job()).execution.stop is None
    await life.minutes(3)
    stop = (await life.job()).execution.stop
    assert stop is not None
    assert stop.why.startswith("beyond its time limit")


async def test_a_grace_is_as_long_however_rarely_the_log_is_read(life: Life) -> None:
    life.limit(grace_seconds=600.0)
    await life.begin()
    await life.minutes(31)
    assert await life.standing() == [Condition.SILENT]
    for _ in range(11):
        life.outside.clock.tick(30)
        await life.bot.watch_jobs.once()
        life.outside.clock.tick(30)
        await life.look()
    assert (await life.job()).execution.stop is not None


@pytest.mark.parametrize(
    ("state", "minutes", "condition"),
    [(JobState.RUNNABLE, 60, Condition.NO_MACHINE), (JobState.STARTING, 30, Condition.NOT_STARTING)],
)
async def test_a_job_that_is_stuck_before_it_runs_is_warned_of(
    life: Life, state: JobState, minutes: int, condition: Condition
) -> None:
    life.limit(waiting_seconds=3_600.0)
    await life.begin(state)
    await life.minutes(minutes - 1)
    assert await life.standing() == []
    await life.minutes(2)
    assert await life.standing() == [condition]
    await life.move(JobState.RUNNING)
    await life.minutes(1, "epoch 1")
    assert await life.standing() == []
    assert len(life.warnings()) == 1
