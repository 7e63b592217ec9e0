"""What would pass a cap is not added, whatever it is and however many ask at once."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, closing
from dataclasses import replace
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from bot.adapters.sqlite import SqliteStore, open_store
from bot.domain.model.job import Job
from bot.domain.model.rows import Posted
from bot.domain.model.states import EndReason, JobState
from bot.domain.model.sweep import Sweep
from bot.domain.money.calendar import Calendar
from bot.domain.money.caps import Caps, Limits
from bot.domain.money.hold import Hold, HoldKind
from bot.domain.posts import Change
from bot.errors import CapReached
from tests.bot.adapters.sqlite.sweeps import PLAN
from tests.support.clock import Clock
from tests.support.jobs import caps, make_job, make_sweep, quote
from tests.support.rows import changed

NOON = 1_800_014_400.0
"""2027-01-15 12:00 UTC."""
DAY = 86_400.0
Opened = Callable[[Caps], AbstractAsyncContextManager[SqliteStore]]


@pytest.fixture
def clock() -> Clock:
    return Clock(NOON)


@pytest.fixture
def opened(tmp_path: Path, clock: Clock) -> Opened:
    return lambda caps: open_store(tmp_path / "signalbox.db", now=clock, caps=caps)


def job(usd: float, clock: Clock, **changes: object) -> Job:
    return make_job(quote=quote(usd), created_at=clock(), **changes)


async def end(store: SqliteStore, row: Posted, at: float) -> None:
    """Having spent nothing."""
    await store.change(row.id, lambda row: Change(row.ended(EndReason.NOT_SUBMITTED, at)))


class TestSums:
    async def test_a_person_may_reserve_up_to_the_cap_of_the_day(self, opened: Opened, clock: Clock) -> None:
        async with opened(caps(person_day_usd=0.3)) as store:
            for _ in range(3):
                await store.add(job(0.1, clock), [])
            with pytest.raises(CapReached):
                await store.add(job(0.1, clock), [])
            await store.add(job(0.3, clock, asker_id=2), [])

    async def test_a_refused_request_leaves_nothing(self, opened: Opened, clock: Clock) -> None:
        async with opened(caps(job_usd=1)) as store:
            refused = job(1.01, clock)
            with pytest.raises(CapReached):
                await store.add(refused, [])
            assert await store.job(refused.id) is None
            assert [row.id for row in await store.unfinished()] == []
            await store.add(job(1, clock), [])

    async def test_the_same_interaction_is_asked_once(self, opened: Opened, clock: Clock) -> None:
        async with opened(caps(person_day_usd=1)) as store:
            first = await store.add(job(1, clock), [])
            again = replace(job(1, clock), request=first.request)
            assert await store.add(again, []) == first

    async def test_an_end_frees_what_was_not_spent(self, opened: Opened, clock: Clock) -> None:
        async with opened(caps(person_day_usd=1)) as store:
            first = await store.add(job(1, clock), [])
            await end(store, first, clock())
            second = await store.add(job(1, clock), [])
            half = {"state": JobState.SUCCEEDED, "reason": EndReason.SUCCEEDED, "started_at": NOON}
            await store.change(second.id, lambda row: Change(changed(row, **half, ended_at=NOON + 1_800)))
            with pytest.raises(CapReached):
                await store.add(job(0.51, clock), [])
            await store.add(job(0.5, clock), [])

    async def test_what_costs_nothing_fits_under_a_sum_that_is_passed_already(
        self, opened: Opened, clock: Clock
    ) -> None:
        """A machine of one's own, and a cap that was lowered."""
        async with opened(caps(project_month_usd=10)) as store:
            await store.add(job(6, clock), [])
        async with opened(caps(project_month_usd=5)) as store:
            with pytest.raises(CapReached):
                await store.add(job(0.01, clock), [])
            await store.add(job(0, clock), [])

    async def test_a_month_of_a_project_adds_up_everybody(self, opened: Opened, clock: Clock) -> None:
        async with opened(caps(project_month_usd=10)) as store:
            await store.add(job(6, clock), [])
            clock.tick(10 * DAY)
            with pytest.raises(CapReached):
                await store.add(job(6, clock, asker_id=2), [])
            await store.add(job(6, clock, project="walker"), [])
            clock.tick(10 * DAY)
            await store.add(job(6, clock, asker_id=2), [])

    async def test_live_jobs_count_a_sweep_as_the_trials_that_may_run_at_once(
        self, opened: Opened, clock: Clock
    ) -> None:
        async with opened(caps(person_live_jobs=5, project_live_jobs=6)) as store:
            four = make_sweep(replace(PLAN, trials=40, parallel=4), created_at=clock())
            await store.add(four, [])
            with pytest.raises(CapReached, match=r"`parallel:1` would fit"):
                await store.add(make_sweep(replace(PLAN, trials=40), created_at=clock()), [])
            first = await store.add(make_job(created_at=clock()), [])
            with pytest.raises(CapReached, match=r"caps\.person_live_jobs"):
                await store.add(make_job(created_at=clock()), [])
            await store.add(make_job(created_at=clock(), asker_id=2), [])
            with pytest.raises(CapReached, match=r"caps\.project_live_jobs"):
                await store.add(make_job(created_at=clock(), asker_id=2), [])
            await end(store, first, clock())
            await store.add(make_job(created_at=clock()), [])


class TestUnknown:
    async def test_a_cap_in_usd_is_closed_to_what_has_no_price(self, opened: Opened, clock: Clock) -> None:
        for name in ("person_day_usd", "project_month_usd", "job_usd"):
            async with opened(caps(**{name: 1_000})) as store:
                with pytest.raises(CapReached, match=r"projects\.mnist\.usd_per_hour"):
                    await store.add(make_job(created_at=clock()), [])

    async def test_a_cap_of_live_jobs_is_not(self, opened: Opened, clock: Clock) -> None:
        async with opened(caps(person_live_jobs=1)) as store:
            await store.add(make_job(created_at=clock()), [])


class TestFoundAgain:
    async def test_an_adopted_job_counts_although_it_is_over_the_cap(self, opened: Opened, clock: Clock) -> None:
        async with opened(caps(person_day_usd=1)) as store:
            await store.add(job(5, clock, recovered_at=clock()), [])
            with pytest.raises(CapReached, match=r"\$5.00"):
                await store.add(job(0.1, clock), [])


class TestProjects:
    async def test_a_projects_own_limit_stands_in_place_of_the_general_one(self, opened: Opened, clock: Clock) -> None:
        limits = Caps(Limits(person_day_usd=1), {"walker": Limits(person_day_usd=3)})
        async with opened(limits) as store:
            await store.add(job(3, clock, project="walker"), [])
            with pytest.raises(CapReached, match=r"projects\.walker\.caps\.person_day_usd"):
                await store.add(job(0.1, clock, project="walker"), [])
            await store.add(job(1, clock), [])
            with pytest.raises(CapReached, match=r"`caps\.person_day_usd`"):
                await store.add(job(0.1, clock), [])


class TestClock:
    async def test_a_day_begins_where_the_timezone_says(self, opened: Opened, clock: Clock) -> None:
        limits = Caps(Limits(person_day_usd=1), calendar=Calendar(ZoneInfo("Asia/Tokyo")))
        async with opened(limits) as store:
            await store.add(job(1, clock), [])
            clock.tick(3 * 3_600 - 1)
            with pytest.raises(CapReached, match=r"tomorrow at 00:00 JST"):
                await store.add(job(1, clock), [])
            clock.tick(1)
            await store.add(job(1, clock), [])

    @pytest.mark.parametrize("back", [60.0, 3_600.0, DAY, 40 * DAY, 400 * DAY])
    async def test_a_clock_set_back_frees_nothing(self, opened: Opened, clock: Clock, back: float) -> None:
        async with opened(caps(person_day_usd=1, project_month_usd=1)) as store:
            await store.add(job(0.6, clock), [])
            clock.tick(-back)
            with pytest.raises(CapReached):
                await store.add(job(0.6, clock), [])

    @pytest.mark.parametrize("back", [3_600.0, DAY, 40 * DAY, 400 * DAY])
    async def test_what_is_asked_with_a_clock_set_back_counts_when_it_is_set_right(
        self, opened: Opened, clock: Clock, back: float
    ) -> None:
        async with opened(caps(person_day_usd=1)) as store:
            await store.add(job(0.4, clock), [])
            clock.tick(-back)
            await store.add(job(0.6, clock), [])
            clock.tick(back)
            with pytest.raises(CapReached):
                await store.add(job(0.1, clock), [])

    async def test_it_is_kept_through_a_restart(self, opened: Opened, clock: Clock) -> None:
        async with opened(caps(person_day_usd=1)) as store:
            await store.add(job(0.4, clock), [])
        clock.tick(-DAY)
        async with opened(caps(person_day_usd=1)) as store:
            await store.add(job(0.6, clock), [])
        clock.tick(DAY)
        async with opened(caps(person_day_usd=1)) as store:
            with pytest.raises(CapReached):
                await store.add(job(0.1, clock), [])


class TestHolds:
    @pytest.mark.parametrize("kind", [HoldKind.APPROVAL, HoldKind.FAILURES])
    async def test_what_waits_is_reserved_and_compared_again_when_it_is_let_go(
        self, opened: Opened, clock: Clock, kind: HoldKind
    ) -> None:
        waiting = job(3, clock, hold=Hold(kind, clock()))
        async with opened(caps(person_day_usd=4)) as store:
            await store.add(waiting, [])
            with pytest.raises(CapReached):
                await store.add(job(2, clock), [])
            await store.add(job(1, clock), [])
            await store.add(job(2, clock, recovered_at=clock()), [])
            with pytest.raises(CapReached):
                await store.change(waiting.id, released)
            stored = await store.job(waiting.id)
            assert stored is not None
            assert stored.execution.hold is not None

    async def test_a_hold_that_fits_is_let_go(self, opened: Opened, clock: Clock) -> None:
        async with opened(caps(person_day_usd=3)) as store:
            waiting = await store.add(job(3, clock, hold=Hold(HoldKind.APPROVAL, clock())), [])
            assert (await store.change(waiting.id, released)).execution.hold is None


def released(row: Posted) -> Change:
    return Change(replace(row, execution=row.execution.released()))  # type: ignore[type-var]


async def request(store: SqliteStore, number: int, clock: Clock) -> bool:
    """Several kinds of requests that cost $1 each: a job, a sweep, a draft that is confirmed."""
    kinds: tuple[Callable[[], Job | Sweep], ...] = (
        lambda: job(1, clock),
        lambda: make_sweep(PLAN, quote=quote(1, runs=2), created_at=clock()),
        lambda: job(1, clock, hold=Hold(HoldKind.APPROVAL, clock())),
    )
    row = kinds[number % 3]()
    if isinstance(row, Sweep):
        await store.keep_draft(row)
    try:
        await store.add(row, [])
    except CapReached:
        return False
    return True


@pytest.fixture
async def at_the_cap(tmp_path: Path, clock: Clock) -> AsyncIterator[tuple[SqliteStore, Path]]:
    path = tmp_path / "signalbox.db"
    async with open_store(path, now=clock, caps=caps(person_day_usd=2.5)) as store:
        yield store, path


@pytest.mark.parametrize("turns", [30, pytest.param(1_000, marks=pytest.mark.exhaustive)])
async def test_requests_at_once_never_pass_the_cap_together(
    at_the_cap: tuple[SqliteStore, Path], clock: Clock, turns: int
) -> None:
    store, path = at_the_cap
    for turn in range(turns):
        accepted = await asyncio.gather(*(request(store, turn + number, clock) for number in range(5)))
        assert sum(accepted) == 2, turn
        for row in await store.jobs(live=True):
            await end(store, row, clock())
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("SELECT count(*), sum(reserved_usd) FROM ledger").fetchone() == (2 * turns, 0.0)
