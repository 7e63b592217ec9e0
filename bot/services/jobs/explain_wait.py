"""Tell in the thread why a job waits for a machine, once for each cause, when it has waited long.

A cause that shows only in passing is not told: one MISCONFIGURATION is normal while a queue scales from zero. An array
says nothing of it, so one of its trials is asked for all of them, while none is on a machine.
"""

from collections.abc import Iterable
from dataclasses import replace

import structlog

from bot.domain.clock import passed
from bot.domain.jobs.waiting import cause_name, stuck
from bot.domain.model.job import Job
from bot.domain.model.states import JobState
from bot.domain.posts import Change, NewPost, PostKind
from bot.errors import ServiceError
from bot.ports.engine import Engine
from bot.ports.store import Step
from bot.services.running.core import Core

log = structlog.get_logger()

LOOK_SECONDS = 60.0
"""Between two looks at an array that waits."""
LAST = 100
"""Trials of it that are described in such a look."""


class ExplainWait:
    """`dwell_seconds` is how long a cause must have been looked at: what the store says right after a start is old."""

    def __init__(self, core: Core, engine: Engine, dwell_seconds: float) -> None:
        self._store, self._wakeups, self._now = core.store, core.wakeups, core.now
        self._engine, self._dwell = engine, dwell_seconds
        self._since: dict[tuple[str, str], float] = {}
        self._told: set[tuple[str, str]] = set()
        self._asked: dict[str, tuple[float, Job]] = {}
        """By array: when one of its trials was asked, and the array as if it were that trial."""

    async def once(self) -> None:
        """Commits the notes that are due. The note's key makes it once; `_told` only spares the look."""
        jobs = await self._store.open_jobs()
        alone = [job for job in jobs if _waits(job)]
        waiting = {(job.id, cause_name(job)): job for job in [*alone, *await self._arrays(jobs)]}
        self._since = {key: self._since.get(key, self._now()) for key in waiting}
        self._told &= waiting.keys()
        for key, job in waiting.items():
            if key not in self._told and passed(self._since[key], self._dwell, self._now()):
                await self._store.change(job.id, self._note(job))
                self._told.add(key)
                self._wakeups.deliver.wake()

    async def _arrays(self, jobs: Iterable[Job]) -> list[Job]:
        """Those whose trials all wait. One that cannot be asked about now is as it was."""
        waiting = [job for job in jobs if _all_wait(job)]
        self._asked = {job.id: self._asked[job.id] for job in waiting if job.id in self._asked}
        for job in waiting:
            if job.id in self._asked and not passed(self._asked[job.id][0], LOOK_SECONDS, self._now()):
                continue
            try:
                trial = await self._trial(job)
            except ServiceError as error:
                log.warning("why an array waits could not be asked", part=job.id, error=str(error))
                continue
            if trial is None:
                self._asked.pop(job.id, None)
            else:
                self._asked[job.id] = self._now(), trial
        return [trial for _, trial in self._asked.values()]

    async def _trial(self, job: Job) -> Job | None:
        """The array, as if it were one of its trials that wait: with that one's reason. The last few are looked at, in
        one call; to list all that wait would be 100 calls of an array of 10,000."""
        size = job.part.size if job.part is not None else 0
        last = [f"{job.engine_id}:{index}" for index in range(max(0, size - LAST), size)]
        seen = (await self._engine.describe(last)).values()
        waiting = next((each for each in seen if each.state is JobState.RUNNABLE), None)
        if waiting is None:
            return None
        return replace(job, state=waiting.state, status_reason=waiting.status_reason, seen_at=self._now())

    def _note(self, told: Job) -> Step:
        """Of what waits still when it is committed."""

        def step(job: Job) -> Change | None:
            if _all_wait(job):
                why = replace(told, seen_at=self._since[told.id, cause_name(told)])
            elif _waits(job):
                why = job
            else:
                return None
            minutes = max(1, round((self._now() - (why.seen_at or self._now())) / 60))
            text = stuck(why, f"{minutes} min")
            return Change(job, (NewPost(f"waits:{job.face}:{cause_name(why)}", PostKind.NOTE, job.face, text=text),))

        return step


def _waits(job: Job) -> bool:
    """Whether it waits for a machine, as far as AWS has told lately."""
    return bool(cause_name(job)) and job.stop_at is None and job.unseen_since is None


def _all_wait(job: Job) -> bool:
    """The same of an array: some of its trials wait, and none is on a machine."""
    if job.part is None or not job.live or job.stop_at is not None or job.unseen_since is not None:
        return False
    on_a_machine = job.part.children.get(JobState.STARTING, 0) + job.part.children.get(JobState.RUNNING, 0)
    return bool(job.part.children.get(JobState.RUNNABLE, 0)) and not on_a_machine
