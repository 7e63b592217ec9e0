"""Several who change the trials of one sweep at once."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace

import pytest

from bot.domain.model.plan import Plan, Search
from bot.domain.model.rows import counted
from bot.domain.model.run import Commit
from bot.domain.model.space import Axis, Space
from bot.domain.model.states import EndReason, JobState
from bot.domain.model.sweep import Sweep
from bot.domain.model.trial import Trial, TrialState
from bot.domain.parameters import Kind
from bot.errors import StoreError
from bot.ports.store import Step
from bot.services.running.core import Core
from bot.services.running.wakeups import Wakeups
from bot.services.sweeps.trial_book import TrialBook
from tests.support import rows
from tests.support.clock import Clock
from tests.support.projects import CHANNEL, PROJECT

LR = (0.1, 0.01, 0.001)
PLAN = Plan("lr=0.1,0.01,0.001", Space((Axis("lr", Kind.FLOAT, LR),), {"axes": [["lr", list(LR)]]}), Search.GRID, 3)
SWEEP = rows.sweep(
    PLAN,
    id="k7q2mx",
    project=PROJECT.name,
    commit=Commit("a" * 40, "main"),
    parameters={},
    asker_id=1,
    asker_name="mika",
    channel_id=CHANNEL,
    interaction_id=9,
    created_at=1_000_000.0,
    timeout_seconds=3600,
    state=JobState.RUNNING,
)


class Memory:
    """The store's part in this. `before` and `after` happen around a write."""

    def __init__(self) -> None:
        self.job, self.kept, self.reads = SWEEP, dict[int, Trial](), 0
        self.writes: list[list[int]] = []
        self.before: Callable[[], object] = lambda: None
        self.after: Callable[[], object] = lambda: None

    async def trials(self, sweep_id: str) -> list[Trial]:
        self.reads += 1
        return [self.kept[number] for number in sorted(self.kept)]

    async def record(self, sweep_id: str, trials: Sequence[Trial], step: Step[Sweep]) -> Sweep:
        await asyncio.sleep(0)
        self.before()
        self.writes.append([trial.number for trial in trials])
        self.kept |= {trial.number: trial for trial in trials}
        change = step(self.job)
        self.job = self.job if change is None else counted(self.job, change.row)
        self.after()
        await asyncio.sleep(0)
        return self.job


@pytest.fixture
def memory() -> Memory:
    return Memory()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def trials(memory: Memory, clock: Clock) -> TrialBook:
    return TrialBook(Core(memory, {PROJECT.name: PROJECT}, Wakeups(), clock))  # type: ignore[arg-type]


def runs(trial: Trial) -> Trial:
    return replace(trial, state=JobState.RUNNING, engine_id=f"array:{trial.number}", started_at=1_000_000.0)


def ends(trial: Trial) -> Trial:
    return replace(trial, state=JobState.SUCCEEDED, reason=EndReason.SUCCEEDED, ended_at=1_000_060.0)


def valued(value: float) -> Callable[[Trial], Trial]:
    return lambda trial: replace(trial, value=value)


async def test_an_unknown_trial_is_made(trials: TrialBook, memory: Memory) -> None:
    job = await trials.update(SWEEP, {2: runs})
    assert isinstance(job, Sweep)
    assert job.tally.counts == {TrialState.WAITING: 2, TrialState.RUNNING: 1}
    assert job.publication.revision == SWEEP.publication.revision + 1
    assert memory.kept[2].engine_id == "array:2"


async def test_two_who_change_one_trial_at_once_both_have_it(trials: TrialBook, memory: Memory) -> None:
    await asyncio.gather(
        trials.update(SWEEP, {0: runs}), trials.update(SWEEP, {0: valued(96.5)}), trials.update(SWEEP, {0: ends})
    )
    assert (memory.kept[0].engine_id, memory.kept[0].value, memory.kept[0].state) == ("array:0", 96.5, "SUCCEEDED")
    assert await trials.all(SWEEP.id) == memory.kept
    assert memory.reads == 1


async def test_what_changes_nothing_is_not_written(trials: TrialBook, memory: Memory) -> None:
    await trials.update(SWEEP, {0: runs})
    job = await trials.update(memory.job, {0: runs, 1: lambda trial: trial})
    assert memory.writes == [[0]]
    assert job is memory.job


async def test_the_order_is_by_number(trials: TrialBook) -> None:
    await trials.update(SWEEP, {2: runs})
    await trials.update(SWEEP, {0: runs, 1: runs})
    assert list(await trials.all(SWEEP.id)) == [0, 1, 2]


async def test_time_alone_is_no_news_for_the_card(trials: TrialBook, memory: Memory, clock: Clock) -> None:
    before = await trials.update(SWEEP, {0: runs})
    clock.tick(5)
    after = await trials.update(before, {0: lambda trial: replace(trial, streams=("a/1",))})
    assert isinstance(before, Sweep)
    assert isinstance(after, Sweep)
    assert after.tally.seconds == before.tally.seconds + 5
    assert after.publication.revision == before.publication.revision


@pytest.mark.parametrize("when", ["before", "after"])
async def test_after_a_failed_write_the_store_is_believed(trials: TrialBook, memory: Memory, when: str) -> None:
    def fail() -> None:
        setattr(memory, when, lambda: None)
        raise StoreError("disk full")

    await trials.update(SWEEP, {0: runs})
    setattr(memory, when, fail)
    with pytest.raises(StoreError):
        await trials.update(memory.job, {0: ends})
    assert await trials.all(SWEEP.id) == memory.kept
    assert memory.kept[0].ended is (when == "after")


async def test_a_cancelled_write_is_read_again(trials: TrialBook, memory: Memory) -> None:
    task = asyncio.create_task(trials.update(SWEEP, {0: runs}))
    memory.after = task.cancel
    await asyncio.wait([task])
    memory.after = lambda: None
    assert task.cancelled()
    await trials.update(memory.job, {0: valued(1.0)})
    assert await trials.all(SWEEP.id) == memory.kept


async def test_what_is_handed_out_is_not_the_mirror(trials: TrialBook) -> None:
    (await trials.all(SWEEP.id))[7] = Trial(7)
    assert await trials.all(SWEEP.id) == {}


async def test_forgotten_it_is_read_again(trials: TrialBook, memory: Memory) -> None:
    await trials.update(SWEEP, {0: runs})
    trials.forget_all_but({"another"})
    assert await trials.all(SWEEP.id) == memory.kept
    assert memory.reads == 2
