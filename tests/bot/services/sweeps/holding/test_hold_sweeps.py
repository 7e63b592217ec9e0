"""A sweep whose trials fail alike goes no further, and what has not started is taken back."""

from dataclasses import replace
from pathlib import Path

import pytest

from bot.domain.audit.entry import Does
from bot.domain.model.states import EndReason
from bot.domain.model.trial import TrialState
from bot.domain.money.hold import HoldKind
from bot.domain.posts import PostKind
from bot.ports.audit import Wanted
from bot.ports.store import Store
from tests.bot.services.sweeps.holding.stories import (
    BUG,
    EIGHT,
    SIX,
    fail,
    finish_taking_back,
    held,
    restarted,
)
from tests.support.projects import PROJECT
from tests.support.services import Bot, Outside
from tests.support.sweeps import BEST, end_child, leave, run_child, settle


async def test_the_same_exception_twice_holds_a_sweep_and_asks(bot: Bot, outside: Outside) -> None:
    sweep = (await bot.sweep(EIGHT, parallel=2)).sweep
    await settle(bot, 2)
    await fail(bot, "batch-1", "batch-2")
    sweep = await bot.swept(sweep.id)
    hold = sweep.execution.hold
    assert hold is not None
    assert (hold.kind, hold.failed, hold.ended, hold.reason) == (HoldKind.FAILURES, 2, 2, EndReason.COMMAND_FAILED)
    (asked,) = bot.said(PostKind.HELD)
    assert f"<@1> **{sweep.id}** is held: 2 of 2 trials failed the same way: the command failed" in asked
    assert "RuntimeError: shapes" in asked
    assert "6 more trials wait for a decision" in asked
    await settle(bot, 20)
    assert len(outside.engine.submissions) == 2, "of 8 identical failures, 2 ran"
    assert len(bot.said(PostKind.HELD)) == 1


async def test_two_failures_without_an_exception_are_not_enough(bot: Bot, outside: Outside) -> None:
    sweep = (await bot.sweep(EIGHT, parallel=1)).sweep
    await settle(bot, 2)
    for number in range(1, 4):
        await fail(bot, f"batch-{number}", line="")
        assert (await bot.swept(sweep.id)).execution.hold is None, number
    await fail(bot, "batch-4", line="")
    await settle(bot, 4)
    hold = (await bot.swept(sweep.id)).execution.hold
    assert hold is not None
    assert (hold.failed, hold.ended) == (4, 4)
    assert len(outside.engine.submissions) == 4


async def test_failures_of_several_kinds_hold_nothing(bot: Bot, outside: Outside) -> None:
    sweep = (await bot.sweep(SIX, parallel=1)).sweep
    await settle(bot, 2)
    for number, line in enumerate(("ValueError: a", "KeyError: b", "OSError: c", "TypeError: d", "EOFError: e"), 1):
        await fail(bot, f"batch-{number}", line=line)
    assert (await bot.swept(sweep.id)).execution.hold is None
    assert len(outside.engine.submissions) == 6


async def test_nothing_is_held_once_a_trial_has_succeeded(bot: Bot, outside: Outside) -> None:
    sweep = (await bot.sweep(SIX, parallel=1)).sweep
    await settle(bot, 2)
    leave(outside, sweep.id, 0, BEST[0])
    end_child(outside, "batch-1")
    await settle(bot, 3)
    for number in (2, 3, 4, 5):
        await fail(bot, f"batch-{number}")
    assert (await bot.swept(sweep.id)).execution.hold is None
    assert not bot.said(PostKind.HELD)
    assert len(outside.engine.submissions) == 6


async def test_no_trial_starts_while_it_is_not_known_how_one_failed(bot: Bot, outside: Outside) -> None:
    """The reason is read from the log some seconds after the end; the next trials would have started by then."""
    await bot.sweep(EIGHT, parallel=2)
    await settle(bot, 2)
    for engine_id in ("batch-1", "batch-2"):
        run_child(outside, engine_id)
        outside.logs.write(f"stream/{engine_id}", BUG, at=outside.clock())
        end_child(outside, engine_id, 1)
    for _ in range(4):
        await bot.turn()
        outside.clock.tick(1)
    assert len(outside.engine.submissions) == 2


async def test_a_sweep_that_fails_alike_with_nothing_left_just_ends(bot: Bot, outside: Outside) -> None:
    sweep = (await bot.sweep("lr=0.1,0.2")).sweep
    await settle(bot, 2)
    await fail(bot, "batch-1:0", "batch-1:1")
    await settle(bot, 6)
    assert (await bot.swept(sweep.id)).execution.reason is EndReason.COMMAND_FAILED
    assert not bot.said(PostKind.HELD)


@pytest.mark.parametrize("after", [0, 1])
async def test_the_project_says_how_many_it_takes(bot: Bot, outside: Outside, after: int) -> None:
    bot.core.projects[PROJECT.name] = replace(PROJECT, hold_after=after)  # type: ignore[index]
    sweep = (await bot.sweep(SIX, parallel=1)).sweep
    await settle(bot, 2)
    for number in range(1, 6):
        if len(outside.engine.submissions) >= number:
            await fail(bot, f"batch-{number}")
    assert ((await bot.swept(sweep.id)).execution.hold is not None) is bool(after)
    assert len(outside.engine.submissions) == (1 if after else 6)


async def test_children_that_have_not_started_are_taken_back_and_the_running_one_goes_on(
    bot: Bot, outside: Outside
) -> None:
    sweep = await held(bot)
    assert outside.engine.terminated == [f"batch-1:{number}" for number in range(3, 8)]
    finish_taking_back(outside)
    await settle(bot, 4)
    sweep = await bot.swept(sweep.id)
    assert sweep.tally.counts == {TrialState.FAILED: 2, TrialState.RUNNING: 1, TrialState.WAITING: 5}
    assert sweep.execution.live
    assert len(outside.engine.submissions) == 1


async def test_a_child_that_starts_meanwhile_and_succeeds_counts(bot: Bot, outside: Outside) -> None:
    sweep = await held(bot)
    leave(outside, sweep.id, 3, BEST[0])
    end_child(outside, "batch-1:3")
    finish_taking_back(outside)
    await settle(bot, 6)
    sweep = await bot.swept(sweep.id)
    assert sweep.execution.hold is None, "one has succeeded, so the others are worth trying"
    assert [call.array_size for call in outside.engine.submissions] == [8, 4]
    assert "A trial has succeeded, so the sweep goes on." in bot.said(PostKind.NOTE)


async def test_a_trial_that_waits_by_itself_is_taken_back(bot: Bot, outside: Outside) -> None:
    sweep = (await bot.sweep(EIGHT, parallel=3)).sweep
    await settle(bot, 2)
    await fail(bot, "batch-1", "batch-2")
    finish_taking_back(outside)
    await settle(bot, 4)
    assert set(outside.engine.terminated) == {"batch-3"}
    counts = (await bot.swept(sweep.id)).tally.counts
    assert counts == {TrialState.FAILED: 2, TrialState.WAITING: 6}


async def test_a_kill_at_any_point_holds_once_and_submits_nothing_twice(
    bot: Bot, outside: Outside, store: Store, tmp_path: Path
) -> None:
    sweep = (await bot.sweep(EIGHT)).sweep
    await settle(bot, 2)
    for engine_id in ("batch-1:0", "batch-1:1"):
        run_child(outside, engine_id)
        outside.logs.write(f"stream/{engine_id}", BUG, at=outside.clock())
        end_child(outside, engine_id, 1)
    for _ in range(12):  # each life has a few passes, and then everything in its memory is lost
        bot = restarted(outside, store, tmp_path)
        await bot.turn()
        outside.clock.tick(15)
        await bot.turn()
        finish_taking_back(outside)
    assert len(bot.said(PostKind.HELD)) == 1
    assert [call.array_size for call in outside.engine.submissions] == [8]
    assert sorted(outside.engine.terminated) == [f"batch-1:{number}" for number in range(2, 8)]
    assert (await bot.swept(sweep.id)).tally.counts == {TrialState.FAILED: 2, TrialState.WAITING: 6}


async def test_nobody_decides_and_the_sweep_ends_with_a_reason_of_its_own(bot: Bot, outside: Outside) -> None:
    sweep = await held(bot)
    finish_taking_back(outside)
    outside.clock.tick(25 * 3_600)
    await settle(bot, 2)
    assert (await bot.swept(sweep.id)).execution.live, "a trial still runs"
    await fail(bot, "batch-1:2")
    await settle(bot, 6)
    sweep = await bot.swept(sweep.id)
    assert (sweep.execution.reason, sweep.execution.detail) == (
        EndReason.NOT_CONTINUED,
        "its trials failed alike, and nobody continued it within 24 h",
    )
    assert len(bot.said(PostKind.END)) == 1
    assert len(outside.engine.submissions) == 1
    assert not await bot.store.unfinished()


async def test_the_audit_has_the_hold(bot: Bot) -> None:
    sweep = await held(bot)
    entries = await bot.store.audited(Wanted(), 0, 50)
    (entry,) = [each.fields for each in entries if each.fields["does"] == Does.HOLD]
    assert entry["job"] == sweep.id
    assert "RuntimeError" in entry["why"]
