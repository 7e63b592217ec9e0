"""When a sweep is over."""

from collections.abc import Sequence
from typing import Any

import pytest

from bot.domain.model.states import EndReason
from bot.domain.model.sweep import Sweep
from bot.domain.model.trial import Trial, TrialState
from bot.domain.parameters import Value
from bot.domain.posts import PostKind
from tests.support.services import MIKA, Bot, Outside
from tests.support.sweeps import end_child, leave, settle


async def test_a_trial_that_was_stopped_and_never_submitted_keeps_no_stopped_sweep_open(
    bot: Bot, outside: Outside
) -> None:
    sweep_id = (await bot.sweep("lr=0.1,0.01")).sweep.id
    await bot.stop.stop(sweep_id, MIKA)
    await bot.one_trial.stop(sweep_id, 0, MIKA)
    await settle(bot)
    sweep = await bot.swept(sweep_id)
    assert (sweep.execution.reason, outside.engine.submissions) == (EndReason.STOPPED, [])
    assert len(bot.said(PostKind.END)) == 1


async def test_a_trial_that_was_stopped_before_its_turn_is_run_no_longer_than_it_takes_to_stop_it(
    bot: Bot, outside: Outside
) -> None:
    sweep_id = (await bot.sweep("lr=0.1,0.01", parallel=1)).sweep.id
    await bot.turn()
    await bot.one_trial.stop(sweep_id, 1, MIKA)
    end_child(outside, "batch-1")
    await settle(bot, 4)
    assert set(outside.engine.terminated) == {"batch-2"}
    end_child(outside, "batch-2", 143)
    await settle(bot)
    sweep = await bot.swept(sweep_id)
    assert sweep.execution.reason is EndReason.SUCCEEDED
    assert sum(sweep.tally.counts.values()) == 2
    assert len(bot.said(PostKind.END)) == 1


async def test_a_sweep_that_ends_while_the_sampler_thinks_gets_no_further_trial(
    bot: Bot, outside: Outside, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody would follow it, and it would cost money."""
    sweep_id = (await bot.sweep("lr=0.001..0.1:log", search="tpe", trials=3, parallel=1)).sweep.id
    await bot.turn()
    leave(outside, sweep_id, 0, 90.0)
    end_child(outside, "batch-1")
    for service in (bot.track_jobs, bot.track_trials, bot.collect_results):
        await service.once()

    async def ask(*told: Any, **how: Any) -> Sequence[dict[str, Value]]:
        await bot.stop.stop(sweep_id, MIKA)
        await bot.announce_sweep.once()
        assert not (await bot.job(sweep_id)).execution.live
        return [{"lr": 0.05}]

    monkeypatch.setattr(outside.sampler, "ask", ask)
    await bot.dispatch.once()
    await settle(bot)
    assert len(await bot.store.submissions(sweep_id)) == len(outside.engine.submissions) == 1
    assert not await bot.store.unfinished()


async def test_a_sweep_is_judged_by_what_its_trials_have_come_to_since_it_was_looked_at(
    bot: Bot, outside: Outside, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Other services go on while the picture of another sweep is drawn."""
    sweep_id = (await bot.sweep("lr=0.1,0.01")).sweep.id
    await bot.turn()
    for number in (0, 1):
        leave(outside, sweep_id, number, 90.0 + number)
        end_child(outside, f"batch-1:{number}")
    old = await bot.store.unfinished_sweeps()
    for service in (bot.track_jobs, bot.track_trials, bot.collect_results):
        await service.once()

    async def unfinished_sweeps() -> list[Sweep]:
        return old

    with monkeypatch.context() as patch:
        patch.setattr(bot.store, "unfinished_sweeps", unfinished_sweeps)
        await bot.announce_sweep.once()
    sweep = await bot.swept(sweep_id)
    assert sweep.execution.reason is EndReason.SUCCEEDED
    await bot.tell()
    assert f"val_accuracy 91 at lr {sweep.plan.space.point(1)['lr']}" in bot.said(PostKind.NOTE)[0]


async def test_a_sweep_each_of_whose_trials_was_stopped_was_stopped(bot: Bot, outside: Outside) -> None:
    sweep_id = (await bot.sweep("lr=0.1,0.01")).sweep.id
    await bot.turn()
    for number in (0, 1):
        await bot.one_trial.stop(sweep_id, number, MIKA)
        end_child(outside, f"batch-1:{number}", 143)
    await settle(bot)
    sweep = await bot.swept(sweep_id)
    assert sweep.tally.counts == {TrialState.STOPPED: 2}
    assert sweep.execution.reason is EndReason.STOPPED


async def test_of_a_sweep_that_is_over_nothing_stays_in_memory(
    bot: Bot, outside: Outside, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where another service had begun to look at it before its end was told."""
    sweep_id = (await bot.sweep("lr=0.1,0.01")).sweep.id
    await bot.turn()
    for number in (0, 1):
        end_child(outside, f"batch-1:{number}")
    old = await bot.store.unfinished_sweeps()
    await settle(bot)

    async def unfinished_sweeps() -> list[Sweep]:
        return old

    with monkeypatch.context() as patch:
        patch.setattr(bot.store, "unfinished_sweeps", unfinished_sweeps)
        await bot.report_trials.once()
    await bot.announce_sweep.once()
    read: list[str] = []
    trials = bot.store.trials

    async def counted(asked: str, numbers: Sequence[int] = ()) -> list[Trial]:
        read.append(asked)
        return await trials(asked, numbers)

    monkeypatch.setattr(bot.store, "trials", counted)
    await bot.trials.read_once(sweep_id)
    assert read == [sweep_id], "it is read anew"
