"""Measure how late the event loop wakes: what everything else in the bot waits for when one step takes long."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

from prometheus_client import Gauge, Histogram

STEP_SECONDS = 0.05
_SCHEDSTAT = Path("/proc/self/schedstat")
_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5)

LATE = Histogram("signalbox_loop_late_seconds", "How late the event loop woke", buckets=_BUCKETS)
LATE_MOST = Gauge("signalbox_loop_late_most_seconds", "The most that the event loop was late since the last scrape")
STALL_MOST = Gauge(
    "signalbox_loop_stall_most_seconds", "As late_most, without the time for which the machine gave it no processor"
)


class Most:
    """The greatest value since it was last taken."""

    def __init__(self) -> None:
        self._value = 0.0

    def see(self, value: float) -> None:
        self._value = max(self._value, value)

    def take(self) -> float:
        value, self._value = self._value, 0.0
        return value


def waited_for_processor() -> float:
    """Seconds for which the main thread was ready to run and others ran; 0 where the system does not tell.

    https://docs.kernel.org/scheduler/sched-stats.html
    """
    try:
        return int(_SCHEDSTAT.read_bytes().split()[1]) / 1e9
    except (OSError, IndexError):
        return 0.0


async def measure(
    *,
    clock: Callable[[], float] = time.perf_counter,
    sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
    starved: Callable[[], float] = waited_for_processor,
) -> None:
    """Runs for ever. A stall is the bot's own doing; what it is late beyond that is the machine's load."""
    late, stall = Most(), Most()
    LATE_MOST.set_function(late.take)
    STALL_MOST.set_function(stall.take)
    before, starved_before = clock(), starved()
    while True:
        await sleep(STEP_SECONDS)
        now, starved_now = clock(), starved()
        seconds = max(0.0, now - before - STEP_SECONDS)
        LATE.observe(seconds)
        late.see(seconds)
        stall.see(max(0.0, seconds - (starved_now - starved_before)))
        before, starved_before = now, starved_now
