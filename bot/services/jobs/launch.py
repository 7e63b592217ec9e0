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
from bot.domain.inert import Inert
from bot.domain.model.job import Job
from bot.domain.model.observation import Observation
from bot.domain.model.rows import Submitted
from bot.domain.model.states import EndReason, JobState
from bot.domain.model.submission import Submission
from bot.domain.model.sweep import Sweep
from bot.domain.parameters import Value
from bot.domain.posts import Change, NewPost, PostKind, adding
from bot.domain.texts import notes
from bot.domain.texts.engine import engine_title
from bot.errors import Refused, ServiceError, Throttled
from bot.ports.engine import Engine, SubmitCall
from bot.services.jobs.submit_call import call_for_job, call_for_submission, engine_name
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
        self._store, self._engine, self._projects = core.store, engine, core.projects
        self._settings, self._now = settings, core.now
        self._turns = asyncio.Semaphore(AT_ONCE)
        self._delay: dict[str, tuple[float, float, float]] = {}
        """Job id → (since when, how long it rests, next rest): jobs whose last try failed in passing."""
        self._missed: dict[str, Absence] = {}

    async def once(self) -> None:
        """One try for each intent that is due."""
        rows = await self._store.unfinished()
        intents = [row for row in rows if isinstance(row, Submitted) and row.execution.state is JobState.INTENT]
        self._delay = {job.id: self._delay[job.id] for job in intents if job.id in self._delay}
        self._missed = {job.id: self._missed[job.id] for job in intents if job.id in self._missed}
        tried = await asyncio.gather(*(self._in_turn(job) for job in intents if self._due(job)), return_exceptions=True)
        for error in tried:
            if error is not None:
                raise error

    def _due(self, job: Submitted) -> bool:
        since, seconds, _ = self._delay.get(job.id, (0.0, 0.0, 0.0))
        return passed(since, seconds, self._now())

    async def _in_turn(self, job: Submitted) -> None:
        """A few at once; what goes wrong with one is no other's business."""
        async with self._turns:
            await self._try(job)

    async def _try(self, job: Submitted) -> None:
        try:
            if job.execution.submit_called_at is not None and not await self._surely_absent(job):
                return
            if job.execution.stop is None:
                await self._submit(job)
            else:
                await self._end(job, EndReason.STOPPED, "Stopped before it was submitted.")
        except ServiceError as error:
            self._later(job, error)

    async def _surely_absent(self, job: Submitted) -> bool:
        """After a call whose answer was lost: adopts the job if it is there; whether it surely is not."""
        found = await self._engine.find(
            self._projects[job.run.project].queue, engine_name(job, self._settings.bot_name)
        )
        if found:
            await self._adopt(job, found)
            return False
        now = self._now()
        missed = self._missed.setdefault(job.id, Absence(now, LOOK_SECONDS)).look(now)
        if missed < self._settings.lookup_seconds:
            self._delay[job.id] = (now, self._settings.backoff_seconds, 0.0)
            return False
        return True

    async def _adopt(self, job: Submitted, found: list[Observation]) -> None:
        """The oldest is ours. The notes on the others are committed before they are ended."""
        first, engine = found[0].engine_id, engine_title(self._projects.get(job.run.project))
        posts = tuple(
            leftover_note(job, second.engine_id, notes.second_ended(second.engine_id, first, engine))
            for second in found[1:]
        )
        if posts:
            await self._store.change(job.id, adding(*posts))
        for double in found[1:]:
            log.warning("double submission ended", job=job.id, engine_id=double.engine_id)
            await self._engine.terminate(double.engine_id, f"Submitted twice; {found[0].engine_id} is kept")
        await self._submitted(job, found[0].engine_id, found[0])

    async def _submit(self, job: Submitted) -> None:
        """`Throttled` and `Refused` say that there is no job only here: a look-up may raise them, too."""
        at = self._now()

        def calling(job: Submitted) -> Change | None:
            wanted = job.execution.to_submit  # a click may have come since it was looked at
            return Change(replace(job, execution=job.execution.submit_called(at))) if wanted else None

        job = await self._store.change(job.id, calling)
        if not job.execution.to_submit:
            return
        self._missed.pop(job.id, None)
        call = await self._call(job)
        try:
            engine_id = await self._engine.submit(call)
        except Throttled:
            await self._store.change(job.id, _refused)
            raise
        except Refused as error:
            await self._end(job, EndReason.NOT_SUBMITTED, str(error))
        else:
            await self._submitted(job, engine_id)

    async def _call(self, job: Submitted) -> SubmitCall:
        project, bot_name = self._projects[job.run.project], self._settings.bot_name
        if isinstance(job, Job):
            return call_for_job(job, project, bot_name)
        sweep = await self._store.job(job.sweep_id)
        if not isinstance(sweep, Sweep):
            raise TypeError(f"{job.id} is a submission of {job.sweep_id}, which is no sweep")
        return call_for_submission(job, sweep, project, bot_name)

    async def _submitted(self, job: Submitted, engine_id: str, found: Observation | None = None) -> None:
        def step(job: Submitted) -> Change:
            run = job.run
            if isinstance(job, Submission) and found is not None:
                run = replace(run, parameters=_parameters(found) or run.parameters)
            return Change(replace(job, run=run, execution=job.execution.submitted(engine_id)))

        await self._store.change(job.id, step)
        log.info("submitted", job=job.id, engine_id=engine_id)

    async def _end(self, job: Submitted, reason: EndReason, detail: str) -> None:
        at = self._now()

        def step(job: Submitted) -> Change | None:
            return Change(job.ended(reason, at, detail)) if job.execution.live else None

        await self._store.change(job.id, step)
        log.warning("not submitted", job=job.id, reason=reason, detail=detail)

    def _later(self, job: Submitted, error: ServiceError) -> None:
        delay = self._delay.get(job.id, (0.0, 0.0, 0.0))[2] or self._settings.backoff_seconds
        self._delay[job.id] = (self._now(), delay, min(delay * 2, self._settings.most_backoff_seconds))
        log.warning("submission failed in passing", job=job.id, error=str(error), again_in_seconds=delay)


def leftover_note(job: Submitted, engine_id: str, text: Inert) -> NewPost:
    """A note on an engine job that should not be there: one for each."""
    return NewPost(f"double:{engine_id}", PostKind.NOTE, job.thread_owner_id, text=text)


def _refused(job: Submitted) -> Change:
    return Change(replace(job, execution=job.execution.submit_refused()))


def _parameters(found: Observation) -> dict[str, Value]:
    """Those of a trial that was found again: a sampler would choose others the second time."""
    return dict(json.loads(dict(found.environment).get("PARAMETERS", "{}")))
