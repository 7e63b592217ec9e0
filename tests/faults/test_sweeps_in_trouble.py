"""AWS says too much of a sweep, or too little: arrays twice, answers that stay away, trials that wait for machines."""

from dataclasses import replace
from pathlib import Path

import pytest

from bot.domain.model.states import EndReason, JobState
from bot.domain.model.sweep import Sweep
from bot.domain.model.trial import TrialState
from bot.domain.posts import PostKind
from bot.errors import Throttled, Unavailable
from bot.ports.store import Store
from tests.faults.world import SlowBatch
from tests.support.services import Bot, Outside
from tests.support.sweeps import BEST, GRID, end_child, leave, run_child, settle

DWELL = 30
"""Turns of 15 s: longer than a cause must be seen before it is told."""


@pytest.fixture
async def begun(bot: Bot) -> Sweep:
    """A grid of four whose array is `batch-1`."""
    sweep = (await bot.sweep(GRID)).sweep
    await bot.turn()
    return sweep


def _finish(outside: Outside, sweep_id: str) -> None:
    for number, value in enumerate(BEST):
        leave(outside, sweep_id, number, value)
        end_child(outside, f"batch-1:{number}")


# ---- doubles -----------------------------------------------------------------------------------------------
@pytest.mark.parametrize("answer_lost", [True, False])
async def test_of_an_array_that_aws_has_twice_the_older_is_kept_and_the_other_told_of_once(
    outside: Outside, store: Store, tmp_path: Path, answer_lost: bool
) -> None:
    outside.engine = SlowBatch(outside.clock)
    outside.engine.clock = outside.clock
    bot = Bot(outside, store, tmp_path)
    if answer_lost:
        outside.engine.fail("submit", Unavailable("the connection was reset"), after=True)
    sweep_id = (await bot.sweep(GRID)).sweep.id
    await bot.dispatch.once()
    await bot.launch.once()
    second = "batch-1-again"
    first = outside.engine.jobs["batch-1"]
    outside.engine.jobs[second] = replace(first, engine_id=second, created_at=outside.clock() + 1)
    outside.clock.tick(60)
    for _ in range(3):
        await bot.reconcile.once()
        await settle(bot, 2)
    assert set(outside.engine.terminated) == {second}
    assert not outside.engine.jobs["batch-1"].state.terminal
    (note,) = bot.said(PostKind.NOTE)
    assert note == f"This command had two jobs in AWS Batch. `{second}` is being ended; `batch-1` continues."
    assert outside.chat.messages[-1].job.id == sweep_id, "in the sweep's own thread"
    _finish(outside, sweep_id)
    await settle(bot)
    sweep = await bot.swept(sweep_id)
    assert sweep.tally.counts == {TrialState.SUCCEEDED: 4}
    assert len(bot.said(PostKind.END)) == 1


async def test_an_array_that_batch_does_not_know_any_more_is_told_as_lost(
    bot: Bot, outside: Outside, begun: Sweep
) -> None:
    leave(outside, begun.id, 0, BEST[0])
    end_child(outside, "batch-1:0")
    await settle(bot, 2)
    outside.engine.jobs.clear()
    for _ in range(40):
        await settle(bot, 1)
    sweep = await bot.swept(begun.id)
    assert (sweep.execution.state, sweep.execution.reason) == (JobState.SUCCEEDED, EndReason.SUCCEEDED), (
        "one trial had ended well"
    )
    assert sweep.tally.counts == {TrialState.SUCCEEDED: 1, TrialState.FAILED: 3}
    assert [(f.reason, f.count) for f in sweep.tally.failures] == [(EndReason.LOST, 3)]
    assert len(bot.said(PostKind.END)) == 1


# ---- no answers --------------------------------------------------------------------------------------------
@pytest.mark.parametrize("call", ["describe", "children"])
async def test_throttled_for_ten_minutes_the_card_says_that_its_state_is_old(
    bot: Bot, outside: Outside, begun: Sweep, call: str
) -> None:
    """Of the array, or of its trials: nothing is guessed meanwhile, and the card says so no more when it is over."""
    run_child(outside, "batch-1:0")
    began = outside.clock()
    for _ in range(40):
        outside.engine.fail(call, Throttled("Rate exceeded"))
        for service in (bot.track_jobs, bot.track_trials):
            try:
                await service.once()
            except Throttled:
                continue
        await bot.tell()
        outside.clock.tick(15)
        outside.engine.faults.clear()
    sweep = await bot.swept(begun.id)
    assert sweep.execution.unanswered_since is not None
    assert abs(sweep.execution.unanswered_since - began) <= 15
    assert outside.chat.edits[-1].execution.unanswered_since == sweep.execution.unanswered_since
    assert not sweep.tally.count(TrialState.RUNNING)
    revision = sweep.publication.revision
    await settle(bot, 3)
    sweep = await bot.swept(begun.id)
    assert sweep.execution.unanswered_since is None
    assert outside.chat.edits[-1].execution.unanswered_since is None
    assert sweep.tally.counts == {TrialState.WAITING: 3, TrialState.RUNNING: 1}
    assert sweep.publication.revision > revision


async def test_a_list_that_failed_and_is_needed_no_more_makes_nothing_old(
    bot: Bot, outside: Outside, begun: Sweep
) -> None:
    run_child(outside, "batch-1:0")
    await bot.track_jobs.once()
    outside.engine.fail("children", Throttled("Rate exceeded"))
    with pytest.raises(Throttled):
        await bot.track_trials.once()
    outside.engine.move("batch-1:0", JobState.RUNNABLE)
    await settle(bot, 10)
    sweep = await bot.swept(begun.id)
    assert sweep.execution.unanswered_since is None


async def test_a_card_that_arrived_before_its_picture_was_there_gets_it_by_an_edit(bot: Bot, outside: Outside) -> None:
    """Its answer was lost, and with the same nonce Discord answers with the message as it was."""
    outside.chat.fail("send", Unavailable("the connection was reset"), after=True)
    sweep_id = (await bot.sweep(GRID)).sweep.id
    await bot.tell()
    await bot.refresh_board.once()
    await settle(bot, 3)
    sweep = await bot.swept(sweep_id)
    edits = [job for job in outside.chat.edits if isinstance(job, Sweep)]
    assert [edit.board.picture for edit in edits if edit.board.picture != edit.board.shown_picture] == [
        sweep.board.picture
    ]
    assert sweep.board.shown_picture == sweep.board.picture != ""


# ---- no machines -------------------------------------------------------------------------------------------
async def _waits(bot: Bot, reason: str, turns: int = DWELL) -> None:
    for number in range(4):
        bot.outside.engine.move(f"batch-1:{number}", JobState.RUNNABLE, reason=reason)
    for _ in range(turns):
        await bot.turn()
        await bot.explain_wait.once()
        bot.outside.clock.tick(15)
    await bot.tell()


async def test_why_trials_wait_is_told_once_for_each_cause(
    bot: Bot, outside: Outside, store: Store, tmp_path: Path, begun: Sweep
) -> None:
    await _waits(bot, "CAPACITY:INSUFFICIENT_INSTANCE_CAPACITY", 2 * DWELL)
    await _waits(bot, "MISCONFIGURATION:JOB_RESOURCE_REQUIREMENT")
    again = Bot(outside, store, tmp_path)
    await _waits(again, "MISCONFIGURATION:JOB_RESOURCE_REQUIREMENT")
    first, second = again.said(PostKind.NOTE)
    assert first.startswith("Waiting for a machine for 5 min. No machine of this kind is free")
    assert second.startswith("Waiting for a machine for 5 min. No machine of this queue is large enough")
    assert {m.job.id for m in outside.chat.messages} == {begun.id}


async def test_a_cause_that_shows_in_passing_is_not_told(bot: Bot, begun: Sweep) -> None:
    for _ in range(4):
        await _waits(bot, "MISCONFIGURATION:JOB_RESOURCE_REQUIREMENT", 8)
        await _waits(bot, "CAPACITY:INSUFFICIENT_INSTANCE_CAPACITY", 8)
    assert not bot.said(PostKind.NOTE)


async def test_nothing_is_told_while_one_of_the_trials_runs(bot: Bot, outside: Outside, begun: Sweep) -> None:
    await _waits(bot, "CAPACITY:INSUFFICIENT_INSTANCE_CAPACITY", 2)
    run_child(outside, "batch-1:2")
    for _ in range(DWELL):
        await bot.turn()
        await bot.explain_wait.once()
        outside.clock.tick(15)
    assert not bot.said(PostKind.NOTE)


async def test_answers_that_are_throttled_now_and_then_do_not_keep_the_cause_back(
    bot: Bot, outside: Outside, begun: Sweep
) -> None:
    await _waits(bot, "CAPACITY:INSUFFICIENT_INSTANCE_CAPACITY", 4)
    for _ in range(DWELL):
        await bot.turn()
        outside.engine.fail("describe", Throttled("Rate exceeded"))
        await bot.explain_wait.once()
        outside.engine.faults.clear()
        outside.clock.tick(15)
    await bot.tell()
    assert len(bot.said(PostKind.NOTE)) == 1
