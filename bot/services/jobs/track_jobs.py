"""Follow the jobs' states: events are hints, DescribeJobs settles."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import structlog
from prometheus_client import Counter

from bot.domain.clock import Absence, passed
from bot.domain.model.job import Job
from bot.domain.model.observation import Observation
from bot.domain.model.states import EndReason
from bot.domain.posts import Change, NewPost, PostKind
from bot.errors import ServiceError
from bot.ports.engine import Engine, Events, Hint
from bot.services.running.core import Core

log = structlog.get_logger()

QUARANTINED = Counter("signalbox_events_quarantined", "Events that are no state change of a job of ours", ["kind"])
LOOK_SECONDS = 120.0
"""What the time from one look to the next counts at most, where Batch does not know a job."""
CHILD_SECONDS = 5.0
"""Between two looks at an array because its children tell of themselves: of thousands there is always one that does."""


class TrackJobs:
    def __init__(
        self, core: Core, engine: Engine, *, lost_after_seconds: float = 300, old_after_seconds: float = 60
    ) -> None:
        """After `old_after_seconds` without an answer the cards say how old their state is."""
        self._store, self._engine, self._wakeups, self._now = core.store, engine, core.wakeups, core.now
        self._lost_after, self._old_after = lost_after_seconds, old_after_seconds
        self._answered_at = core.now()
        self._absent: dict[str, Absence] = {}
        """By job id: those that Batch does not know."""
        self._heard: dict[str, float] = {}
        """By job id: when an array was looked at because of its children."""

    async def once(self) -> None:
        """Describes every unfinished job that Batch knows, 100 a call."""
        await self._settle([job for job in await self._store.open_jobs() if job.live and job.engine_id])

    async def hear(self, events: Events, wait_seconds: float) -> None:
        """One wait for events: the jobs that they name are described at once."""
        hints = await events.receive(wait_seconds)
        if not hints:
            return
        named = {hint.engine_id: await self._named(hint.engine_id) for hint in hints if hint.engine_id}
        for hint in hints:
            _quarantined(hint, foreign=named.get(hint.engine_id) is None)
        await self._settle(self._due(named))
        await events.acknowledge(hints)

    def _due(self, named: Mapping[str, Job | None]) -> list[Job]:
        """Those that the events tell of; an array of which only its children tell, now and then."""
        now = self._now()
        self._heard = {job_id: at for job_id, at in self._heard.items() if not passed(at, CHILD_SECONDS, now)}
        live = [(job, job.engine_id == told) for told, job in named.items() if job is not None and job.live]
        due = {job.id: job for job, itself in live if itself or job.id not in self._heard}
        self._heard = {job.id: now for job, itself in live if not itself} | self._heard
        return list(due.values())

    async def _named(self, engine_id: str) -> Job | None:
        """An array's child (`parent:7`) speaks for the part that it belongs to."""
        return await self._store.by_engine_id(engine_id.partition(":")[0])

    async def _settle(self, jobs: Sequence[Job]) -> None:
        if not jobs:
            return
        try:
            seen = await self._engine.describe([job.engine_id for job in jobs if job.engine_id])
        except ServiceError:
            self._absent.clear()
            await self._unanswered(jobs)
            raise
        self._answered_at = self._now()
        for job in jobs:
            observation = seen.get(job.engine_id or "")
            if observation is None:
                await self._not_known(job)
            else:
                self._absent.pop(job.id, None)
                await self._apply(job, observation)

    async def _unanswered(self, jobs: Sequence[Job]) -> None:
        """Nothing is guessed while AWS does not answer: the cards say since when."""
        if not passed(self._answered_at, self._old_after, self._now()):
            return
        since = min(self._answered_at, self._now())

        def step(stored: Job) -> Change | None:
            if not stored.live or stored.unseen_since is not None:
                return None
            return Change(replace(stored, unseen_since=since, revision=stored.revision + 1))

        for job in jobs:
            await self._store.change(job.id, step)
        self._wakeups.deliver.wake()

    async def _apply(self, job: Job, seen: Observation) -> None:
        now = self._now()

        def step(stored: Job) -> Change | None:
            answered = _answered(stored)
            moved = answered.observed(seen, now)
            return None if moved is stored else Change(moved, _notes(stored, moved))

        if _answered(job).observed(seen, now) is job:
            return
        moved = await self._store.change(job.id, step)
        log.info("state", job=job.id, state=moved.state, reason=moved.status_reason)
        for wakeup in (
            self._wakeups.tail,
            self._wakeups.announce_result,
            self._wakeups.deliver,
            self._wakeups.track_trials,
        ):
            wakeup.wake()

    async def _not_known(self, job: Job) -> None:
        """Batch forgets finished jobs after a day, and may not know a new one for seconds: look again, then tell."""
        now = self._now()
        if self._absent.setdefault(job.id, Absence(now, LOOK_SECONDS)).look(now) < self._lost_after:
            return
        detail = "AWS Batch does not know this job any more, so how it ended cannot be told."
        await self._store.change(
            job.id, lambda stored: Change(stored.ended(EndReason.LOST, now, detail)) if stored.live else None
        )
        log.error("lost", job=job.id, engine_id=job.engine_id)
        self._wakeups.announce_result.wake()
        self._wakeups.deliver.wake()


def _answered(job: Job) -> Job:
    """The job, of which AWS tells again."""
    return job if job.unseen_since is None else replace(job, unseen_since=None, revision=job.revision + 1)


def _quarantined(hint: Hint, *, foreign: bool) -> None:
    """Counts what is no news of ours. It is acknowledged with the others: to look at it again would not help."""
    if not hint.engine_id:
        QUARANTINED.labels("malformed").inc()
        log.warning("a malformed event is put aside", excerpt=hint.excerpt)
    elif foreign:
        QUARANTINED.labels("foreign").inc()
        log.debug("an event of a job that is not ours", engine_id=hint.engine_id)


def _notes(before: Job, after: Job) -> tuple[NewPost, ...]:
    """A note in the thread for each attempt that ended without ending the job; of a sweep's trials the board tells."""
    if after.part is not None:
        return ()
    ended = [attempt for attempt in after.attempts if attempt.stopped_at is not None]
    if not after.live:
        ended = ended[:-1]
    return tuple(
        NewPost(
            key=f"attempt:{after.id}:{number}",
            kind=PostKind.NOTE,
            job_id=after.id,
            text=f"Attempt {number} ended ({attempt.reason or after.status_reason or 'host lost'}); "
            "the job goes on with another attempt.",
        )
        for number, attempt in enumerate(ended, 1)
        if number > before.attempt_states
    )
