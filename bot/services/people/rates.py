"""How much one person may ask for: a rate, and a number under way, for each kind of request.

Nobody is exempt, whatever their roles: the limits keep one person from slowing everybody else, and an administrator's
plots take as much memory as anyone's. Stopping has the largest share, so that the limits never keep a job running.
"""

import math
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from enum import StrEnum

from bot.errors import TooMany
from bot.ports.store import Store

MINUTE, HOUR = 60.0, 3600.0
REMEMBERED = 1_000
"""With more uses than this, or twice as many as the last time, those that are whole again are dropped: they are like
new ones. So there are at most this many, or twice those of the busiest minute."""


class Share(StrEnum):
    """Kinds of requests, each with limits of its own."""

    PLOTS = "plots"
    FILES = "files"
    """Logs and lists of files: calls to CloudWatch and S3."""
    STARTS = "starts"
    STOPS = "stops"
    OTHERS = "others"
    """What is answered from the store."""
    SUGGESTIONS = "suggestions"


_NOUNS = {
    Share.PLOTS: ("plot", "plots"),
    Share.FILES: ("request for logs or files", "requests for logs or files"),
    Share.STARTS: ("command that starts something", "commands that start something"),
    Share.STOPS: ("stop command", "stop commands"),
    Share.OTHERS: ("command", "commands"),
    Share.SUGGESTIONS: ("suggestion", "suggestions"),
}


@dataclass(frozen=True, slots=True)
class Limit:
    """`per_minute` may also come all at once; `at_once` are under way at the same time."""

    per_minute: float
    at_once: int


@dataclass(slots=True)
class _Use:
    """What one person has left of one share."""

    left: float
    at: float
    under_way: int = 0


class Rates:
    """`now` may have any origin; `clock` gives seconds since the epoch, as jobs have them."""

    def __init__(
        self,
        store: Store,
        limits: Mapping[Share, Limit],
        starts_per_hour: int,
        *,
        now: Callable[[], float],
        clock: Callable[[], float],
    ) -> None:
        self._store, self._limits, self._starts_per_hour = store, limits, starts_per_hour
        self._now, self._clock = now, clock
        self._uses: dict[tuple[int, Share], _Use] = {}
        self._most = REMEMBERED

    def __len__(self) -> int:
        return len(self._uses)

    @asynccontextmanager
    async def admitted(self, person_id: int, share: Share) -> AsyncIterator[None]:
        """Count one request as under way inside the block. Raises `TooMany` beyond a limit."""
        with self._counted(person_id, share):
            if share is Share.STARTS:
                await self._check_hour(person_id)
            yield

    @contextmanager
    def _counted(self, person_id: int, share: Share) -> Iterator[None]:
        use, limit = self._use(person_id, share), self._limits[share]
        one, several = _NOUNS[share]
        if use.under_way >= limit.at_once:
            count = f"{use.under_way} {one if use.under_way == 1 else several}"
            raise TooMany(f"You have {count} under way. Try again when one of them is done.")
        if use.left < 1:
            seconds = (1 - use.left) * MINUTE / limit.per_minute
            raise TooMany(
                f"You have asked for {limit.per_minute:g} {several} within a minute, and more is not allowed. "
                f"Try again in {math.ceil(seconds)} s."
            )
        use.left -= 1
        use.under_way += 1
        try:
            yield
        finally:
            use.under_way -= 1

    async def _check_hour(self, person_id: int) -> None:
        """By the store, so that a restart forgets nothing that costs money."""
        newest = await self._store.jobs(asker_id=person_id, limit=self._starts_per_hour)
        if len(newest) < self._starts_per_hour:
            return
        seconds = newest[-1].request.created_at + HOUR - self._clock()
        if 0 < seconds <= HOUR:
            raise TooMany(
                f"You have started {self._starts_per_hour} jobs and sweeps within an hour, and more is not allowed. "
                f"Try again in {math.ceil(seconds / MINUTE)} min, or use one sweep for many runs."
            )

    def _use(self, person_id: int, share: Share) -> _Use:
        now, most = self._now(), self._limits[share].per_minute
        if len(self._uses) >= self._most:
            self._forget(now)
            self._most = max(REMEMBERED, 2 * len(self._uses))
        use = self._uses.setdefault((person_id, share), _Use(most, now))
        use.left = self._refilled(share, use, now)
        use.at = now
        return use

    def _refilled(self, share: Share, use: _Use, now: float) -> float:
        most = self._limits[share].per_minute
        return min(most, use.left + max(0.0, now - use.at) * most / MINUTE)

    def _forget(self, now: float) -> None:
        self._uses = {
            (person_id, share): use
            for (person_id, share), use in self._uses.items()
            if use.under_way or self._refilled(share, use, now) < self._limits[share].per_minute
        }
