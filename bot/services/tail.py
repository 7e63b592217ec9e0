"""Read the jobs' logs, many streams a call, each line once.

FilterLogEvents filters by the event's own time, and events arrive late: now and then a read goes back by an
overlap, and the store leaves out what it has, by `eventId`. What comes later still is found by the audit after the end.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import structlog

from bot.domain.clock import passed
from bot.domain.job import Job
from bot.domain.loglines import LogEvent
from bot.domain.metrics import advance, parse_line
from bot.domain.posts import Change
from bot.domain.project import Project
from bot.errors import Missing, Throttled
from bot.ports import Logs, Store
from bot.services.aimd import Aimd
from bot.services.bells import Bells
from trainer.contract import parse_trouble

log = structlog.get_logger()

SHARD = 100
"""Stream names in one call, at most."""
OVERLAP_MS = 10_000
"""Inside a stream, events come nearly in order: how far a deep read goes back behind its newest."""
DEEP_EVERY_SECONDS = 5.0
"""Of a busy log the overlap is thousands of lines. The reads between two deep ones begin at the newest event."""
QUIET_MS = 60_000
"""How late the first event after a silence may become readable."""
EARLY_MS = 3_600_000
"""How long before the start of its attempt, as AWS tells it, a line may have been printed. The stream is its alone."""
BATCH = 2_000
"""Events in one transaction."""


@dataclass(slots=True)
class _Stream:
    """Where the reading of one stream stands, in ms since the epoch."""

    name: str
    job_id: str
    newest: int
    read_at: int = 0

    def since(self, overlap: int) -> int:
        return max(0, self.newest - overlap, self.read_at - QUIET_MS)


class Tail:
    def __init__(
        self,
        store: Store,
        logs: Logs,
        projects: Mapping[str, Project],
        bells: Bells,
        pace: Aimd,
        *,
        now: Callable[[], float],
    ) -> None:
        self._store, self._logs, self._projects, self._bells = store, logs, projects, bells
        self._pace, self._now = pace, now
        self._streams: dict[str, _Stream] = {}
        self._deep_at = 0.0

    async def once(self) -> None:
        """Reads what is new in every stream of every job whose log is not archived."""
        jobs = [job for job in await self._store.open_jobs() if job.streams and job.archived_at is None]
        await self._know(jobs)
        overlap = self._overlap()
        groups: dict[str, list[_Stream]] = defaultdict(list)
        for job in jobs:
            groups[self._projects[job.project].log_group] += [self._streams[name] for name in job.streams]
        for group, streams in groups.items():
            for shard in _shards(streams, overlap):
                await self._read(group, shard, overlap)

    async def audit(self, job: Job) -> int:
        """Reads the whole log of a job once more: the number of lines that had been missed."""
        group = self._projects[job.project].log_group
        return sum([await self._read(group, [_Stream(name, job.id, _begin(job, name))], 0) for name in job.streams])

    def _overlap(self) -> int:
        """How far this pass goes back."""
        now = self._now()
        if not passed(self._deep_at, DEEP_EVERY_SECONDS, now):
            return 0
        self._deep_at = now
        return OVERLAP_MS

    async def _know(self, jobs: Sequence[Job]) -> None:
        """Keeps a place for each stream; after a restart it is that of the newest stored line."""
        known: dict[str, _Stream] = {}
        for job in jobs:
            if not all(name in self._streams for name in job.streams):
                stored = await self._store.log_since(job.id)
                for name in job.streams:
                    self._streams[name] = _Stream(name, job.id, stored.get(name, _begin(job, name)))
            known.update({name: self._streams[name] for name in job.streams})
        self._streams = known

    async def _read(self, group: str, shard: Sequence[_Stream], overlap: int) -> int:
        """All pages of one shard; a stream that is not there yet is found by halving, and left for the next time."""
        started = int(self._now() * 1000)
        try:
            new = await self._pages(group, shard, min(stream.since(overlap) for stream in shard))
        except Missing:
            if len(shard) == 1:
                return 0
            half = len(shard) // 2
            return await self._read(group, shard[:half], overlap) + await self._read(group, shard[half:], overlap)
        for stream in shard:
            stream.read_at = started
        return new

    async def _pages(self, group: str, shard: Sequence[_Stream], since: int) -> int:
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
            new += await self._keep(page.events, by_name)
            token = page.token
            if token is None:
                return new

    async def _keep(self, events: Iterable[LogEvent], by_name: Mapping[str, _Stream]) -> int:
        by_job: dict[str, list[LogEvent]] = defaultdict(list)
        for event in events:
            stream = by_name[event.stream]
            by_job[stream.job_id].append(event)
            stream.newest = max(stream.newest, event.timestamp)
        new = 0
        for job_id, theirs in by_job.items():
            for batch in _batches(theirs):
                new += await self._store.append_log(job_id, batch, self._told)
        if new:
            self._bells.narrate.ring()
            self._bells.notify.ring()
        return new

    def _told(self, job: Job, new: Sequence[LogEvent]) -> Change | None:
        """What new lines say of the job: its progress, and the entrypoint's word on why it ends."""
        project = self._projects[job.project]
        progress, detail = job.progress, job.detail
        for event in new:
            if not event.message.startswith("@"):
                continue
            if (report := parse_line(event.message)) is not None:
                at = event.timestamp / 1000
                progress = advance(progress, report, at, project.metric, maximize=project.maximize)
            elif (trouble := parse_trouble(event.message)) is not None:
                detail = trouble.message
        if progress == job.progress and detail == job.detail:
            return None
        return Change(replace(job, progress=progress, detail=detail, revision=job.revision + 1))


def _begin(job: Job, stream: str) -> int:
    """Where a stream begins, by AWS's clock alone: the bot's may have been ahead when the job was asked for."""
    started = next((attempt.started_at for attempt in job.attempts if attempt.log_stream == stream), None)
    return int((started or 0.0) * 1000) - EARLY_MS


def _shards(streams: Sequence[_Stream], overlap: int) -> Iterator[list[_Stream]]:
    """At most 100 streams each, of about the same place: one that lags would make the others be read again."""
    ordered = sorted(streams, key=lambda stream: stream.since(overlap))
    shard = ordered[:1]
    for before, stream in pairwise(ordered):
        if len(shard) == SHARD or stream.since(overlap) - before.since(overlap) > OVERLAP_MS:
            yield shard
            shard = []
        shard.append(stream)
    if shard:
        yield shard


def _batches(events: Sequence[LogEvent]) -> Iterator[Sequence[LogEvent]]:
    for start in range(0, len(events), BATCH):
        yield events[start : start + BATCH]
