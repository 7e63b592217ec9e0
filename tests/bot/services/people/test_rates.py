"""One person's share: never more than the limits, never less, whatever others do, and in bounded memory."""

from contextlib import AsyncExitStack
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.config.limits import Limits, shares
from bot.domain.model.job import Job
from bot.errors import TooMany
from bot.services.people.rates import REMEMBERED, Limit, Rates, Share
from tests.support.clock import Clock
from tests.support.jobs import make_job

PER_MINUTE, AT_ONCE = 6, 2


class Jobs:
    """Of the store what the limits read."""

    def __init__(self, *jobs: Job) -> None:
        self.all = list(jobs)

    async def jobs(self, *, asker_id: int, limit: int) -> list[Job]:
        return [job for job in self.all if job.request.asker_id == asker_id][:limit]


def rates(clock: Clock, *jobs: Job, **changes: Any) -> Rates:
    limits = dict.fromkeys(Share, Limit(PER_MINUTE, AT_ONCE)) | changes.pop("limits", {})
    store: Any = Jobs(*jobs)
    return Rates(store, limits, changes.pop("starts_per_hour", 3), now=clock, clock=clock)


async def ask(limited: Rates, person: int = 1, share: Share = Share.PLOTS) -> bool:
    try:
        async with limited.admitted(person, share):
            return True
    except TooMany:
        return False


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(1, 3), st.floats(0, 40)), max_size=60))
async def test_no_minute_has_more_than_two_shares_and_a_patient_person_is_never_refused(
    asked: list[tuple[int, float]],
) -> None:
    """Against a model: the tokens of each person, counted from all their requests."""
    clock = Clock(0.0)
    limited = rates(clock)
    admitted: dict[int, list[float]] = {}
    left: dict[int, tuple[float, float]] = {}
    for person, pause in asked:
        clock.tick(pause)
        tokens, at = left.get(person, (float(PER_MINUTE), clock()))
        tokens = min(PER_MINUTE, tokens + (clock() - at) * PER_MINUTE / 60)
        expected = tokens >= 1
        if abs(tokens - 1) > 1e-6:
            assert await ask(limited, person) is expected
        else:
            expected = await ask(limited, person)
        left[person] = (tokens - expected, clock())
        if expected:
            admitted.setdefault(person, []).append(clock())
    for times in admitted.values():
        assert all(sum(1 for t in times if at <= t < at + 60) <= 2 * PER_MINUTE for at in times)


@given(st.lists(st.tuples(st.integers(1, 3), st.booleans()), max_size=40))
async def test_number_under_way_is_each_persons_own(steps: list[tuple[int, bool]]) -> None:
    clock = Clock(0.0)
    limited = rates(clock, limits={Share.PLOTS: Limit(10_000, AT_ONCE)})
    under_way: dict[int, list[AsyncExitStack]] = {1: [], 2: [], 3: []}
    for person, begins in steps:
        if not begins:
            if under_way[person]:
                await under_way[person].pop().aclose()
            continue
        stack = AsyncExitStack()
        full = len(under_way[person]) == AT_ONCE
        try:
            await stack.enter_async_context(limited.admitted(person, Share.PLOTS))
        except TooMany:
            assert full
        else:
            assert not full
            under_way[person].append(stack)


async def test_what_is_refused_says_when_to_try_again() -> None:
    clock = Clock(0.0)
    limited = rates(clock)
    async with limited.admitted(1, Share.PLOTS), limited.admitted(1, Share.PLOTS):
        with pytest.raises(TooMany, match=r"You have 2 plots under way. Try again when one of them is done."):
            await limited.admitted(1, Share.PLOTS).__aenter__()
        assert await ask(limited, 2)
        assert await ask(limited, 1, Share.FILES)
    for _ in range(PER_MINUTE - 2):
        assert await ask(limited)
    with pytest.raises(TooMany, match=r"asked for 6 plots within a minute, .* Try again in 10 s."):
        await limited.admitted(1, Share.PLOTS).__aenter__()
    clock.tick(10.0)
    assert await ask(limited)
    assert not await ask(limited)


async def test_what_fails_is_not_under_way_for_ever() -> None:
    limited = rates(Clock(0.0), limits={Share.PLOTS: Limit(100, 1)})
    for _ in range(5):
        with pytest.raises(ValueError, match="broken"):
            async with limited.admitted(1, Share.PLOTS):
                raise ValueError("broken")


async def test_clock_that_is_set_back_gives_and_takes_nothing() -> None:
    clock = Clock(1_000.0)
    limited = rates(clock)
    for _ in range(PER_MINUTE):
        assert await ask(limited)
    clock.now = 0.0
    assert not await ask(limited)
    clock.tick(10.0)
    assert await ask(limited)


async def test_people_who_come_and_go_are_forgotten_once_their_share_is_whole() -> None:
    clock = Clock(0.0)
    limited = rates(clock)
    for _ in range(PER_MINUTE):
        assert await ask(limited, 0)
    for person in range(1, 20 * REMEMBERED):
        await ask(limited, person)
        clock.tick(0.05)
    assert len(limited) <= REMEMBERED
    assert await ask(limited, 0)


async def test_forgetting_never_gives_anybody_a_new_share() -> None:
    clock = Clock(0.0)
    limited = rates(clock)
    for _ in range(PER_MINUTE):
        assert await ask(limited, 0)
    async with limited.admitted(-1, Share.PLOTS), limited.admitted(-1, Share.PLOTS):
        for person in range(1, 3 * REMEMBERED):
            await ask(limited, person)
        assert not await ask(limited, 0)
        assert not await ask(limited, -1)


class TestStartsPerHour:
    def jobs(self, *minutes_ago: float) -> list[Job]:
        return [make_job(asker_id=1, created_at=10_000.0 - 60 * ago) for ago in minutes_ago]

    async def test_are_counted_in_the_store_so_a_restart_resets_nothing(self) -> None:
        for _ in range(2):
            limited = rates(Clock(10_000.0), *self.jobs(5, 10, 50, 70))
            with pytest.raises(TooMany, match=r"started 3 jobs and sweeps within an hour, .* Try again in 10 min"):
                await limited.admitted(1, Share.STARTS).__aenter__()
            assert await ask(limited, 1, Share.PLOTS)
            assert await ask(limited, 2, Share.STARTS)

    async def test_older_ones_do_not_count(self) -> None:
        assert await ask(rates(Clock(10_000.0), *self.jobs(5, 10, 61)), 1, Share.STARTS)
        assert await ask(rates(Clock(10_000.0), *self.jobs(5, 10)), 1, Share.STARTS)

    async def test_jobs_from_a_clock_that_was_ahead_do_not_lock_anybody_out(self) -> None:
        assert await ask(rates(Clock(10_000.0), *self.jobs(-300, -300, -300)), 1, Share.STARTS)


def test_every_share_has_its_limits() -> None:
    assert set(shares(Limits())) == set(Share)
