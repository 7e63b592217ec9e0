"""Clocks that a test moves: one to pass on, and that of the running event loop."""

import asyncio


class Clock:
    """Time that goes on only when a test says so; seconds since the epoch."""

    def __init__(self, now: float = 1_000_000.0) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now

    def tick(self, seconds: float) -> None:
        self.now += seconds

    async def sleep(self, seconds: float) -> None:
        self.now += seconds


def skip(seconds: float) -> None:
    """Let the loop's time jump ahead: every pause and timeout that ends by then ends now.

    So no test waits for a long pause, and no short one can run out on a busy machine. Only asyncio's own timers follow.
    `time.time` and `time.monotonic` stay. A loop ends with its test.
    """
    loop = asyncio.get_running_loop()
    time = loop.time
    loop.time = lambda: time() + seconds  # type: ignore[method-assign]
