"""Follow the jobs' states: events are hints, DescribeJobs settles."""

from collections.abc import Callable, Sequence

import structlog

from bot.domain.events import Observation
from bot.domain.job import Job
from bot.domain.posts import Change, NewPost, PostKind
from bot.domain.states import EndReason
from bot.ports import Batch, Events, Store
from bot.services.bells import Bells

log = structlog.get_logger()


class Watch:
    def __init__(
        self,
        store: Store,
        batch: Batch,
        bells: Bells,
        *,
        now: Callable[[], float],
        lost_after_seconds: float = 300,
    ) -> None:
        self._store, self._batch, self._bells, self._now = store, batch, bells, now
        self._lost_after = lost_after_seconds
        self._absent_since: dict[str, float] = {}

    async def once(self) -> None:
        """Describes every unfinished job that Batch knows, 100 a call."""
        await self._settle([job for job in await self._store.open_jobs() if job.live and job.batch_id])

    async def hear(self, events: Events, wait_seconds: float) -> None:
        """One wait for events: the jobs that they name are described at once."""
        hints = await events.receive(wait_seconds)
        if not hints:
            return
        named = {hint.batch_id for hint in hints if hint.batch_id}
        jobs = [job for batch_id in named if (job := await self._store.by_batch_id(batch_id)) is not None]
        await self._settle([job for job in jobs if job.live])
        await events.acknowledge(hints)

    async def _settle(self, jobs: Sequence[Job]) -> None:
        if not jobs:
            return
        seen = await self._batch.describe([job.batch_id for job in jobs if job.batch_id])
        for job in jobs:
            observation = seen.get(job.batch_id or "")
            if observation is None:
                await self._absent(job)
            else:
                self._absent_since.pop(job.id, None)
                await self._apply(job, observation)

    async def _apply(self, job: Job, seen: Observation) -> None:
        now = self._now()

        def step(stored: Job) -> Change | None:
            moved = stored.observed(seen, now)
            return None if moved is stored else Change(moved, _notes(stored, moved))

        if job.observed(seen, now) is job:
            return
        moved = await self._store.change(job.id, step)
        log.info("state", job=job.id, state=moved.state, reason=moved.status_reason)
        for bell in (self._bells.tail, self._bells.finish, self._bells.notify):
            bell.ring()

    async def _absent(self, job: Job) -> None:
        """Batch forgets finished jobs after a day, and may not know a new one for seconds: look again, then tell."""
        now = self._now()
        if now - self._absent_since.setdefault(job.id, now) < self._lost_after:
            return
        detail = "AWS Batch does not know this job any more, so how it ended cannot be told."
        await self._store.change(
            job.id, lambda stored: Change(stored.ended(EndReason.LOST, now, detail)) if stored.live else None
        )
        log.error("lost", job=job.id, batch_id=job.batch_id)
        self._bells.finish.ring()
        self._bells.notify.ring()


def _notes(before: Job, after: Job) -> tuple[NewPost, ...]:
    """A note in the thread for each attempt that ended without ending the job."""
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
