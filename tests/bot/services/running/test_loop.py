"""A service's loop: bells, rests after failures, and what the health page tells."""

import asyncio

import aiohttp
import pytest

from bot.adapters.health import serve
from bot.errors import StoreError, Unavailable
from bot.services.running.loop import LATE_SECONDS, Heartbeat, Loop, run_forever
from bot.services.running.wakeups import Wakeup
from tests.support.clock import Clock
from tests.support.waiting import PATIENCE


class Waits(Wakeup):
    """A bell whose waits are noted and take no time."""

    def __init__(self) -> None:
        super().__init__()
        self.waits: list[float] = []

    async def wait(self, seconds: float) -> None:
        self.waits.append(seconds)
        await asyncio.sleep(0)


async def _run(outcomes: list[Exception | None], seconds: float) -> list[float]:
    """The rests after passes with these outcomes."""
    waits = Waits()
    left = iter([*outcomes, StoreError("the end")])

    async def once() -> None:
        if (outcome := next(left)) is not None:
            raise outcome

    with pytest.raises(StoreError, match="the end"):
        await run_forever(Loop("test", once, seconds, waits), Heartbeat(Clock()))
    return waits.waits


async def test_a_failing_service_rests_longer_each_time_and_not_after_a_good_pass() -> None:
    failure = Unavailable("5xx")
    assert await _run([None, failure, failure, ValueError("bug"), None, failure], 0) == [0, 0.5, 1.0, 2.0, 0, 0.5]
    assert await _run([failure] * 9, 0) == [0.5, 1, 2, 4, 8, 16, 30, 30, 30]
    assert await _run([failure, None], 5) == [5, 5]


async def test_a_wakeup_ends_a_wait_and_several_count_as_one() -> None:
    wakeup = Wakeup()
    wakeup.wake()
    wakeup.wake()
    async with asyncio.timeout(PATIENCE):
        await wakeup.wait(3600)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.01):
            await wakeup.wait(3600)


async def test_the_health_page_names_a_service_that_is_late() -> None:
    clock = Clock()
    heartbeat = Heartbeat(clock)
    heartbeat.beat(Loop("tail", asyncio.Event().wait, 3))  # type: ignore[arg-type]
    heartbeat.beat(Loop("tidy", asyncio.Event().wait, 3600))  # type: ignore[arg-type]
    async with serve(0, heartbeat.wrong) as port, aiohttp.ClientSession(f"http://127.0.0.1:{port}") as session:
        async with session.get("/healthz") as response:
            assert (response.status, await response.text()) == (200, "ok")
        clock.tick(LATE_SECONDS + 4)
        async with session.get("/healthz") as response:
            assert (response.status, await response.text()) == (503, "tail: no good pass for 91 s")
        heartbeat.also(lambda: "deliver: stuck")
        async with session.get("/healthz") as response:
            assert await response.text() == "tail: no good pass for 91 s; deliver: stuck"
        async with session.get("/metrics") as response:
            assert response.status == 200
            assert "signalbox_service_failures_total" in await response.text()
