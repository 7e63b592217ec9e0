"""One limiter ahead of discord.py, which has no global one: 300 posts at once cost it 808 refusals.

All writes with the bot's token pass through it. Answers to interactions don't, because Discord exempts them:
https://docs.discord.com/developers/topics/rate-limits#global-rate-limit
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Hashable
from contextlib import asynccontextmanager
from weakref import WeakValueDictionary

BURST_SECONDS = 0.1
"""Calls worth this much time may go at once: 45 a second and a burst of 4 stay below Discord's 50."""


class Limiter:
    """At most `per_second` calls a second in total, and one at a time in each lane, in order of arrival.

    discord.py queues the calls of one bucket and releases them together when it resets. With one call per lane
    there is no such queue, so the calls counted here are the calls sent.
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
        """Hold a turn during one call. Calls in one `lane`, such as `("send", channel)`, share a bucket."""
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
