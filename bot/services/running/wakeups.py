"""Bells end a service's wait early. They are hints: whoever wakes looks at the store, which alone is the truth."""

import asyncio
from dataclasses import dataclass, field


class Wakeup:
    """Rung by one service to wake another. Any number of rings before a wait count as one."""

    def __init__(self) -> None:
        self._event = asyncio.Event()

    def wake(self) -> None:
        self._event.set()

    async def wait(self, seconds: float) -> None:
        """Returns when the bell rings, or after so long."""
        try:
            async with asyncio.timeout(seconds):
                await self._event.wait()
        except TimeoutError:
            return
        self._event.clear()


@dataclass(frozen=True, slots=True)
class Wakeups:
    """One bell for each service that loops."""

    launch: Wakeup = field(default_factory=Wakeup)
    track_jobs: Wakeup = field(default_factory=Wakeup)
    stop: Wakeup = field(default_factory=Wakeup)
    tail: Wakeup = field(default_factory=Wakeup)
    post_lines: Wakeup = field(default_factory=Wakeup)
    announce_result: Wakeup = field(default_factory=Wakeup)
    archive: Wakeup = field(default_factory=Wakeup)
    deliver: Wakeup = field(default_factory=Wakeup)
    dispatch: Wakeup = field(default_factory=Wakeup)
    track_trials: Wakeup = field(default_factory=Wakeup)
    collect_results: Wakeup = field(default_factory=Wakeup)
    announce_sweep: Wakeup = field(default_factory=Wakeup)
    stream_metrics: Wakeup = field(default_factory=Wakeup)
    prune: Wakeup = field(default_factory=Wakeup)
    refresh_board: Wakeup = field(default_factory=Wakeup)
