"""Trials that are stopped, and the rest of their sweep that is not."""

from dataclasses import replace

import pytest

from bot.domain.goal import Goal
from bot.domain.model.states import EndReason, JobState
from bot.domain.model.trial import Trial, TrialState
from bot.domain.posts import Change
from bot.domain.sweeps import halving
from bot.errors import StoreError, Unavailable
from bot.ports.store import Store
from bot.services.running.core import Core
from bot.services.running.wakeups import Wakeups
from bot.services.sweeps.prune import REPEAT_SECONDS, Prune
from bot.services.sweeps.trial_book import TrialBook
from tests.support.projects import PROJECT
from tests.support.rows import changed
from tests.support.scripted_sweep import Swept, grid, sweep_job
from tests.support.services import Outside

PLAN = replace(grid(lr=tuple(n / 10 for n in range(1, 7))), stop_losers=True)


def running(number: int, *values: float) -> Trial:
    reports = tuple(enumerate(values, 1))
    best = max(values, default=None)
    return Trial(number, f"array:{number}", JobState.RUNNING, value=best, reports=reports, epochs=10, started_at=1.0)


FOUR = tuple(running(number, 50.0 + number, 60.0 + number, 61.0 + number) for number in range(4))
"""The first two are given up."""


class Life:
    """One life of what prunes."""

    def __init__(self, store: Store, outside: Outside) -> None:
        projects = {PROJECT.name: PROJECT}
        self.outside, self.store, self.wakeups = outside, store, Wakeups()
        self.trials = TrialBook(Core(store, projects, Wakeups(), outside.clock))
        self.prune = Prune(Core(store, projects, self.wakeups, outside.clock), outside.engine, self.trials, Halving())
        self.swept = Swept(store, self.trials)

    async def all(self) -> dict[int, Trial]:
        return await self.trials.all("k7q2mx")


class Halving:
    """The sampler's part in this, as `bot/adapters/sampling/sampling_process.py` has it."""

    async def hopeless(self, plan: object, trials: object, goal: Goal) -> list[int]:
        return halving.hopeless(plan, trials, goal)  # type: ignore[arg-type]

    ask = importance = None


@pytest.fixture
async def life(store: Store, outside: Outside) -> Life:
    life = Life(store, outside)
    await life.swept.begin(PLAN)
    return life


async def test_losers_are_terminated_and_say_what_that_saves(life: Life) -> None:
    await life.swept.tell(*FOUR)
    await life.prune.once()
    assert life.outside.engine.terminated == ["array:0", "array:1"]
    known = await life.all()
    assert [known[n].pruned_at for n in range(4)] == [life.outside.clock(), life.outside.clock(), None, None]
    assert [known[n].saved_epochs for n in range(4)] == [7, 7, 0, 0]


async def test_one_that_diverged_is_terminated_and_says_so(life: Life) -> None:
    nan = float("nan")
    await life.swept.tell(replace(running(0, 1.0, 1.0), reports=((1, nan), (2, nan)), value=None), running(1, 50.0))
    await life.prune.once()
    assert life.outside.engine.terminated == ["array:0"]
    assert (await life.all())[0].detail == "it diverged: its metric is no longer a finite number"


async def test_ended_they_are_pruned_and_what_was_saved_is_summed(life: Life) -> None:
    await life.swept.tell(*FOUR)
    await life.prune.once()
    for number in (0, 1):
        trial = (await life.all())[number]
        await life.swept.tell(replace(trial, state=JobState.FAILED, reason=EndReason.STOPPED, ended_at=31.0))
    tally = (await life.swept.sweep()).tally
    assert tally.count(TrialState.PRUNED) == 2
    assert tally.saved_seconds == pytest.approx(2 * 7 * 30 / 3)
    await life.prune.once()
    assert life.outside.engine.terminated == ["array:0", "array:1"]


async def test_it_is_committed_before_it_is_done(life: Life) -> None:
    await life.swept.tell(*FOUR)
    seen: list[bool] = []
    terminate = life.outside.engine.terminate

    async def looks(engine_id: str, reason: str) -> None:
        kept = {trial.engine_id: trial for trial in await life.store.trials("k7q2mx")}
        seen.append(kept[engine_id].pruned_at is not None)
        await terminate(engine_id, reason)

    life.outside.engine.terminate = looks  # type: ignore[method-assign]
    await life.prune.once()
    assert seen == [True, True]


async def test_a_kill_in_between_is_made_good(life: Life, outside: Outside) -> None:
    await life.swept.tell(*FOUR)
    outside.engine.fail("terminate", StoreError("killed"))  # type: ignore[arg-type]
    with pytest.raises(StoreError):
        await life.prune.once()
    assert outside.engine.terminated == []
    second = Life(life.store, outside)
    await second.prune.once()
    assert outside.engine.terminated == ["array:0", "array:1"]


async def test_until_it_has_ended_it_is_called_again_and_not_at_every_pass(life: Life, outside: Outside) -> None:
    await life.swept.tell(*FOUR)
    for _ in range(3):
        await life.prune.once()
    assert outside.engine.terminated == ["array:0", "array:1"]
    outside.clock.tick(REPEAT_SECONDS)
    await life.prune.once()
    assert outside.engine.terminated == ["array:0", "array:1"] * 2


async def test_a_call_that_failed_is_repeated_at_once_and_holds_up_no_other(life: Life, outside: Outside) -> None:
    await life.swept.tell(*FOUR)
    outside.engine.fail("terminate", Unavailable("reset"))
    await life.prune.once()
    assert outside.engine.terminated == ["array:1"]
    await life.prune.once()
    assert outside.engine.terminated == ["array:1", "array:0"]


async def test_one_that_ended_meanwhile_is_not_given_up(life: Life) -> None:
    await life.swept.tell(*FOUR)
    decide = life.prune._sampler.hopeless

    async def ends(*given: object) -> list[int]:
        found = await decide(*given)  # type: ignore[arg-type]
        await life.swept.tell(replace(FOUR[0], state=JobState.SUCCEEDED, reason=EndReason.SUCCEEDED))
        return found

    life.prune._sampler.hopeless = ends  # type: ignore[method-assign]
    await life.prune.once()
    assert life.outside.engine.terminated == ["array:1"]
    assert (await life.all())[0].pruned_at is None


async def test_nothing_is_stopped_that_was_not_asked_for(store: Store, outside: Outside) -> None:
    life = Life(store, outside)
    await life.swept.begin(replace(PLAN, stop_losers=False))
    await life.swept.tell(*FOUR)
    await life.prune.once()
    assert outside.engine.terminated == []


async def test_in_a_sweep_that_is_being_stopped_nothing_is_decided_any_more(life: Life, outside: Outside) -> None:
    await life.swept.tell(*FOUR)
    await life.store.change("k7q2mx", lambda job: Change(changed(job, stop_by="mika", stop_at=1.0)))
    await life.prune.once()
    assert outside.engine.terminated == []


async def test_a_trial_that_somebody_wants_stopped_is_terminated(store: Store, outside: Outside) -> None:
    life = Life(store, outside)
    await life.swept.begin(replace(PLAN, stop_losers=False))
    reasons: list[str] = []

    async def terminate(engine_id: str, reason: str) -> None:
        reasons.append(f"{engine_id}: {reason}")

    outside.engine.terminate = terminate  # type: ignore[method-assign]
    waits = Trial(5, stop_by="noor")
    await life.swept.tell(FOUR[0], replace(FOUR[1], stop_by="noor", stop_by_id=2), waits)
    await life.prune.once()
    assert reasons == ["array:1: Stopped by Discord user 2"]


async def test_a_sweep_that_cannot_be_decided_on_holds_up_no_other(life: Life, outside: Outside) -> None:
    await life.swept.tell(*FOUR)
    await life.store.add(changed(sweep_job(PLAN, at=1_000_001.0), id="m4t8rw", interaction_id=10), ())
    other = await life.store.job("m4t8rw")
    assert other is not None
    await life.trials.update(other, {n: lambda _, n=n: replace(FOUR[n], engine_id=f"other:{n}") for n in range(4)})
    decide, calls = life.prune._sampler.hopeless, 0

    async def fails_at_first(*given: object) -> list[int]:
        nonlocal calls
        calls += 1
        if calls == 1:
            raise Unavailable("sampling took longer than 60 s and was given up")
        return await decide(*given)  # type: ignore[arg-type]

    life.prune._sampler.hopeless = fails_at_first  # type: ignore[method-assign]
    with pytest.raises(Unavailable):
        await life.prune.once()
    assert outside.engine.terminated == ["other:0", "other:1"]
