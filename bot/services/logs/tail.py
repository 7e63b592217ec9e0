"""Read the jobs' logs, many streams a call, each line once.

FilterLogEvents filters by the event's own time, and events arrive late. So now and then a read goes back by an
overlap, and the store leaves out the events it has, by `eventId`. The audit after the end finds those that came later.
"""

from collections import defaultdict
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from dataclasses import replace

import structlog

from bot.domain.clock import passed
from bot.domain.logs.log_lines import LogEvent
from bot.domain.metrics.progress_rows import advance, parse_line, planned
from bot.domain.model.job import Job
from bot.domain.posts import Change, NewPost, PostKind, adding
from bot.domain.texts import notes
from bot.errors import Missing
from bot.ports.logs import Logs
from bot.services.logs.log_reader import LogReader
from bot.services.logs.streams import EARLY_MS, Stream, StreamReader
from bot.services.running.adaptive_pace import AdaptivePace
from bot.services.running.core import Core
from bot.services.running.disk_room import DiskRoom
from bot.services.running.pending import to_tail
from trainer.contract import parse_trouble
from trainer.redaction.redact import redacted_kinds

log = structlog.get_logger()

OVERLAP_MS = 10_000
"""Events of one stream come nearly in order: a deep read goes back this far behind the newest."""
DEEP_EVERY_SECONDS = 5.0
"""In a busy log the overlap is thousands of lines, so the reads between two deep ones begin at the newest event."""
BATCH = 2_000
"""Events in one transaction."""


class Tail:
    """Takes up jobs that have log streams and no archive yet, while the disk has room for their lines."""

    def __init__(self, core: Core, logs: Logs, pace: AdaptivePace, disk: DiskRoom) -> None:
        self._store, self._projects, self._now, self._disk = core.store, core.projects, core.now, disk
        self._pages = LogReader(logs, pace)
        self._reader = StreamReader(self._pages, now=core.now, signs=core.signs)
        self._streams: dict[str, Stream[str]] = {}
        self._deep_at = 0.0
        self._told_of_disk: set[str] = set()
        """Jobs whose threads know that the disk is nearly full."""

    async def once(self) -> None:
        """Read what is new in every stream."""
        jobs = to_tail(await self._store.unfinished())
        if await self._disk_full(jobs):
            return
        await self._restore_positions(jobs)
        overlap = self._overlap()
        groups: dict[str, list[Stream[str]]] = defaultdict(list)
        for job in jobs:
            groups[self._projects[job.run.project].log_group] += [self._streams[name] for name in job.execution.streams]
        for group, streams in groups.items():
            await self._reader.read(group, streams, overlap, self._store_events)

    async def audit(self, job: Job) -> int:
        """Read the whole log of a job once more; returns the number of lines that were missing."""
        group = self._projects[job.run.project].log_group
        streams = [Stream(name, job.id, _stream_start(job, name)) for name in job.execution.streams]
        return sum([await self._reader.read(group, [stream], 0, self._store_events) for stream in streams])

    async def whole(self, job: Job) -> AsyncIterator[Sequence[LogEvent]]:
        """Read the whole log of a job page by page, attempt by attempt, and store nothing."""
        group = self._projects[job.run.project].log_group
        for name in job.execution.streams:
            try:
                async for page in self._pages.pages(group, [name], max(0, _stream_start(job, name))):
                    yield page
            except Missing:
                log.warning("log stream is gone", job=job.id, stream=name)

    async def _disk_full(self, jobs: Sequence[Job]) -> bool:
        """True while lines must wait in the log service. Say so in each thread, once."""
        if self._disk.left():
            self._told_of_disk.clear()
            return False
        for job in jobs:
            if job.id not in self._told_of_disk:
                self._told_of_disk.add(job.id)
                log.error("disk nearly full, lines are not stored", job=job.id)
                note = NewPost(f"disk:{job.id}", PostKind.NOTE, job.id, text=notes.disk_nearly_full())
                await self._store.change(job.id, adding(note))
        return True

    def _overlap(self) -> int:
        """How far this pass goes back, in ms."""
        now = self._now()
        if not passed(self._deep_at, DEEP_EVERY_SECONDS, now):
            return 0
        self._deep_at = now
        return OVERLAP_MS

    async def _restore_positions(self, jobs: Sequence[Job]) -> None:
        """Have a position for each stream. After a restart it is the newest stored line."""
        known: dict[str, Stream[str]] = {}
        for job in jobs:
            if not all(name in self._streams for name in job.execution.streams):
                stored = await self._store.log_since(job.id)
                for name in job.execution.streams:
                    self._streams[name] = Stream(name, job.id, stored.get(name, _stream_start(job, name)))
            known.update({name: self._streams[name] for name in job.execution.streams})
        self._streams = known

    async def _store_events(self, events: Mapping[str, Sequence[LogEvent]]) -> int:
        new = 0
        for job_id, events_of_job in events.items():
            for batch in _batches(events_of_job):
                new += await self._store.append_log(job_id, batch, self._apply_lines)
        return new

    def _apply_lines(self, job: Job, new: Sequence[LogEvent]) -> Change | None:
        """Update progress and failure detail from new log lines, and say once if one of them held a secret."""
        project = self._projects[job.run.project]
        factor = project.guard.diverged_factor
        progress, detail, losses = job.progress, job.execution.detail, job.watch.losses
        for event in new:
            if (report := parse_line(event.message, project.columns)) is not None:
                total = report.epochs or progress.epochs or planned(report.unit, job.run.parameters)
                report = replace(report, epochs=total)
                progress = advance(progress, report, event.timestamp / 1000, project.goal, event.stream)
                losses = losses.after(report.values, event.timestamp, event.stream, project.metric, factor)
            elif (trouble := parse_trouble(event.message)) is not None:
                detail = trouble.message
        posts = _redaction_note(job, new)
        if (progress, losses) == (job.progress, job.watch.losses) and detail == job.execution.detail and not posts:
            return None
        watch = replace(job.watch, losses=losses)
        return Change(replace(job, progress=progress, execution=job.execution.explained(detail), watch=watch), posts)


def _redaction_note(job: Job, new: Sequence[LogEvent]) -> tuple[NewPost, ...]:
    """Its key is the job's alone, so the outbox takes the first one and no other."""
    kinds = dict.fromkeys(kind for event in new for kind in redacted_kinds(event.message))
    return (NewPost(f"redacted:{job.id}", PostKind.NOTE, job.id, text=notes.redacted(list(kinds))),) if kinds else ()


def _stream_start(job: Job, stream: str) -> int:
    """Where a stream begins, by AWS's clock alone: the bot's may have been ahead when the job was requested."""
    started = next((attempt.started_at for attempt in job.execution.attempts if attempt.log_stream == stream), None)
    return int((started or 0.0) * 1000) - EARLY_MS


def _batches(events: Sequence[LogEvent]) -> Iterator[Sequence[LogEvent]]:
    for start in range(0, len(events), BATCH):
        yield events[start : start + BATCH]
