"""What people decide about a held sweep: Continue, Continue at the newest commit, Cancel."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from bot.domain.model.run import Commit
from bot.domain.model.states import EndReason
from bot.domain.model.sweep import Sweep
from bot.domain.model.trial import TrialState
from bot.domain.money.hold import Approval
from bot.domain.money.pause import Pause
from bot.domain.posts import Change, PostKind
from bot.errors import NotAllowed, Paused, UserError
from bot.ports.store import Store
from tests.bot.services.sweeps.holding.stories import EIGHT, NEWER, fail, finish_taking_back, held, restarted
from tests.support.services import GUEST, MIKA, NOOR, Bot, Outside
from tests.support.sweeps import BEST, end_child, leave, metrics, run_child, settle


def push(outside: Outside) -> None:
    """Somebody pushes a fix."""
    outside.code.heads["main"] = Commit(NEWER, "main", "Mend the shapes")


def mark(sweep: Sweep) -> str:
    hold = sweep.execution.hold
    assert hold is not None
    return hold.mark


async def taken_back(bot: Bot, outside: Outside) -> Sweep:
    """Held, with two failed, one that runs, and five that the engine has no more."""
    sweep = await held(bot)
    finish_taking_back(outside)
    await settle(bot, 4)
    return await bot.swept(sweep.id)


async def test_continue_submits_what_was_taken_back_once(bot: Bot, outside: Outside) -> None:
    sweep = await taken_back(bot, outside)
    await bot.continue_sweep.go_on(sweep.id, mark(sweep), NOOR)
    with pytest.raises(UserError, match="already goes on: noor has continued it"):
        await bot.continue_sweep.go_on(sweep.id, mark(sweep), MIKA)
    await settle(bot, 4)
    first, again = outside.engine.submissions
    assert (first.array_size, again.array_size) == (8, 5)
    assert json.loads(again.environment["SWEEP_SPACE"])["numbers"] == "3-7"
    assert again.name == f"signalbox-mnist-{sweep.id}-8"
    assert again.environment["COMMIT_ID"] == "a" * 40
    for index in range(5):
        await fail(bot, f"batch-2:{index}")
    await fail(bot, "batch-1:2")
    await settle(bot, 6)
    ended = await bot.swept(sweep.id)
    assert ended.tally.counts == {TrialState.FAILED: 8}, "it is not held again"
    assert ended.execution.reason is EndReason.COMMAND_FAILED
    assert len(bot.said(PostKind.HELD)) == 1
    assert not await bot.store.unfinished()


async def test_continue_before_all_are_taken_back_waits_for_them(bot: Bot, outside: Outside) -> None:
    sweep = await held(bot)
    await bot.continue_sweep.go_on(sweep.id, mark(sweep), MIKA)
    await settle(bot, 3)
    assert len(outside.engine.submissions) == 1, "the engine may still start those"
    finish_taking_back(outside)
    await settle(bot, 4)
    assert [call.array_size for call in outside.engine.submissions] == [8, 5]


async def test_the_newest_commit_also_runs_the_failed_ones_again(bot: Bot, outside: Outside) -> None:
    sweep = await taken_back(bot, outside)
    spent = sweep.tally.seconds
    outside.artifacts.objects[f"s3://bucket/jobs/{sweep.id}/0/metrics.csv"] = metrics(12.0)
    push(outside)
    await bot.continue_sweep.go_on_at_newest(sweep.id, mark(sweep), NOOR)
    await settle(bot, 4)
    call = outside.engine.submissions[1]
    assert call.environment["COMMIT_ID"] == NEWER
    assert json.loads(call.environment["SWEEP_SPACE"])["numbers"] == "0-1,3-7"
    assert call.environment["OUTPUT_URI"] == f"s3://bucket/jobs/again/{sweep.id}-8/{sweep.id}/"
    sweep = await bot.swept(sweep.id)
    assert (sweep.run.commit.sha, sweep.run.commit.subject) == (NEWER, "Mend the shapes")
    assert sweep.tally.seconds >= spent, "what the failed ones have cost still counts"
    (note,) = [said for said in bot.said(PostKind.NOTE) if "noor let the sweep go on at `ccccccc`" in said]
    assert "`aaaaaaa` before" in note
    for index in range(7):
        run_child(outside, f"batch-2:{index}")
        if index:
            number = (0, 1, 3, 4, 5, 6, 7)[index]
            uri = f"s3://bucket/jobs/again/{sweep.id}-8/{sweep.id}/{number}/metrics.csv"
            outside.artifacts.objects[uri] = metrics(90.0 + index)
        end_child(outside, f"batch-2:{index}")
    leave(outside, sweep.id, 2, BEST[0])
    end_child(outside, "batch-1:2")
    await settle(bot, 8)
    ended = await bot.swept(sweep.id)
    assert ended.tally.counts == {TrialState.SUCCEEDED: 7, TrialState.MISSING: 1}, "the old table of .0 is not its own"
    assert {leader.number: leader.value for leader in ended.tally.leaders}[7] == 96.0
    assert ended.execution.reason is EndReason.SUCCEEDED
    reports = [said for said in bot.said(PostKind.NOTE) if ".0 " in said]
    assert len(reports) >= 2, "the second run of .0 is reported as well"
    assert not await bot.store.unfinished()


async def test_at_the_newest_commit_it_may_be_held_again(bot: Bot, outside: Outside) -> None:
    sweep = await taken_back(bot, outside)
    old = mark(sweep)
    push(outside)
    await bot.continue_sweep.go_on_at_newest(sweep.id, old, MIKA)
    await settle(bot, 3)
    await fail(bot, "batch-2:0", "batch-2:1", line="KeyError: 'shape'")
    sweep = await bot.swept(sweep.id)
    assert sweep.execution.hold is not None
    assert len(bot.said(PostKind.HELD)) == 2
    with pytest.raises(UserError, match="held anew"):
        await bot.continue_sweep.go_on(sweep.id, old, MIKA)
    finish_taking_back(outside)
    await settle(bot, 3)
    outside.code.heads["main"] = Commit("d" * 40, "main", "Mend it")
    await bot.continue_sweep.go_on_at_newest(sweep.id, mark(sweep), MIKA)
    await settle(bot, 4)
    assert [call.array_size for call in outside.engine.submissions] == [8, 7, 7], "nothing of the earlier arrays counts"
    sweep = await bot.swept(sweep.id)
    assert sweep.tally.counts == {TrialState.RUNNING: 1, TrialState.WAITING: 7}


async def test_without_a_newer_commit_nothing_happens(bot: Bot, outside: Outside) -> None:
    sweep = await taken_back(bot, outside)
    with pytest.raises(UserError, match="main has no newer commit than aaaaaaa"):
        await bot.continue_sweep.go_on_at_newest(sweep.id, mark(sweep), MIKA)
    assert (await bot.swept(sweep.id)).execution.hold is not None


async def test_what_was_approved_for_a_commit_does_not_go_on_at_another(bot: Bot, outside: Outside) -> None:
    sweep = await taken_back(bot, outside)

    def approved(stored: Sweep) -> Change:
        return Change(replace(stored, execution=replace(stored.execution, approval=Approval("noor", 1.0, 2))))

    await bot.store.change(sweep.id, approved)
    push(outside)
    with pytest.raises(UserError, match="was approved for the commit aaaaaaa and no other"):
        await bot.continue_sweep.go_on_at_newest(sweep.id, mark(sweep), MIKA)
    assert (await bot.swept(sweep.id)).run.commit.sha == "a" * 40


async def test_cancel_ends_it_with_what_it_has(bot: Bot, outside: Outside) -> None:
    sweep = await taken_back(bot, outside)
    await bot.continue_sweep.cancel(sweep.id, mark(sweep), MIKA)
    await settle(bot, 2)
    assert outside.engine.terminated[-1] == "batch-1"
    await settle(bot, 6)
    ended = await bot.swept(sweep.id)
    assert ended.execution.reason is EndReason.STOPPED
    assert len(outside.engine.submissions) == 1
    assert not await bot.store.unfinished()


async def test_who_may_decide(bot: Bot, outside: Outside) -> None:
    sweep = await taken_back(bot, outside)
    for decide in (bot.continue_sweep.go_on, bot.continue_sweep.go_on_at_newest):
        with pytest.raises(NotAllowed, match="to start sweeps here"):
            await decide(sweep.id, mark(sweep), GUEST)
    with pytest.raises(NotAllowed, match="can stop it"):
        await bot.continue_sweep.cancel(sweep.id, mark(sweep), GUEST)
    with pytest.raises(NotAllowed, match="can stop it"):
        await bot.continue_sweep.cancel(sweep.id, mark(sweep), NOOR)
    assert (await bot.swept(sweep.id)).execution.hold is not None


async def test_during_a_pause_it_stays_held(bot: Bot, outside: Outside) -> None:
    sweep = await taken_back(bot, outside)
    push(outside)
    await bot.store.keep_pause(Pause(True, 1, "mika", "the bill", outside.clock()))
    for decide in (bot.continue_sweep.go_on, bot.continue_sweep.go_on_at_newest):
        with pytest.raises(Paused):
            await decide(sweep.id, mark(sweep), MIKA)
    sweep = await bot.swept(sweep.id)
    assert sweep.execution.hold is not None
    assert sweep.run.commit.sha == "a" * 40
    assert sweep.tally.count(TrialState.FAILED) == 2


async def test_trials_one_by_one_go_on_as_well(bot: Bot, outside: Outside) -> None:
    sweep = (await bot.sweep(EIGHT, parallel=3)).sweep
    await settle(bot, 2)
    await fail(bot, "batch-1", "batch-2")
    finish_taking_back(outside)
    await settle(bot, 4)
    sweep = await bot.swept(sweep.id)
    push(outside)
    await bot.continue_sweep.go_on_at_newest(sweep.id, mark(sweep), MIKA)
    await settle(bot, 4)
    names = [call.name.rpartition("-")[2] for call in outside.engine.submissions]
    assert names == ["0", "1", "2", "8", "9", "10"]
    assert [call.environment["JOB_ID"].rpartition(".")[2] for call in outside.engine.submissions[3:]] == ["0", "1", "2"]
    for number in range(4, 12):
        if len(outside.engine.submissions) >= number:
            end_child(outside, f"batch-{number}")
        await settle(bot, 3)
    ended = await bot.swept(sweep.id)
    assert ended.tally.counts == {TrialState.MISSING: 8}
    assert len(outside.engine.submissions) == 3 + 8


async def test_a_kill_after_each_pass_loses_and_repeats_nothing(
    bot: Bot, outside: Outside, store: Store, tmp_path: Path
) -> None:
    sweep = await held(bot)
    push(outside)
    await bot.continue_sweep.go_on_at_newest(sweep.id, mark(sweep), MIKA)
    for _ in range(10):
        bot = restarted(outside, store, tmp_path)
        await bot.turn()
        finish_taking_back(outside)
        outside.clock.tick(15)
        await bot.turn()
    assert [call.array_size for call in outside.engine.submissions] == [8, 7]
    assert (await bot.swept(sweep.id)).run.commit.sha == NEWER
