"""The limiter with a clock of its own."""

import asyncio

import pytest

from bot.chat.delivery.limiter import Limiter
from tests.support.waiting import PATIENCE


class Time:
    """Moves when somebody sleeps."""

    def __init__(self) -> None:
        self.now = 100.0
        self.sleepers: list[tuple[float, asyncio.Event]] = []

    async def sleep(self, seconds: float) -> None:
        woken = asyncio.Event()
        self.sleepers.append((self.now + seconds, woken))
        await woken.wait()

    async def run(self) -> None:
        """Until nobody sleeps any more."""
        while True:
            for _ in range(10):
                await asyncio.sleep(0)
            if not self.sleepers:
                return
            self.sleepers.sort(key=lambda sleeper: sleeper[0])
            self.now, woken = self.sleepers.pop(0)
            woken.set()


async def test_no_second_holds_more_calls_than_the_limit_and_a_small_burst() -> None:
    time, sent = Time(), []
    limiter = Limiter(45, clock=lambda: time.now, sleep=time.sleep)

    async def call(lane: int) -> None:
        async with limiter.turn(lane):
            sent.append(time.now)

    async with asyncio.TaskGroup() as group:
        for lane in range(300):
            group.create_task(call(lane))
        await time.run()
    assert len(sent) == 300
    assert max(sum(start <= at < start + 1 for at in sent) for start in sent) <= 50
    assert 300 / 45 - 0.2 <= sent[-1] - sent[0] <= 300 / 45


async def test_idle_time_is_not_saved_up() -> None:
    time, sent = Time(), []
    limiter = Limiter(10, clock=lambda: time.now, sleep=time.sleep)

    async def call(lane: int) -> None:
        async with limiter.turn(lane):
            sent.append(time.now)

    await call(0)
    time.now += 1000
    async with asyncio.TaskGroup() as group:
        for lane in range(5):
            group.create_task(call(lane))
        await time.run()
    assert [round(at - 1100, 6) for at in sent[1:]] == [0, 0, 0.1, 0.2, 0.3]


async def test_a_lane_is_one_at_a_time_and_in_order() -> None:
    time, order = Time(), []
    limiter = Limiter(1000, clock=lambda: time.now, sleep=time.sleep)
    inside = 0

    async def call(number: int) -> None:
        nonlocal inside
        async with limiter.turn("thread"):
            inside += 1
            assert inside == 1
            await asyncio.sleep(0)
            order.append(number)
            inside -= 1

    async with asyncio.TaskGroup() as group:
        for number in range(20):
            group.create_task(call(number))
        await time.run()
    assert order == list(range(20))


async def test_a_slow_lane_holds_up_no_other() -> None:
    time = Time()
    limiter = Limiter(1000, clock=lambda: time.now, sleep=time.sleep)
    async with limiter.turn("slow"), asyncio.timeout(PATIENCE), limiter.turn("other"):
        pass


async def test_a_call_that_fails_or_is_cancelled_gives_its_lane_back() -> None:
    time = Time()
    limiter = Limiter(1000, clock=lambda: time.now, sleep=time.sleep)
    with pytest.raises(ValueError, match="ours"):
        async with limiter.turn("lane"):
            raise ValueError("ours")
    with pytest.raises(TimeoutError):
        async with limiter.turn("lane"), asyncio.timeout(0):
            await asyncio.sleep(1)
    async with asyncio.timeout(PATIENCE), limiter.turn("lane"):
        pass
