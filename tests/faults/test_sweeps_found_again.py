"""The store is lost in the middle of a sweep: what AWS knows of it is enough to go on."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from bot.adapters.sqlite import open_store
from bot.domain.model.observation import Attempt
from bot.domain.model.states import EndReason, JobState
from bot.domain.model.trial import TrialState
from bot.domain.posts import PostKind
from bot.errors import Unavailable
from bot.ports.store import Store
from bot.services.jobs.submit import TrainRequest
from tests.faults.restored import restored
from tests.support.projects import CHANNEL
from tests.support.services import MIKA, Bot, Outside
from tests.support.sweeps import (
    BEST,
    GRID,
    end_child,
    finished,
    leave,
    run_child,
    settle,
    table,
)

SEARCH = "lr=0.001..0.1:log"


@asynccontextmanager
async def _empty(outside: Outside, folder: Path, name: str = "empty.db") -> AsyncIterator[Bot]:
    """A bot whose store was lost, when it has seen for itself what runs."""
    outside.clock.tick(600)  # Batch lags no more, and the nonces protect no more
    async with open_store(folder / name) as store:
        bot = Bot(outside, store, folder)
        await bot.reconcile.once()
        yield bot


def _known_by(bot: Bot) -> dict[PostKind, int]:
    kinds = [message.post.new.kind for message in bot.outside.chat.messages]
    return {kind: kinds.count(kind) for kind in (PostKind.CARD, PostKind.THREAD, PostKind.END)}


ONCE = {PostKind.CARD: 1, PostKind.THREAD: 1, PostKind.END: 1}


async def test_an_array_is_taken_back_with_all_its_trials(bot: Bot, outside: Outside, tmp_path: Path) -> None:
    sweep_id = (await bot.sweep(GRID)).sweep.id
    await bot.turn()
    leave(outside, sweep_id, 0, BEST[0])
    run_child(outside, "batch-1:0")
    end_child(outside, "batch-1:0")
    run_child(outside, "batch-1:1")
    await settle(bot, 3)
    before = await bot.swept(sweep_id)

    async with _empty(outside, tmp_path) as again:
        await again.reconcile.once()
        await settle(again, 3)
        sweep = await again.swept(sweep_id)
        assert (sweep.plan, sweep.run.parameters, sweep.run.commit.sha) == (before.plan, {}, before.run.commit.sha)
        assert sweep.tally.counts == {TrialState.WAITING: 2, TrialState.RUNNING: 1, TrialState.SUCCEEDED: 1}
        assert [part.id for part in await again.store.submissions(sweep_id)] == [f"{sweep_id}-0"]
        for number in (1, 2, 3):
            leave(outside, sweep_id, number, BEST[number])
            end_child(outside, f"batch-1:{number}")
        await settle(again)
        assert [float(row["val_accuracy"]) for row in table(again)] == list(BEST)
        assert _known_by(again) == ONCE
        assert len(outside.engine.submissions) == 1
        assert not outside.engine.terminated
        assert not await again.store.unfinished()


async def test_what_is_not_varied_keeps_its_value(bot: Bot, outside: Outside, tmp_path: Path) -> None:
    sweep_id = (await bot.sweep("lr=0.1,0.01")).sweep.id
    await bot.turn()
    async with _empty(outside, tmp_path) as again:
        sweep = await again.swept(sweep_id)
        assert sweep.run.parameters == {"momentum": 0.5}


async def test_a_search_goes_on_where_it_was(bot: Bot, outside: Outside, tmp_path: Path) -> None:
    """Two trials have ended, one runs, and of a fourth the answer was lost."""
    sweep_id = (await bot.sweep(SEARCH, search="tpe", trials=6, parallel=2)).sweep.id
    await bot.turn()
    for number in (0, 1):
        leave(outside, sweep_id, number, 80.0 + number)
        end_child(outside, f"batch-{number + 1}")
        if number == 1:
            outside.engine.fail("submit", Unavailable("the connection was reset"), after=True)
        await settle(bot, 2)
    run_child(outside, "batch-3")
    points = [json.loads(call.environment["PARAMETERS"])["lr"] for call in outside.engine.submissions]
    assert len(points) == 4

    async with _empty(outside, tmp_path) as again:
        await settle(again, 6)
        assert len(outside.engine.submissions) == 4, "what ended and what runs is found by name"
        for number in range(2, 6):
            leave(outside, sweep_id, number, 80.0 + number)
            end_child(outside, f"batch-{number + 1}")
            await settle(again, 10)
        await settle(again)
        assert len(outside.engine.submissions) == 6
        rows = table(again)
        assert [row["trial"] for row in rows] == [f"{sweep_id}.{number}" for number in range(6)]
        assert [float(row["val_accuracy"]) for row in rows] == [80.0 + number for number in range(6)]
        assert [float(row["lr"]) for row in rows[:4]] == points, "the points that were run, not others"
        assert _known_by(again) == ONCE


@pytest.mark.parametrize("options", [{}, {"parallel": 2}], ids=["array", "one by one"])
async def test_a_trial_that_was_ended_before_the_loss_counts_as_stopped(
    bot: Bot, outside: Outside, tmp_path: Path, options: dict[str, int]
) -> None:
    """Whoever wanted it, or whether it could not win, is lost."""
    sweep_id = (await bot.sweep("lr=0.1,0.01,0.001", **options)).sweep.id
    await bot.turn()
    engine_id = "batch-2" if options else "batch-1:1"
    run_child(outside, engine_id)
    await settle(bot, 2)
    end_child(outside, engine_id, 143)
    outside.engine.jobs[engine_id] = replace(outside.engine.jobs[engine_id], terminated=True)
    async with _empty(outside, tmp_path) as again:
        await settle(again, 10)
        sweep = await again.swept(sweep_id)
        assert sweep.tally.count(TrialState.STOPPED) == 1
        assert not sweep.tally.count(TrialState.FAILED)


async def test_the_parts_of_a_large_sweep_are_one_sweep(bot: Bot, outside: Outside, tmp_path: Path) -> None:
    """One of its arrays has not reached Batch; another has ended, so that it is not among what lives."""
    proposal = await bot.sweep("lr=0.0001..0.9:250 m=0..0.9:100")
    sweep_id = (await bot.propose.confirm(proposal.sweep.id, MIKA)).id
    await bot.dispatch.once()
    outside.engine.fail("submit", Unavailable("the connection was reset"))
    await bot.launch.once()
    assert [call.name for call in outside.engine.submissions] == [
        f"signalbox-mnist-{sweep_id}-1",
        f"signalbox-mnist-{sweep_id}-2",
    ]
    over = outside.engine.jobs["batch-1"]
    outside.engine.jobs["batch-1"] = replace(over, state=JobState.FAILED, status_reason="Array Child Job failed")

    async with _empty(outside, tmp_path) as again:
        for _ in range(8):
            await again.dispatch.once()
            await again.launch.once()
            outside.clock.tick(15)
        calls = [json.loads(call.environment["SWEEP_SPACE"])["numbers"] for call in outside.engine.submissions]
        assert sorted(calls) == ["0-9999", "10000-19999", "20000-24999"]
        assert len(await again.store.submissions(sweep_id)) == 3


@pytest.mark.parametrize("parallel", [None, 1], ids=["array", "one by one"])
async def test_a_retry_runs_nothing_but_what_had_failed(
    bot: Bot, outside: Outside, tmp_path: Path, parallel: int | None
) -> None:
    """The good trials of the sweep before are known by what they left."""
    old = await _failed_twice(bot, outside, parallel)
    new = (await bot.propose.retry_failed(old, TrainRequest(MIKA, CHANNEL, 50))).sweep
    await bot.turn()
    before = len(outside.engine.submissions)
    array = parallel is None
    async with _empty(outside, tmp_path) as again:
        await settle(again, 5)
        assert len(outside.engine.submissions) == before
        leave(outside, new.id, 1, 94.4)
        leave(outside, new.id, 3, 59.7)
        end_child(outside, "batch-2:0" if array else "batch-5")
        await settle(again, 10)
        end_child(outside, "batch-2:1" if array else "batch-6")
        await settle(again)
        sweep = await again.swept(new.id)
        assert (sweep.request.retry_of, sweep.execution.reason) == (old, EndReason.SUCCEEDED)
        assert len(outside.engine.submissions) == (2 if array else 6)
        end = [row for row in table(again) if row["trial"]]
        assert [float(row["val_accuracy"]) for row in end] == [96.5, 94.4, 81.3, 59.7]


async def _failed_twice(bot: Bot, outside: Outside, parallel: int | None) -> str:
    """A sweep of four whose second and fourth trial have failed; its own end is out of the channel."""
    values = (96.5, None, 81.3, None)
    if parallel is None:
        sweep_id = (await finished(bot, values)).id
    else:
        sweep_id = (await bot.sweep(GRID, parallel=parallel)).sweep.id
        for number, value in enumerate(values):
            await settle(bot, 2)
            if value is not None:
                leave(outside, sweep_id, number, value)
            end_child(outside, f"batch-{number + 1}", 0 if value is not None else 1)
        await settle(bot)
    outside.chat.messages.clear()
    return sweep_id


async def test_what_the_config_does_not_know_any_more_is_left_to_the_guard(
    bot: Bot, outside: Outside, tmp_path: Path
) -> None:
    await bot.sweep("lr=0.1,0.01")
    await bot.turn()
    seen = outside.engine.jobs["batch-1"]
    asked = json.loads(dict(seen.environment)["SWEEP"]) | {"text": "warmup=1,2"}
    outside.engine.jobs["batch-1"] = replace(
        seen, environment=tuple((dict(seen.environment) | {"SWEEP": json.dumps(asked)}).items())
    )
    async with _empty(outside, tmp_path) as again:
        await again.reconcile.once()
        assert list(again.reconcile.orphans) == ["batch-1"]
        assert outside.engine.terminated == []
        assert await again.store.jobs() == []


async def test_a_part_of_a_sweep_that_has_been_told_is_ended(bot: Bot, outside: Outside, store: Store) -> None:
    """A snapshot may know the end of a sweep, and not all of its parts."""
    sweep_id = (await bot.sweep("lr=0.1,0.2", parallel=1)).sweep.id
    await bot.turn()
    seen = outside.engine.jobs["batch-1"]
    await bot.stop.stop(sweep_id, MIKA)
    outside.engine.move("batch-1", JobState.FAILED, reason="Stopped by mika")
    await settle(bot)
    assert not (await bot.job(sweep_id)).execution.live
    tags = dict(seen.tags) | {"signalbox:job": f"{sweep_id}-1"}
    environment = dict(seen.environment) | {"JOB_ID": f"{sweep_id}.1"}
    outside.engine.jobs["stray"] = replace(
        seen, engine_id="stray", tags=tuple(tags.items()), environment=tuple(environment.items())
    )
    await bot.reconcile.once()
    await settle(bot, 2)
    assert outside.engine.terminated[-1] == "stray"


# ---- with a snapshot ---------------------------------------------------------------------------------------
@pytest.mark.parametrize("taken", ["before the sweep", "before it is fed", "with its intent", "in the middle"])
@pytest.mark.parametrize("how", ["array", "search"])
async def test_a_snapshot_taken_at_any_time_and_aws_make_it_whole(
    outside: Outside, tmp_path: Path, taken: str, how: str
) -> None:
    """After the snapshot two trials ended, and were announced; the machine is lost before the others do."""
    path, copy, array = tmp_path / "signalbox.db", tmp_path / "copy.db", how == "array"
    engine_ids = [f"batch-1:{number}" for number in range(4)] if array else [f"batch-{n + 1}" for n in range(4)]
    async with open_store(path) as store:
        first = Bot(outside, store, tmp_path)
        if taken == "before the sweep":
            await store.snapshot(copy)
        options = {} if array else {"search": "tpe", "trials": 4, "parallel": 2}
        sweep_id = (await first.sweep(GRID if array else SEARCH, **options)).sweep.id
        if taken == "before it is fed":
            await store.snapshot(copy)
        await first.dispatch.once()
        if taken == "with its intent":
            await store.snapshot(copy)
        for number in (0, 1):
            await first.turn()
            leave(outside, sweep_id, number, BEST[number])
            run_child(outside, engine_ids[number])
            await settle(first, 2)
            end_child(outside, engine_ids[number])
            if (taken, number) == ("in the middle", 1):
                await store.snapshot(copy)
            await settle(first, 2)
        told = len(outside.chat.messages)
        points = [call.environment["PARAMETERS"] for call in outside.engine.submissions]
    outside.clock.tick(600)

    async with restored(outside, path, [copy], tmp_path) as second:
        await settle(second, 8)
        assert [call.environment["PARAMETERS"] for call in outside.engine.submissions] == points
        for number in (2, 3):
            leave(outside, sweep_id, number, BEST[number])
            run_child(outside, engine_ids[number])
            end_child(outside, engine_ids[number])
        await settle(second)
        assert len(outside.engine.submissions) == (1 if array else 4)
        assert [float(row["val_accuracy"]) for row in table(second)] == list(BEST)
        assert _known_by(second) == ONCE
        assert not outside.engine.terminated
        assert not await second.store.unfinished()
        new = {message.post.new.kind for message in outside.chat.messages[told:]}
        assert new <= {PostKind.NOTE, PostKind.END}


async def test_an_end_that_was_told_is_not_told_again(outside: Outside, tmp_path: Path) -> None:
    path, copy = tmp_path / "signalbox.db", tmp_path / "copy.db"
    async with open_store(path) as store:
        first = Bot(outside, store, tmp_path)
        await first.sweep("lr=0.1,0.01")
        await first.turn()
        await store.snapshot(copy)
        end_child(outside, "batch-1:0", 1)
        end_child(outside, "batch-1:1", 1)
        await settle(first)
        assert _known_by(first) == ONCE
    async with restored(outside, path, [copy], tmp_path) as second:
        await settle(second)
        assert _known_by(second) == ONCE
        assert not await second.store.unfinished()


async def test_trials_that_batch_has_forgotten_are_known_by_what_they_left(
    bot: Bot, outside: Outside, tmp_path: Path
) -> None:
    sweep_id = (await bot.sweep("lr=0.1,0.01")).sweep.id
    await bot.turn()
    leave(outside, sweep_id, 1, 90.0)
    await bot.track_jobs.once()
    outside.engine.jobs.clear()
    outside.clock.tick(3 * 86_400)
    for _ in range(30):
        await settle(bot, 1)
    sweep = await bot.swept(sweep_id)
    assert (sweep.execution.state, sweep.execution.reason) == (JobState.FAILED, EndReason.LOST)
    assert sweep.tally.counts == {TrialState.FAILED: 2}
    assert [row["val_accuracy"] for row in table(bot)] == ["", "90.0"]
    assert _known_by(bot) == ONCE


async def test_a_trial_whose_answer_comes_late_is_waited_for(bot: Bot, outside: Outside) -> None:
    """The array's own state is told before that of its trials."""
    sweep_id = (await bot.sweep("lr=0.1,0.01")).sweep.id
    await bot.turn()
    run_child(outside, "batch-1:1")
    for number in (0, 1):
        leave(outside, sweep_id, number, BEST[number])
    end_child(outside, "batch-1:0")
    end_child(outside, "batch-1:1")
    late = outside.engine.jobs["batch-1:1"]
    outside.engine.jobs["batch-1:1"] = replace(late, state=JobState.RUNNING, attempts=(Attempt(),))
    await settle(bot, 6)
    sweep = await bot.swept(sweep_id)
    assert sweep.execution.live
    outside.engine.jobs["batch-1:1"] = late
    await settle(bot)
    sweep = await bot.swept(sweep_id)
    assert sweep.tally.counts == {TrialState.SUCCEEDED: 2}


async def test_a_trial_that_batch_never_tells_of_is_told_as_lost(bot: Bot, outside: Outside) -> None:
    sweep_id = (await bot.sweep("lr=0.1,0.01")).sweep.id
    await bot.turn()
    leave(outside, sweep_id, 0, BEST[0])
    end_child(outside, "batch-1:0")
    end_child(outside, "batch-1:1")
    del outside.engine.jobs["batch-1:1"]
    for _ in range(40):
        await settle(bot, 1)
    sweep = await bot.swept(sweep_id)
    assert (sweep.execution.reason, sweep.tally.failures[0].reason) == (EndReason.SUCCEEDED, EndReason.LOST)
