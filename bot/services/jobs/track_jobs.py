"""Keep the jobs' states up to date: events are hints, DescribeJobs decides."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import structlog
from prometheus_client import Counter

from bot.domain.clock import MissingFor, passed
from bot.domain.model.job import Job
from bot.domain.model.observation import Observation
from bot.domain.model.rows import Submitted
from bot.domain.model.states import EndReason
from bot.domain.posts import Change, NewPost, PostKind
from bot.domain.texts import notes
from bot.errors import CredentialsExpired, ServiceError
from bot.ports.engine import Engine, Events, Hint
from bot.services.running.core import Core
from bot.services.running.pending import to_track
from bot.services.running.timers import Timers
from trainer.redaction.redact import redact

log = structlog.get_logger()

QUARANTINED = Counter("signalbox_events_quarantined", "Events that are not a state change of one of our jobs", ["kind"])
CHECK_SECONDS = 120.0
"""While Batch does not know a job, each check adds at most this much to the time it has been missing."""
CHILD_EVENT_SECONDS = 5.0
"""Describe an array at most this often because of its children's events; with thousands of children they never stop."""


class TrackJobs:
    """Takes up jobs and submissions that are live and known to the engine."""

    def __init__(
        self, core: Core, engine: Engine, *, lost_after_seconds: float = 300, old_after_seconds: float = 60
    ) -> None:
        """After `old_after_seconds` without an answer the cards show how old their state is."""
        self._store, self._engine, self._now = core.store, engine, core.now
        self._lost_after, self._old_after = lost_after_seconds, old_after_seconds
        self._answered_at = core.now()
        self._missing: dict[str, MissingFor] = {}
        """By job id: jobs that Batch does not know."""
        self._child_events: Timers[str] = Timers(core.now)
        """By array: when it was last described because of its children."""

    async def once(self) -> None:
        """Describe them, 100 a call."""
        await self._describe(to_track(await self._store.unfinished()))

    async def receive(self, events: Events, wait_seconds: float) -> None:
        """Wait once for events, and describe the jobs that they name at once."""
        hints = await events.receive(wait_seconds)
        if not hints:
            return
        named = {hint.engine_id: await self._named(hint.engine_id) for hint in hints if hint.engine_id}
        for hint in hints:
            _quarantined(hint, foreign=named.get(hint.engine_id) is None)
        await self._describe(self._to_describe(named))
        await events.acknowledge(hints)

    def _to_describe(self, named: Mapping[str, Submitted | None]) -> list[Submitted]:
        """The jobs named by the events. Arrays named only by a child are rate-limited."""
        live = [(job, name) for name, job in named.items() if job is not None and job.execution.live]
        by_child = {job.id: job for job, name in live if job.execution.engine_id != name}
        due = {job_id: job for job_id, job in by_child.items() if self._child_events.due(job_id, CHILD_EVENT_SECONDS)}
        self._child_events.expire(CHILD_EVENT_SECONDS)
        for job_id in due:
            self._child_events.start(job_id)
        due |= {job.id: job for job, name in live if job.execution.engine_id == name}
        return list(due.values())

    async def _named(self, engine_id: str) -> Submitted | None:
        """A child of an array stands for its submission."""
        return await self._store.by_engine_id(self._engine.parent_id(engine_id))

    async def _describe(self, jobs: Sequence[Submitted]) -> None:
        if not jobs:
            return
        try:
            seen = await self._engine.describe([job.execution.engine_id for job in jobs if job.execution.engine_id])
        except ServiceError as error:
            self._missing.clear()
            await self._unanswered(jobs, expired=isinstance(error, CredentialsExpired))
            raise
        self._answered_at = self._now()
        for job in jobs:
            observation = seen.get(job.execution.engine_id or "")
            if observation is None:
                await self._unknown(job)
            else:
                self._missing.pop(job.id, None)
                await self._apply(job, observation)

    async def _unanswered(self, jobs: Sequence[Submitted], *, expired: bool) -> None:
        """Guess nothing while AWS does not answer: the cards show since when, and expired credentials at once."""
        if not expired and not passed(self._answered_at, self._old_after, self._now()):
            return
        since = min(self._answered_at, self._now())

        def step(stored: Submitted) -> Change | None:
            execution = stored.execution
            known = execution.unanswered_since is not None and execution.credentials_expired is expired
            if not execution.live or known:
                return None
            return Change(replace(stored, execution=execution.unanswered(since, expired=expired)))

        for job in jobs:
            await self._store.change(job.id, step)

    async def _apply(self, job: Submitted, engine_says: Observation) -> None:
        now, seen = self._now(), _without_secrets(engine_says)

        def step(stored: Submitted) -> Change | None:
            moved = stored.observed(seen, now)
            if moved is stored:
                return None
            return Change(moved, _attempt_notes(stored, moved) if isinstance(moved, Job) else ())

        if job.observed(seen, now) is job:
            return
        moved = await self._store.change(job.id, step)
        log.info("state changed", job=job.id, state=moved.execution.state, reason=moved.execution.status_reason)

    async def _unknown(self, job: Submitted) -> None:
        """Batch forgets finished jobs after a day, and may not know a new one for seconds: check again before the job
        counts as lost."""
        now = self._now()
        if self._missing.setdefault(job.id, MissingFor(now, CHECK_SECONDS)).check(now) < self._lost_after:
            return

        def step(stored: Submitted) -> Change | None:
            return Change(stored.ended(EndReason.LOST, now, notes.END_UNSEEN)) if stored.execution.live else None

        await self._store.change(job.id, step)
        log.error("job lost", job=job.id, engine_id=job.execution.engine_id)


def _without_secrets(seen: Observation) -> Observation:
    """The engine's reasons quote what containers and registries said."""
    attempts = tuple(replace(attempt, reason=redact(attempt.reason)) for attempt in seen.attempts)
    return replace(seen, status_reason=redact(seen.status_reason), attempts=attempts)


def _quarantined(hint: Hint, *, foreign: bool) -> None:
    """Count events that are not ours. They are acknowledged with the others: reading them again would not help."""
    if not hint.engine_id:
        QUARANTINED.labels("malformed").inc()
        log.warning("ignored a malformed event", excerpt=hint.excerpt)
    elif foreign:
        QUARANTINED.labels("foreign").inc()
        log.debug("ignored an event for an unknown job", engine_id=hint.engine_id)


def _attempt_notes(before: Submitted, after: Job) -> tuple[NewPost, ...]:
    """A note in the thread for each attempt that ended without ending the job. A sweep's board shows its trials."""
    execution = after.execution
    ended = [attempt for attempt in execution.attempts if attempt.stopped_at is not None]
    if not execution.live:
        ended = ended[:-1]
    return tuple(
        NewPost(
            key=f"attempt:{after.id}:{number}",
            kind=PostKind.NOTE,
            job_id=after.id,
            text=notes.attempt_ended(number, attempt.reason or execution.status_reason),
        )
        for number, attempt in enumerate(ended, 1)
        if number > before.execution.attempts_ended
    )
