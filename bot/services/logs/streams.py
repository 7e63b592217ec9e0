"""Follow many log streams with few calls: each call reads streams that stand at about the same time.

A stream that does not exist yet is skipped, and read by a later pass.
"""

from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Generic, TypeVar

from bot.domain.logs.log_lines import LogEvent
from bot.services.logs.log_reader import MAX_STREAMS, LogReader, skip_missing
from bot.services.running.life_signs import LifeSigns

APART_MS = 10_000
"""How far apart two streams of one call may stand."""
QUIET_MS = 60_000
"""How late the first event after a silence may become readable."""
EARLY_MS = 3_600_000
"""Read from this long before the start time that AWS reports. Safe: each attempt has its own stream."""

Owner = TypeVar("Owner")
StoreEvents = Callable[[Mapping[Owner, Sequence[LogEvent]]], Awaitable[int]]
"""Takes the events of one page by owner; returns how many were new."""


@dataclass(slots=True)
class Stream(Generic[Owner]):
    """How far one stream has been read, in ms since the epoch: the newest event, and the start of the last read."""

    name: str
    owner: Owner
    newest: int
    read_at: int = 0

    def since(self, overlap: int) -> int:
        return max(0, self.newest - overlap, self.read_at - QUIET_MS)


class StreamReader:
    def __init__(self, reader: LogReader, *, now: Callable[[], float], signs: LifeSigns | None = None) -> None:
        self._reader, self._now = reader, now
        self._signs = signs or LifeSigns()

    async def read(self, group: str, streams: Sequence[Stream[Owner]], overlap: int, store: StoreEvents[Owner]) -> int:
        """Read new events of all streams, from `overlap` ms before the newest. Passes each page to `store`; returns how
        many were new."""
        new = 0

        async def read(shard: Sequence[Stream[Owner]]) -> None:
            nonlocal new
            started = int(self._now() * 1000)
            by_name = {stream.name: stream for stream in shard}
            since = min(stream.since(overlap) for stream in shard)
            async for events in self._reader.pages(group, list(by_name), since):
                self._signs.heard(events)
                new += await store(_by_owner(events, by_name))
            for stream in shard:
                stream.read_at = started
            self._signs.read(by_name)

        for shard in _shards(streams, overlap):
            await skip_missing(shard, read)
        return new


def _by_owner(events: Iterable[LogEvent], by_name: Mapping[str, Stream[Owner]]) -> Mapping[Owner, Sequence[LogEvent]]:
    """Group the events by owner, and move each stream's `newest` on."""
    found: dict[Owner, list[LogEvent]] = defaultdict(list)
    for event in events:
        stream = by_name[event.stream]
        found[stream.owner].append(event)
        stream.newest = max(stream.newest, event.timestamp)
    return found


def _shards(streams: Sequence[Stream[Owner]], overlap: int) -> Iterator[list[Stream[Owner]]]:
    """At most 100 streams each, at about the same time: one that lags would have the others read again."""
    ordered = sorted(streams, key=lambda stream: stream.since(overlap))
    shard = ordered[:1]
    for before, stream in pairwise(ordered):
        if len(shard) == MAX_STREAMS or stream.since(overlap) - before.since(overlap) > APART_MS:
            yield shard
            shard = []
        shard.append(stream)
    if shard:
        yield shard
