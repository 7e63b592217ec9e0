"""Answer questions about jobs: which exist, and what their logs contain."""

from collections.abc import Mapping
from contextlib import aclosing
from dataclasses import dataclass, replace

from bot.domain.access import Person
from bot.domain.logs.log_lines import LogEvent, readable
from bot.domain.model.rows import Posted
from bot.domain.project import Project, configured
from bot.domain.text import folded
from bot.domain.texts.state_words import state_text
from bot.ports.artifacts import Artifacts
from bot.ports.store import Store
from bot.services.people.lookup import job_for
from bot.services.people.permits import Permits
from trainer.contract import LOG_TXT

LARGEST_LOG = 1024**3
LINES_AT_A_TIME = 50
"""A line may have 256 KiB, and people ask for 2,000."""
EVENT_CHARACTERS = 10_000
"""Of each end of an event: more than is shown of it."""
LOG_END_BYTES = 1024 * 1024
"""How much of a stored log is kept to be shown."""


@dataclass(frozen=True, slots=True)
class LogExcerpt:
    """Cleaned lines, not fenced; the first is number `first` (from 0) of `total` stored ones."""

    text: str
    first: int
    total: int


class Find:
    """Called by the chat. Each method shows a person only what is of projects that they may see."""

    def __init__(self, store: Store, artifacts: Artifacts, projects: Mapping[str, Project], permits: Permits) -> None:
        self._store, self._artifacts, self._projects, self._permits = store, artifacts, projects, permits

    async def job(self, job_id: str, person: Person) -> Posted:
        """The job or sweep with that id, however it was typed; raises `UnknownName` with similar ids."""
        return await job_for(self._store, self._permits, job_id, person)

    async def live(self, person: Person) -> list[Posted]:
        """Jobs that have not ended, newest first."""
        return await self._store.jobs(projects=self._permits.seen_projects(person), live=True, limit=100)

    async def undelivered(self, person: Person) -> list[Posted]:
        """Recent jobs whose result no channel would take."""
        ended = await self._store.jobs(projects=self._permits.seen_projects(person), live=False, limit=200)
        return [job for job in ended if job.publication.result.undeliverable]

    async def recent(self, person: Person, *, asker_id: int = 0, limit: int = 15) -> list[Posted]:
        seen = self._permits.seen_projects(person)
        return await self._store.jobs(projects=seen, asker_id=asker_id, limit=limit)

    async def matching(self, text: str, person: Person, limit: int = 25) -> list[Posted]:
        """Recent jobs whose id, project, branch, commit or asker contains `text`, for autocomplete."""
        typed = folded(text)
        jobs = await self._store.jobs(projects=self._permits.seen_projects(person), limit=500)
        return [job for job in jobs if typed in _described(job)][:limit]

    async def log(self, job_id: str, lines: int, person: Person) -> LogExcerpt:
        """The last `lines` events of the log, as people read them; from S3 if the store has dropped them."""
        job = await self.job(job_id, person)
        found = await self._store.log_lines(job.id, -lines, min(lines, LINES_AT_A_TIME))
        publication = job.publication
        if publication.archived_at is not None and publication.lines_posted and not found.total:
            return await self._archived(job, lines)
        events = [shortened(event) for event in found.events]
        while len(events) < min(lines, found.total - found.first):
            more = await self._store.log_lines(job.id, found.first + len(events), LINES_AT_A_TIME)
            events += [shortened(event) for event in more.events]
            if not more.events:
                break
        return LogExcerpt("\n".join(readable(events[:lines])), found.first, found.total)

    async def _archived(self, job: Posted, lines: int) -> LogExcerpt:
        """The file may be larger than the memory: its end is kept, and its lines are counted."""
        uri = configured(self._projects, job.run.project).prefix(job.run.results, job.id) + LOG_TXT
        end, total = b"", 0
        async with aclosing(self._artifacts.stream(uri, limit=LARGEST_LOG)) as chunks:
            async for chunk in chunks:
                total += chunk.count(b"\n")
                end = (end + chunk)[-LOG_END_BYTES:]
        if not end.endswith(b"\n"):
            total += bool(end)
        last = end.decode(errors="replace").removesuffix("\n").split("\n")[-lines:] if end else []
        events = [LogEvent("", "", 0, line) for line in last]
        return LogExcerpt("\n".join(readable(events)), total - len(events), total)


def shortened(event: LogEvent) -> LogEvent:
    """The event without the middle of a very long message, of which no one is shown more."""
    if len(event.message) <= 2 * EVENT_CHARACTERS:
        return event
    return replace(event, message=f"{event.message[:EVENT_CHARACTERS]}{event.message[-EVENT_CHARACTERS:]}")


def _described(job: Posted) -> str:
    run, commit = job.run, job.run.commit
    asker, state = job.request.asker_name, state_text(job.execution)
    return folded(f"{job.id} {run.project} {commit.branch}@{commit.sha} {asker} {state}")
