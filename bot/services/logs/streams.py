"""Read log streams, many a call: shards of those at about the same place, all pages, and none that is not there yet."""

from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Generic, TypeVar

import structlog

from bot.domain.logs.log_lines import LogEvent
from bot.errors import Missing, Throttled
from bot.ports.logs import Logs
from bot.services.running.adaptive_pace import AdaptivePace

log = structlog.get_logger()

SHARD = 100
"""Stream names in one call, at most."""
APART_MS = 10_000
"""How far apart the places of two streams of one call may be."""
QUIET_MS = 60_000
"""How late the first event after a silence may become readable."""
EARLY_MS = 3_600_000
"""How long before the start of its attempt, as AWS tells it, a line may have been printed. The stream is its alone."""

Owner = TypeVar("Owner")
Keep = Callable[[Mapping[Owner, Sequence[LogEvent]]], Awaitable[int]]
"""Takes the events of one page by whose they are; the number that were new."""


@dataclass(slots=True)
class Stream(Generic[Owner]):
    """Where the reading of one stream stands, in ms since the epoch."""

    name: str
    owner: Owner
    newest: int
    read_at: int = 0

    def since(self, overlap: int) -> int:
        return max(0, self.newest - overlap, self.read_at - QUIET_MS)


class Reader:
    """At the pace that the account's quota leaves."""

    def __init__(self, logs: Logs, pace: AdaptivePace, *, now: Callable[[], float]) -> None:
        self._logs, self._pace, self._now = logs, pace, now

    async def read(self, group: str, streams: Sequence[Stream[Owner]], overlap: int, keep: Keep[Owner]) -> int:
        """What is new in all of them, going back by `overlap` ms: the number that `keep` says."""
        return sum([await self._shard(group, shard, overlap, keep) for shard in _shards(streams, overlap)])

    async def _shard(self, group: str, shard: Sequence[Stream[Owner]], overlap: int, keep: Keep[Owner]) -> int:
        """All pages of one shard; a stream that is not there yet is found by halving, and left for the next time."""
        started = int(self._now() * 1000)
        try:
            new = await self._pages(group, shard, min(stream.since(overlap) for stream in shard), keep)
        except Missing:
            if len(shard) == 1:
                return 0
            half = len(shard) // 2
            first = await self._shard(group, shard[:half], overlap, keep)
            return first + await self._shard(group, shard[half:], overlap, keep)
        for stream in shard:
            stream.read_at = started
        return new

    async def _pages(self, group: str, shard: Sequence[Stream[Owner]], since: int, keep: Keep[Owner]) -> int:
        by_name = {stream.name: stream for stream in shard}
        token: str | None = None
        new = 0
        while True:
            await self._pace.turn()
            try:
                page = await self._logs.read(group, list(by_name), since, token)
            except Throttled as error:
                self._pace.throttled()
                log.info("log reads throttled", calls_per_second=round(self._pace.rate, 2), error=str(error))
                continue
            self._pace.eased()
            new += await keep(_by_owner(page.events, by_name))
            token = page.token
            if token is None:
                return new


def _by_owner(events: Iterable[LogEvent], by_name: Mapping[str, Stream[Owner]]) -> Mapping[Owner, Sequence[LogEvent]]:
    """Moves the streams' places on."""
    found: dict[Owner, list[LogEvent]] = defaultdict(list)
    for event in events:
        stream = by_name[event.stream]
        found[stream.owner].append(event)
        stream.newest = max(stream.newest, event.timestamp)
    return found


def _shards(streams: Sequence[Stream[Owner]], overlap: int) -> Iterator[list[Stream[Owner]]]:
    """At most 100 streams each, of about the same place: one that lags would make the others be read again."""
    ordered = sorted(streams, key=lambda stream: stream.since(overlap))
    shard = ordered[:1]
    for before, stream in pairwise(ordered):
        if len(shard) == SHARD or stream.since(overlap) - before.since(overlap) > APART_MS:
            yield shard
            shard = []
        shard.append(stream)
    if shard:
        yield shard
