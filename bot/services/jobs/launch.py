"""Turn an intent into exactly one Batch job, whatever is lost, repeated or killed in between.

SubmitJob has no idempotency token. So the time of the call is committed before it; after an answer that was
lost, the job is looked up by its name, which is unique to the intent, and only when it is surely absent
(DescribeJobs and ListJobs may lag) is it submitted again.
"""

import asyncio
import json
from dataclasses import dataclass, replace

import structlog

from bot.domain.clock import Absence, passed
from bot.domain.model.job import Job
from bot.domain.model.observation import Observation
from bot.domain.model.states import EndReason, JobState
from bot.domain.parameters import Value
from bot.domain.posts import Change, NewPost, PostKind
from bot.errors import Refused, ServiceError, Throttled
from bot.ports.engine import Engine
from bot.services.jobs.submit_call import batch_name, submission
from bot.services.running.core import Core

log = structlog.get_logger()

AT_ONCE = 6
"""SubmitJob calls under way: at 150 ms each they stay below Batch's 50 a second."""
LOOK_SECONDS = 10.0
"""What the time from one look-up of a lost job to the next counts at most."""


@dataclass(frozen=True, slots=True)
class LaunchSettings:
    """`bot_name` tells the jobs of several bots in one account apart; `lookup_seconds` is how long AWS may lag."""

    bot_name: str
    lookup_seconds: float
    backoff_seconds: float = 1.0
    most_backoff_seconds: float = 30.0


class Launch:
    def __init__(self, core: Core, engine: Engine, settings: LaunchSettings) -> None:
        self._store, self._engine, self._projects, self._wakeups = core.store, engine, core.projects, core.wakeups
        self._settings, self._now = settings, core.now
        self._turns = asyncio.Semaphore(AT_ONCE)
        self._delay: dict[str, tuple[float, float, float]] = {}
        """Job id → (since when, how long it rests, next rest): jobs whose last try failed in passing."""
        self._missed: dict[str, Absence] = {}

    async def once(self) -> None:
        """One try for each intent that is due."""
        jobs = await self._store.open_jobs()
        intents = [job for job in jobs if job.state is JobState.INTENT and job.sweep is None]
        self._delay = {job.id: self._delay[job.id] for job in intents if job.id in self._delay}
        self._missed = {job.id: self._missed[job.id] for job in intents if job.id in self._missed}
        tried = await asyncio.gather(*(self._in_turn(job) for job in intents if self._due(job)), return_exceptions=True)
        for error in tried:
            if error is not None:
                raise error

    def _due(self, job: Job) -> bool:
        since, seconds, _ = self._delay.get(job.id, (0.0, 0.0, 0.0))
        return passed(since, seconds, self._now())

    async def _in_turn(self, job: Job) -> None:
        """A few at once; what goes wrong with one is no other's business."""
        async with self._turns:
            await self._try(job)

    async def _try(self, job: Job) -> None:
        try:
            if job.submit_tried_at is not None and not await self._surely_absent(job):
                return
            if job.stop_at is None:
                await self._submit(job)
            else:
                await self._end(job, EndReason.STOPPED, "Stopped before it was submitted.")
        except ServiceError as error:
            self._later(job, error)

    async def _surely_absent(self, job: Job) -> bool:
        """After a call whose answer was lost: adopts the job if it is there; whether it surely is not."""
        found = await self._engine.find(self._projects[job.project].queue, batch_name(job, self._settings.bot_name))
        if found:
            await self._adopt(job, found)
            return False
        now = self._now()
        missed = self._missed.setdefault(job.id, Absence(now, LOOK_SECONDS)).look(now)
        if missed < self._settings.lookup_seconds:
            self._delay[job.id] = (now, self._settings.backoff_seconds, 0.0)
            return False
        return True

    async def _adopt(self, job: Job, found: list[Observation]) -> None:
        """The oldest is ours. What is told of a double is committed before it is ended."""
        notes = tuple(told_double(job, double.engine_id, found[0].engine_id) for double in found[1:])
        if notes:
            await self._store.change(job.id, lambda stored: Change(stored, notes))
        for double in found[1:]:
            log.warning("double submission ended", job=job.id, engine_id=double.engine_id)
            await self._engine.terminate(double.engine_id, f"Submitted twice; {found[0].engine_id} is kept")
        await self._submitted(job, found[0].engine_id, found[0])

    async def _submit(self, job: Job) -> None:
        """`Throttled` and `Refused` say that there is no job only here: a look-up may raise them, too."""
        at = self._now()
        job = await self._store.change(
            job.id, lambda job: Change(replace(job, submit_tried_at=at)) if _wanted(job) else None
        )
        if not _wanted(job):
            return
        self._missed.pop(job.id, None)
        face = job if job.part is None else await self._store.job(job.face) or job
        call = submission(job, self._projects[job.project], self._settings.bot_name, face.sweep)
        try:
            engine_id = await self._engine.submit(call)
        except Throttled:
            await self._store.change(job.id, lambda job: Change(replace(job, submit_tried_at=None)))
            raise
        except Refused as error:
            await self._end(job, EndReason.NOT_SUBMITTED, str(error))
        else:
            await self._submitted(job, engine_id)

    async def _submitted(self, job: Job, engine_id: str, found: Observation | None = None) -> None:
        def step(job: Job) -> Change:
            submitted = replace(job, engine_id=engine_id, state=JobState.SUBMITTED, submit_tried_at=None)
            if job.part is not None and found is not None:
                submitted = replace(submitted, parameters=_parameters(found) or job.parameters)
            return Change(replace(submitted, revision=job.revision + 1))

        await self._store.change(job.id, step)
        log.info("submitted", job=job.id, engine_id=engine_id)
        self._wakeups.track_jobs.wake()
        self._wakeups.stop.wake()
        self._wakeups.deliver.wake()

    async def _end(self, job: Job, reason: EndReason, detail: str) -> None:
        at = self._now()
        await self._store.change(job.id, lambda job: Change(job.ended(reason, at, detail)) if job.live else None)
        log.warning("not submitted", job=job.id, reason=reason, detail=detail)
        self._wakeups.announce_result.wake()
        self._wakeups.deliver.wake()

    def _later(self, job: Job, error: ServiceError) -> None:
        delay = self._delay.get(job.id, (0.0, 0.0, 0.0))[2] or self._settings.backoff_seconds
        self._delay[job.id] = (self._now(), delay, min(delay * 2, self._settings.most_backoff_seconds))
        log.warning("submission failed in passing", job=job.id, error=str(error), again_in_seconds=delay)


def told_double(job: Job, double: str, kept: str) -> NewPost:
    """What is told of a second Batch job of one command, once."""
    text = f"AWS Batch has a second job of this command, {double}: ended. {kept} is kept."
    return NewPost(f"double:{double}", PostKind.NOTE, job.face, text=text)


def _wanted(job: Job) -> bool:
    """Whether it is to be submitted still: a click may have come since it was looked at."""
    return job.state is JobState.INTENT and job.stop_at is None


def _parameters(found: Observation) -> dict[str, Value]:
    """Those of a trial that was found again: a sampler would choose others the second time."""
    return dict(json.loads(dict(found.environment).get("PARAMETERS", "{}")))
