"""Follow the jobs' states: events are hints, DescribeJobs settles."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import structlog
from prometheus_client import Counter

from bot.domain.clock import Absence, passed
from bot.domain.model.job import Job
from bot.domain.model.observation import Observation
from bot.domain.model.rows import Submitted
from bot.domain.model.states import EndReason
from bot.domain.posts import Change, NewPost, PostKind
from bot.domain.texts import notes
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
        self._store, self._engine, self._now = core.store, engine, core.now
        self._lost_after, self._old_after = lost_after_seconds, old_after_seconds
        self._answered_at = core.now()
        self._absent: dict[str, Absence] = {}
        """By job id: those that Batch does not know."""
        self._heard: dict[str, float] = {}
        """By job id: when an array was looked at because of its children."""

    async def once(self) -> None:
        """Describes every unfinished job that Batch knows, 100 a call."""
        rows = [row for row in await self._store.unfinished() if isinstance(row, Submitted)]
        await self._settle([row for row in rows if row.execution.live and row.execution.engine_id])

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

    def _due(self, named: Mapping[str, Submitted | None]) -> list[Submitted]:
        """The jobs named by the events. Arrays named only by a child are rate-limited."""
        now = self._now()
        self._heard = {job_id: at for job_id, at in self._heard.items() if not passed(at, CHILD_SECONDS, now)}
        known = [(job, job.execution, name) for name, job in named.items() if job is not None]
        live = [(job, execution.engine_id == name) for job, execution, name in known if execution.live]
        due = {job.id: job for job, itself in live if itself or job.id not in self._heard}
        self._heard = {job.id: now for job, itself in live if not itself} | self._heard
        return list(due.values())

    async def _named(self, engine_id: str) -> Submitted | None:
        """A child of an array stands for its submission."""
        return await self._store.by_engine_id(self._engine.parent_id(engine_id))

    async def _settle(self, jobs: Sequence[Submitted]) -> None:
        if not jobs:
            return
        try:
            seen = await self._engine.describe([job.execution.engine_id for job in jobs if job.execution.engine_id])
        except ServiceError:
            self._absent.clear()
            await self._unanswered(jobs)
            raise
        self._answered_at = self._now()
        for job in jobs:
            observation = seen.get(job.execution.engine_id or "")
            if observation is None:
                await self._not_known(job)
            else:
                self._absent.pop(job.id, None)
                await self._apply(job, observation)

    async def _unanswered(self, jobs: Sequence[Submitted]) -> None:
        """Nothing is guessed while AWS does not answer: the cards say since when."""
        if not passed(self._answered_at, self._old_after, self._now()):
            return
        since = min(self._answered_at, self._now())

        def step(stored: Submitted) -> Change | None:
            execution = stored.execution
            if not execution.live or execution.unanswered_since is not None:
                return None
            return Change(replace(stored, execution=execution.unanswered(since)))

        for job in jobs:
            await self._store.change(job.id, step)

    async def _apply(self, job: Submitted, seen: Observation) -> None:
        now = self._now()

        def step(stored: Submitted) -> Change | None:
            moved = stored.observed(seen, now)
            if moved is stored:
                return None
            return Change(moved, _attempt_notes(stored, moved) if isinstance(moved, Job) else ())

        if job.observed(seen, now) is job:
            return
        moved = await self._store.change(job.id, step)
        log.info("state", job=job.id, state=moved.execution.state, reason=moved.execution.status_reason)

    async def _not_known(self, job: Submitted) -> None:
        """Batch forgets finished jobs after a day, and may not know a new one for seconds: look again, then tell."""
        now = self._now()
        if self._absent.setdefault(job.id, Absence(now, LOOK_SECONDS)).look(now) < self._lost_after:
            return

        def step(stored: Submitted) -> Change | None:
            return Change(stored.ended(EndReason.LOST, now, notes.END_UNSEEN)) if stored.execution.live else None

        await self._store.change(job.id, step)
        log.error("lost", job=job.id, engine_id=job.execution.engine_id)


def _quarantined(hint: Hint, *, foreign: bool) -> None:
    """Counts what is no news of ours. It is acknowledged with the others: to look at it again would not help."""
    if not hint.engine_id:
        QUARANTINED.labels("malformed").inc()
        log.warning("a malformed event is put aside", excerpt=hint.excerpt)
    elif foreign:
        QUARANTINED.labels("foreign").inc()
        log.debug("an event of a job that is not ours", engine_id=hint.engine_id)


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
