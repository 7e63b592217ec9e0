"""A large sweep begins with one trial, and the others wait for its first metric."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from bot.adapters.sqlite import open_store
from bot.domain.model.states import EndReason
from bot.domain.model.sweep import Sweep
from bot.domain.model.trial import TrialState
from bot.domain.money.hold import HoldKind
from bot.domain.posts import PostKind
from bot.ports.store import Store
from tests.bot.services.sweeps.holding.stories import NEWER, fail, restarted
from tests.support.projects import PROJECT
from tests.support.services import MIKA, Bot, Outside
from tests.support.sweeps import BEST, GRID, LARGE, end_child, leave, run_child, settle

REPORT = '@metrics {"epoch": 1, "epochs": 10, "val_accuracy": 71.5}'


@pytest.fixture
def bot(bot: Bot) -> Bot:
    bot.core.projects[PROJECT.name] = replace(PROJECT, pilot=True)  # type: ignore[index]
    bot.propose._projects = (replace(PROJECT, pilot=True),)
    return bot


async def confirmed(bot: Bot, **options: object) -> Sweep:
    shown = await bot.sweep(LARGE, **options)
    assert shown.sweep.plan.pilot
    await bot.propose.confirm(shown.sweep.id, MIKA)
    await settle(bot, 3)
    return await bot.swept(shown.sweep.id)


def _sizes(outside: Outside) -> list[int]:
    return [call.array_size or 1 for call in outside.engine.submissions]


async def test_the_others_are_submitted_with_the_pilots_first_metric(bot: Bot, outside: Outside) -> None:
    sweep = await confirmed(bot)
    assert sweep.execution.hold is not None
    assert sweep.execution.hold.kind is HoldKind.PILOT
    assert _sizes(outside) == [1]
    run_child(outside, "batch-1")
    await settle(bot, 10)
    assert _sizes(outside) == [1], "it runs, and has reported nothing"
    outside.logs.write("stream/batch-1", REPORT, at=outside.clock())
    await settle(bot, 3)
    assert _sizes(outside) == [1, 11]
    assert json.loads(outside.engine.submissions[1].environment["SWEEP_SPACE"])["numbers"] == "1-11"
    assert (await bot.swept(sweep.id)).execution.hold is None
    for number in range(12):
        leave(outside, sweep.id, number, BEST[0] - number)
        end_child(outside, f"batch-2:{number - 1}" if number else "batch-1")
    await settle(bot, 8)
    ended = await bot.swept(sweep.id)
    assert ended.tally.counts == {TrialState.SUCCEEDED: 12}
    assert ended.execution.reason is EndReason.SUCCEEDED
    assert not await bot.store.unfinished()


async def test_a_pilot_that_reports_nothing_lets_the_others_go_when_it_succeeds(bot: Bot, outside: Outside) -> None:
    await confirmed(bot)
    run_child(outside, "batch-1")
    await settle(bot, 3)
    end_child(outside, "batch-1")
    await settle(bot, 4)
    assert _sizes(outside) == [1, 11]


async def test_a_pilot_that_fails_holds_the_sweep_at_once(bot: Bot, outside: Outside) -> None:
    sweep = await confirmed(bot)
    await fail(bot, "batch-1")
    await settle(bot, 10)
    sweep = await bot.swept(sweep.id)
    assert sweep.execution.hold is not None
    assert sweep.execution.hold.kind is HoldKind.FAILURES
    (asked,) = bot.said(PostKind.HELD)
    assert "is held: its first trial failed: the command failed — RuntimeError" in asked
    assert "11 more trials wait" in asked
    assert _sizes(outside) == [1]
    await bot.continue_sweep.go_on(sweep.id, sweep.execution.hold.mark, MIKA)
    await settle(bot, 4)
    assert _sizes(outside) == [1, 11], "somebody has said so, so no pilot is needed"


async def test_the_pilot_runs_first_at_the_newest_commit_as_well(bot: Bot, outside: Outside) -> None:
    sweep = await confirmed(bot)
    await fail(bot, "batch-1")
    await settle(bot, 3)
    sweep = await bot.swept(sweep.id)
    outside.code.heads["main"] = replace(outside.code.heads["main"], sha=NEWER)
    assert sweep.execution.hold is not None
    await bot.continue_sweep.go_on_at_newest(sweep.id, sweep.execution.hold.mark, MIKA)
    await settle(bot, 6)
    assert _sizes(outside) == [1, 1]
    assert outside.engine.submissions[1].environment["COMMIT_ID"] == NEWER
    sweep = await bot.swept(sweep.id)
    assert sweep.execution.hold is not None
    assert sweep.execution.hold.kind is HoldKind.PILOT
    run_child(outside, "batch-2")
    outside.logs.write("stream/batch-2", REPORT, at=outside.clock())
    await settle(bot, 4)
    assert _sizes(outside) == [1, 1, 11]
    assert outside.engine.submissions[2].environment["COMMIT_ID"] == NEWER


async def test_a_pilot_that_somebody_stops_is_no_sign_of_life(bot: Bot, outside: Outside) -> None:
    sweep = await confirmed(bot)
    run_child(outside, "batch-1")
    await settle(bot, 2)
    await bot.one_trial.stop(sweep.id, 0, MIKA)
    end_child(outside, "batch-1", 143)
    await settle(bot, 6)
    sweep = await bot.swept(sweep.id)
    assert sweep.execution.hold is not None
    assert sweep.execution.hold.reason == EndReason.STOPPED
    outside.code.heads["main"] = replace(outside.code.heads["main"], sha=NEWER)
    await bot.continue_sweep.go_on_at_newest(sweep.id, sweep.execution.hold.mark, MIKA)
    await settle(bot, 6)
    assert _sizes(outside) == [1, 1]


@pytest.mark.parametrize("options", [{"parallel": 3}, {"parallel": 3, "search": "tpe", "trials": 12}])
async def test_trials_one_by_one_wait_for_the_pilot_as_well(
    bot: Bot, outside: Outside, options: dict[str, object]
) -> None:
    text = LARGE if "search" not in options else "lr=0.001..0.1:log"
    shown = await bot.sweep(text, **options)
    await bot.propose.confirm(shown.sweep.id, MIKA)
    await settle(bot, 4)
    assert _sizes(outside) == [1]
    run_child(outside, "batch-1")
    outside.logs.write("stream/batch-1", REPORT, at=outside.clock())
    await settle(bot, 4)
    assert _sizes(outside) == [1, 1, 1]


async def test_small_sweeps_and_projects_without_a_pilot_start_at_once(bot: Bot, outside: Outside) -> None:
    assert not (await bot.sweep(GRID)).sweep.plan.pilot
    bot.propose._projects = (PROJECT,)
    assert not (await bot.sweep(LARGE, interaction_id=10)).sweep.plan.pilot


async def test_the_preview_says_it(bot: Bot) -> None:
    shown = await bot.sweep(LARGE)
    assert "A pilot trial runs first; 11 wait for its first metric. If it fails, they don't start." in shown.remarks


async def test_a_kill_after_each_pass_submits_nothing_twice(
    bot: Bot, outside: Outside, store: Store, tmp_path: Path
) -> None:
    sweep = await confirmed(bot)
    run_child(outside, "batch-1")
    outside.logs.write("stream/batch-1", REPORT, at=outside.clock())
    for _ in range(5):
        bot = restarted(outside, store, tmp_path)
        await bot.turn()
        outside.clock.tick(15)
        await bot.turn()
    assert _sizes(outside) == [1, 11]
    assert (await bot.swept(sweep.id)).execution.hold is None


async def test_a_store_that_is_lost_submits_neither_pilot_nor_others_twice(
    bot: Bot, outside: Outside, tmp_path: Path
) -> None:
    """The sweep is found again by what the engine has: the pilot alone, or both."""
    sweep = await confirmed(bot)
    run_child(outside, "batch-1")
    (tmp_path / "new").mkdir()
    async with open_store(tmp_path / "new" / "signalbox.db") as empty:
        found = Bot(outside, empty, tmp_path / "new")
        await found.reconcile.once()
        await settle(found, 4)
        again = await found.swept(sweep.id)
        assert again.plan.pilot
        assert _sizes(outside) == [1]
        outside.logs.write("stream/batch-1", REPORT, at=outside.clock())
        await settle(found, 16)  # each may be at the engine already, and is looked for first
        assert _sizes(outside) == [1, 11]
