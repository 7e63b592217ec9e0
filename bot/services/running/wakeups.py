"""Bells end a service's wait early. They are hints: whoever wakes looks at the store, which alone is the truth."""

import asyncio
from dataclasses import dataclass, field


class Bell:
    """Rung by one service to wake another. Any number of rings before a wait count as one."""

    def __init__(self) -> None:
        self._event = asyncio.Event()

    def ring(self) -> None:
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
class Bells:
    """One bell for each service that loops."""

    launch: Bell = field(default_factory=Bell)
    watch: Bell = field(default_factory=Bell)
    stop: Bell = field(default_factory=Bell)
    tail: Bell = field(default_factory=Bell)
    narrate: Bell = field(default_factory=Bell)
    finish: Bell = field(default_factory=Bell)
    archive: Bell = field(default_factory=Bell)
    notify: Bell = field(default_factory=Bell)
    feed: Bell = field(default_factory=Bell)
    follow: Bell = field(default_factory=Bell)
    measure: Bell = field(default_factory=Bell)
    conclude: Bell = field(default_factory=Bell)
    listen: Bell = field(default_factory=Bell)
    prune: Bell = field(default_factory=Bell)
    paint: Bell = field(default_factory=Bell)
