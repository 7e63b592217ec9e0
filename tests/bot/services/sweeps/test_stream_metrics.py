"""What running trials tell, by way of their logs."""

import asyncio
import json
from dataclasses import replace

import pytest

from bot.domain.model.plan import Plan
from bot.domain.model.states import EndReason, JobState
from bot.domain.model.sweep import Sweep
from bot.domain.model.trial import Trial, TrialState
from bot.errors import Throttled, Unavailable
from bot.ports.store import Store
from bot.services.running.adaptive_pace import AdaptivePace
from bot.services.running.core import Core
from bot.services.running.wakeups import Wakeups
from bot.services.sweeps.stream_metrics import MAX_TRIALS, StreamMetrics
from bot.services.sweeps.trial_book import TrialBook
from tests.support.clock import Clock
from tests.support.projects import PROJECT
from tests.support.rows import changed
from tests.support.scripted_sweep import TWO, Swept, grid, sweep_job
from tests.support.services import Outside

STARTED = 999_900.0


def row(epoch: int, value: float, epochs: int = 10) -> str:
    return "@metrics " + json.dumps({"epoch": epoch, "epochs": epochs, "val_accuracy": value})


def running(number: int, *streams: str, started_at: float = STARTED) -> Trial:
    named = streams or (f"t/{number}",)
    return Trial(number, f"b:{number}", JobState.RUNNING, streams=named, started_at=started_at)


class Life:
    """One life of what listens, on the store and the logs that survive it."""

    def __init__(self, store: Store, outside: Outside, wakeups: Wakeups) -> None:
        projects, steady = {PROJECT.name: PROJECT}, Clock()
        self.store, self.outside, self.wakeups = store, outside, wakeups
        self.trials = TrialBook(Core(store, projects, Wakeups(), outside.clock))
        pace = AdaptivePace(5, now=steady, sleep=steady.sleep)
        self.stream_metrics = StreamMetrics(
            Core(store, projects, self.wakeups, outside.clock), outside.logs, self.trials, pace
        )
        self.swept = Swept(store, self.trials)

    async def begin(self, *trials: Trial, plan: Plan = TWO) -> Sweep:
        await self.swept.begin(plan)
        await self.swept.tell(*trials)
        return await self.swept.sweep()

    async def told(self, number: int) -> Trial:
        return (await self.trials.all("k7q2mx"))[number]

    def say(self, stream: str, *lines: str) -> None:
        self.outside.logs.write(stream, *lines, at=self.outside.clock())


@pytest.fixture
def life(store: Store, outside: Outside, wakeups: Wakeups) -> Life:
    return Life(store, outside, wakeups)


async def test_reports_value_and_epochs_come_from_the_log(life: Life) -> None:
    before = await life.begin(running(0))
    life.say("t/0", "loading", row(1, 80.0), "@metrics {", row(2, 90.0), row(3, 85.0))
    await life.stream_metrics.once()
    trial = await life.told(0)
    assert trial.reports == ((1, 80.0), (2, 90.0), (3, 85.0))
    assert (trial.value, trial.epoch, trial.epochs) == (90.0, 2, 10)
    sweep = await life.swept.sweep()
    assert sweep.tally.leaders[0].value == 90.0
    assert sweep.tally.progress == pytest.approx(0.3 / 4)
    assert sweep.publication.revision > before.publication.revision
    assert [kept.reports for kept in await life.store.trials("k7q2mx")] == [trial.reports]


async def test_a_second_pass_reads_on_and_writes_nothing_where_nothing_is_new(life: Life) -> None:
    await life.begin(running(0))
    life.say("t/0", row(1, 80.0))
    await life.stream_metrics.once()
    before = await life.swept.sweep()
    await life.stream_metrics.once()
    assert await life.swept.sweep() == before
    life.outside.clock.tick(30)
    life.say("t/0", row(2, 70.0))
    await life.stream_metrics.once()
    assert (await life.told(0)).reports == ((1, 80.0), (2, 70.0))
    assert life.outside.logs.calls[-1][1] > life.outside.logs.calls[0][1]


async def test_after_a_restart_it_comes_to_the_same(life: Life, outside: Outside) -> None:
    await life.begin(running(0))
    life.say("t/0", row(1, 80.0))
    await life.stream_metrics.once()
    life.say("t/0", row(2, 82.0))
    second = Life(life.store, outside, life.wakeups)
    await second.stream_metrics.once()
    assert (await second.told(0)).reports == ((1, 80.0), (2, 82.0))


async def test_the_best_of_a_lost_attempt_is_no_part_of_the_run(life: Life) -> None:
    await life.begin(running(0, "t/a"))
    life.say("t/a", row(1, 60.0), row(10, 71.15))
    await life.stream_metrics.once()
    assert (await life.told(0)).value == 71.15
    await life.swept.tell(replace(await life.told(0), streams=("t/a", "t/b")))
    life.say("t/b", row(1, 40.0))
    await life.stream_metrics.once()
    trial = await life.told(0)
    assert (trial.reports, trial.value, trial.epoch) == (((1, 40.0),), 40.0, 1)


async def test_the_last_attempt_is_listened_to_and_overwrites(life: Life) -> None:
    await life.begin(running(0))
    life.say("t/0", row(1, 80.0), row(2, 81.0))
    await life.stream_metrics.once()
    await life.swept.tell(replace(await life.told(0), streams=("t/0", "t/0b")))
    life.say("t/0b", row(2, 82.0))
    await life.stream_metrics.once()
    assert (await life.told(0)).reports == ((1, 80.0), (2, 82.0))


async def test_missing_stream_does_not_block_the_others(life: Life) -> None:
    await life.begin(running(0), running(1), running(2), running(3))
    for number in (0, 1, 3):
        life.say(f"t/{number}", row(1, 80.0 + number))
    await life.stream_metrics.once()
    assert [(await life.told(n)).value for n in range(4)] == [80.0, 81.0, None, 83.0]


async def test_many_streams_share_a_call(life: Life) -> None:
    plan = grid(lr=tuple(n / 1000 for n in range(1, 151)))
    await life.begin(*(running(n) for n in range(150)), plan=plan)
    for number in range(150):
        life.say(f"t/{number}", row(1, float(number)))
    await life.stream_metrics.once()
    assert [len(streams) for streams, _ in life.outside.logs.calls] == [100, 50]
    assert (await life.swept.sweep()).tally.leaders[0].value == 149.0


async def test_longest_running_trials_are_read_if_there_are_too_many(life: Life) -> None:
    plan = grid(lr=tuple(n / 1000 for n in range(1, 301)))
    trials = [running(n, started_at=STARTED - n) for n in range(300)]
    await life.begin(*trials, plan=plan)
    for number in range(300):
        life.say(f"t/{number}", row(1, 50.0))
    await life.stream_metrics.once()
    reported = {trial.number for trial in (await life.trials.all("k7q2mx")).values() if trial.reports}
    assert reported == set(range(300 - MAX_TRIALS, 300))


async def test_all_trials_are_read_if_losers_are_stopped(life: Life) -> None:
    plan = replace(grid(lr=tuple(n / 1000 for n in range(1, 301))), stop_losers=True)
    await life.begin(*(running(n) for n in range(300)), plan=plan)
    for number in range(300):
        life.say(f"t/{number}", row(1, 50.0))
    await life.stream_metrics.once()
    assert all(trial.reports for trial in (await life.trials.all("k7q2mx")).values())
    async with asyncio.timeout(0):
        await life.wakeups.of("prune").wait(60)


async def test_ended_trial_is_read_a_little_longer_while_others_are_compared_with_it(life: Life) -> None:
    now = life.outside.clock()
    ended = replace(running(0), state=JobState.SUCCEEDED, reason=EndReason.SUCCEEDED, ended_at=now - 10)
    await life.begin(
        ended, replace(ended, number=1, streams=("t/1",), ended_at=now - 100), plan=replace(TWO, stop_losers=True)
    )
    for number in (0, 1):
        life.say(f"t/{number}", row(1, 50.0))
    await life.stream_metrics.once()
    assert [(await life.told(n)).reports for n in (0, 1)] == [((1, 50.0),), ()]


async def test_what_has_been_measured_is_not_overwritten(life: Life) -> None:
    now = life.outside.clock()
    measured = replace(
        running(0),
        state=JobState.SUCCEEDED,
        reason=EndReason.SUCCEEDED,
        ended_at=now,
        value=95.0,
        epoch=4,
        measured=True,
    )
    await life.begin(measured, plan=replace(TWO, stop_losers=True))
    life.say("t/0", row(1, 99.0))
    await life.stream_metrics.once()
    trial = await life.told(0)
    assert (trial.value, trial.epoch, trial.reports) == (95.0, 4, ((1, 99.0),))


async def test_what_ends_while_it_is_read_keeps_its_end(life: Life) -> None:
    """Follow and Listen change one trial, each what it knows of."""
    await life.begin(running(0))
    life.say("t/0", row(1, 80.0))
    read = life.outside.logs.read

    async def ends(*given: object) -> object:
        page = await read(*given)  # type: ignore[arg-type]
        await life.swept.tell(replace(running(0), state=JobState.SUCCEEDED, reason=EndReason.SUCCEEDED))
        return page

    life.outside.logs.read = ends  # type: ignore[assignment, method-assign]
    await life.stream_metrics.once()
    trial = await life.told(0)
    assert (trial.shown, trial.reports) == (TrialState.SUCCEEDED, ((1, 80.0),))


async def test_throttled_it_slows_down_and_misses_nothing(life: Life) -> None:
    await life.begin(running(0))
    life.say("t/0", row(1, 80.0))
    life.outside.logs.fail("read", Throttled("rate exceeded"), times=3)
    await life.stream_metrics.once()
    assert (await life.told(0)).value == 80.0


async def test_a_sweep_that_cannot_be_read_holds_up_no_other_and_is_told(life: Life) -> None:
    await life.begin(running(0))
    await life.store.add(changed(sweep_job(at=1_000_001.0), id="m4t8rw", interaction_id=10), ())
    other = await life.store.job("m4t8rw")
    assert other is not None
    await life.trials.update(other, {0: lambda _: running(0, "other/0")})
    for stream in ("t/0", "other/0"):
        life.say(stream, row(1, 80.0))
    life.outside.logs.fail("read", Unavailable("reset"))
    with pytest.raises(Unavailable):
        await life.stream_metrics.once()
    reported = [(await life.trials.all(name))[0].value for name in ("k7q2mx", "m4t8rw")]
    assert reported == [None, 80.0]
    await life.stream_metrics.once()
    assert (await life.told(0)).value == 80.0


async def test_what_was_read_before_a_failure_is_kept(life: Life) -> None:
    await life.begin(running(0))
    life.say("t/0", row(1, 80.0), row(2, 81.0))
    life.outside.logs.page = 1
    read, calls = life.outside.logs.read, 0

    async def fails_at_the_second(*given: object) -> object:
        nonlocal calls
        calls += 1
        if calls == 2:
            raise Unavailable("reset")
        return await read(*given)  # type: ignore[arg-type]

    life.outside.logs.read = fails_at_the_second  # type: ignore[assignment, method-assign]
    with pytest.raises(Unavailable):
        await life.stream_metrics.once()
    assert (await life.told(0)).reports == ((1, 80.0),)
    await life.stream_metrics.once()
    assert (await life.told(0)).reports == ((1, 80.0), (2, 81.0))


@pytest.mark.parametrize("what", ["waits", "has ended", "has no stream"])
async def test_others_are_not_read(life: Life, what: str) -> None:
    trial = {
        "waits": replace(running(0), state=JobState.RUNNABLE),
        "has ended": replace(running(0), state=JobState.SUCCEEDED, ended_at=life.outside.clock()),
        "has no stream": replace(running(0), streams=()),
    }[what]
    await life.begin(trial)
    life.say("t/0", row(1, 80.0))
    await life.stream_metrics.once()
    assert life.outside.logs.calls == []
