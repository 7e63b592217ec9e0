"""Measure how late the event loop wakes: everything else in the bot waits when one step takes long."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

from prometheus_client import Gauge, Histogram

STEP_SECONDS = 0.05
_SCHEDSTAT = Path("/proc/self/schedstat")
_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5)

LATE = Histogram("signalbox_loop_late_seconds", "How late the event loop woke", buckets=_BUCKETS)
LATE_MOST = Gauge("signalbox_loop_late_most_seconds", "How late the event loop woke at most since the last scrape")
STALL_MOST = Gauge(
    "signalbox_loop_stall_most_seconds", "Like late_most, without the time in which the machine gave it no processor"
)


class Maximum:
    """The greatest value since it was last taken."""

    def __init__(self) -> None:
        self._value = 0.0

    def add(self, value: float) -> None:
        self._value = max(self._value, value)

    def take(self) -> float:
        value, self._value = self._value, 0.0
        return value


def waited_for_processor() -> float:
    """Seconds for which the main thread was ready to run while others ran; 0 if the system does not report it.

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
    """Run forever. A stall is the bot's own fault; lateness beyond it is the machine's load."""
    late, stall = Maximum(), Maximum()
    LATE_MOST.set_function(late.take)
    STALL_MOST.set_function(stall.take)
    before, starved_before = clock(), starved()
    while True:
        await sleep(STEP_SECONDS)
        now, starved_now = clock(), starved()
        seconds = max(0.0, now - before - STEP_SECONDS)
        LATE.observe(seconds)
        late.add(seconds)
        stall.add(max(0.0, seconds - (starved_now - starved_before)))
        before, starved_before = now, starved_now
