"""One limiter ahead of discord.py, which has none of its own: 300 posts at once cost it 808 refusals.

Everything that is written with the bot's token passes here. Answers to interactions are exempt, as they are at
Discord: https://docs.discord.com/developers/topics/rate-limits#global-rate-limit
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Hashable
from contextlib import asynccontextmanager
from weakref import WeakValueDictionary

BURST_SECONDS = 0.1
"""The calls of so long may go at once: 45 a second and a burst of 4 stay below Discord's 50."""


class Limiter:
    """So many calls a second in all; and one at a time in each lane, in the order in which they came.

    discord.py queues calls of one bucket inside and lets them go together at its reset. With one call a lane there is
    no such queue, so what is counted here is what is sent.
    """

    def __init__(
        self,
        per_second: float,
        *,
        clock: Callable[[], float],
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
    ) -> None:
        self._interval = 1 / per_second
        self._clock, self._sleep = clock, sleep
        self._due = float("-inf")
        self._lanes: WeakValueDictionary[Hashable, asyncio.Lock] = WeakValueDictionary()

    @asynccontextmanager
    async def turn(self, lane: Hashable) -> AsyncIterator[None]:
        """Around one call; `lane` is what it shares a bucket with, such as `("send", channel)`."""
        lock = self._lanes.setdefault(lane, asyncio.Lock())
        async with lock:
            await self._token()
            yield

    async def _token(self) -> None:
        now = self._clock()
        at = max(self._due, now - BURST_SECONDS)
        self._due = at + self._interval
        if at > now:
            await self._sleep(at - now)
