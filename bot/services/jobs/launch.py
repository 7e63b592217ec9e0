"""Turn an intent into exactly one Batch job, whatever is lost, repeated or killed in between.

SubmitJob has no idempotency token. So the time of the call is committed before the call. If its answer is lost, the
job is looked up by its name, which is unique to the intent. It is submitted again only if it surely does not exist
(DescribeJobs and ListJobs may lag).
"""

import asyncio
import json
from dataclasses import dataclass, replace
from functools import partial

import structlog

from bot.domain.audit.entry import Does, own
from bot.domain.clock import MissingFor, passed
from bot.domain.inert import Inert
from bot.domain.model.job import Job
from bot.domain.model.observation import Observation
from bot.domain.model.rows import Submitted
from bot.domain.model.states import EndReason
from bot.domain.model.submission import Submission
from bot.domain.model.sweep import Sweep
from bot.domain.parameters import Value
from bot.domain.posts import Change, NewPost, PostKind
from bot.domain.texts import notes
from bot.domain.texts.engine import engine_title
from bot.errors import CapReached, CredentialsExpired, Paused, Refused, ServiceError, Throttled
from bot.ports.engine import Engine, SubmitCall
from bot.services.jobs.submit_call import call_for_job, call_for_submission, engine_name
from bot.services.running.core import Core
from bot.services.running.pending import to_launch

log = structlog.get_logger()

AT_ONCE = 6
"""SubmitJob calls at once: at 150 ms each they stay below Batch's 50 a second."""
UNANSWERED_SECONDS = 60.0
"""How long the engine may give no answer until the card says so."""
CHECK_SECONDS = 10.0
"""Each look-up of a lost job adds at most this much to the time it has been missing."""


@dataclass(frozen=True, slots=True)
class LaunchSettings:
    """`bot_name` separates the jobs of several bots in one account; `lookup_seconds` is how long AWS may lag.

    Assumption: read-lag.
    """

    bot_name: str
    lookup_seconds: float
    backoff_seconds: float = 1.0
    max_backoff_seconds: float = 30.0


@dataclass(frozen=True, slots=True)
class _Backoff:
    """Rest for `seconds` from `since` on, and for `next_seconds` after the next failure."""

    since: float = 0.0
    seconds: float = 0.0
    next_seconds: float = 0.0
    failing_since: float | None = None


class Launch:
    """Takes up intents, of jobs and of submissions, whose back-off is over."""

    def __init__(self, core: Core, engine: Engine, settings: LaunchSettings) -> None:
        self._store, self._engine, self._projects = core.store, engine, core.projects
        self._settings, self._now = settings, core.now
        self._turns = asyncio.Semaphore(AT_ONCE)
        self._backoffs: dict[str, _Backoff] = {}
        """By job id: jobs whose last try failed temporarily."""
        self._missing: dict[str, MissingFor] = {}

    async def once(self) -> None:
        """Try each of them once."""
        intents = to_launch(await self._store.unfinished())
        self._backoffs = {job.id: self._backoffs[job.id] for job in intents if job.id in self._backoffs}
        self._missing = {job.id: self._missing[job.id] for job in intents if job.id in self._missing}
        tried = await asyncio.gather(*(self._in_turn(job) for job in intents if self._due(job)), return_exceptions=True)
        for error in tried:
            if error is not None:
                raise error

    def _due(self, job: Submitted) -> bool:
        backoff = self._backoffs.get(job.id, _Backoff())
        return passed(backoff.since, backoff.seconds, self._now())

    async def _in_turn(self, job: Submitted) -> None:
        """A few at once; one that fails does not affect the others."""
        async with self._turns:
            await self._try(job)

    async def _try(self, job: Submitted) -> None:
        try:
            if job.execution.submit_called_at is not None and not await self._surely_absent(job):
                return
            if job.execution.stop is not None:
                await self._end(job, EndReason.STOPPED, notes.STOPPED_UNSUBMITTED)
            elif job.execution.hold is not None:
                await self._store.change(job.id, _refused)  # it still waits, and surely is not there
            else:
                await self._submit(job)
        except Paused:
            return  # it waits until the pause is over
        except CapReached as error:  # it was lowered, or others have cost more than they were to
            await self._end(job, EndReason.OVER_CAP, str(error).replace("`", ""))
        except ServiceError as error:
            await self._later(job, error)

    async def _surely_absent(self, job: Submitted) -> bool:
        """After a lost answer, look for the job, and adopt it if it is there. True if it surely is not."""
        place = self._projects[job.run.project].on(job.run.machine)
        found = await self._engine.find(place.queue, engine_name(job, self._settings.bot_name))
        if found:
            await self._adopt(job, found)
            return False
        now = self._now()
        missing = self._missing.setdefault(job.id, MissingFor(now, CHECK_SECONDS)).check(now)
        if missing < self._settings.lookup_seconds:
            self._backoffs[job.id] = _Backoff(now, self._settings.backoff_seconds)
            return False
        return True

    async def _adopt(self, job: Submitted, found: list[Observation]) -> None:
        """The oldest is ours. The notes about the others are committed before they are ended."""
        ours, engine = found[0].engine_id, engine_title(self._projects.get(job.run.project))
        posts = tuple(
            leftover_note(job, double.engine_id, notes.second_ended(double.engine_id, ours, engine))
            for double in found[1:]
        )
        if posts:
            now = self._now()

            def step(stored: Submitted) -> Change:
                execution = stored.execution
                for double in found[1:]:
                    execution = execution.doubled(double, now)
                return Change(replace(stored, execution=execution), posts)

            await self._store.change(job.id, step)
        for double in found[1:]:
            log.warning("ending a double submission", job=job.id, engine_id=double.engine_id)
            why = f"Submitted twice; {ours} is kept"
            await self._store.audit(own(Does.END, job.id, job.run.project, double.engine_id, why=why))
            await self._engine.terminate(double.engine_id, why)
        await self._submitted(job, found[0].engine_id, found[0])

    async def _submit(self, job: Submitted) -> None:
        """Only here do these errors mean that there is no job: a look-up may raise them, too."""
        at = self._now()

        def calling(job: Submitted) -> Change | None:
            wanted = job.execution.to_submit  # somebody may have asked to stop it since it was read
            return Change(replace(job, execution=job.execution.submit_called(at))) if wanted else None

        job = await self._store.change(job.id, calling, submits=True)
        if not job.execution.to_submit:
            return
        self._missing.pop(job.id, None)
        call = await self._call(job)
        try:
            engine_id = await self._engine.submit(call)
        except (Throttled, CredentialsExpired) as error:
            await self._store.change(job.id, partial(_refused, answered=isinstance(error, Throttled)))
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
            raise TypeError(f"{job.id} is a submission of {job.sweep_id}, which is not a sweep")
        return call_for_submission(job, sweep, project, bot_name)

    async def _submitted(self, job: Submitted, engine_id: str, found: Observation | None = None) -> None:
        def step(job: Submitted) -> Change:
            run = job.run
            if isinstance(job, Submission) and found is not None:
                run = replace(run, parameters=_parameters(found) or run.parameters)
            return Change(replace(job, run=run, execution=job.execution.submitted(engine_id).released()))

        await self._store.change(job.id, step)
        log.info("submitted", job=job.id, engine_id=engine_id)

    async def _end(self, job: Submitted, reason: EndReason, detail: str) -> None:
        at = self._now()

        def step(job: Submitted) -> Change | None:
            return Change(job.ended(reason, at, detail)) if job.execution.live else None

        await self._store.change(job.id, step)
        log.warning("not submitted", job=job.id, reason=reason, detail=detail)

    async def _later(self, job: Submitted, error: ServiceError) -> None:
        now, before = self._now(), self._backoffs.get(job.id, _Backoff())
        delay = before.next_seconds or self._settings.backoff_seconds
        since = before.failing_since if before.failing_since is not None else now
        self._backoffs[job.id] = _Backoff(now, delay, min(delay * 2, self._settings.max_backoff_seconds), since)
        log.warning("submission failed for now", job=job.id, error=str(error), retry_in_seconds=delay)
        expired = isinstance(error, CredentialsExpired)
        if expired or (not isinstance(error, Throttled) and passed(since, UNANSWERED_SECONDS, now)):
            await self._store.change(job.id, partial(_unanswered, since=since, expired=expired))


def leftover_note(job: Submitted, engine_id: str, text: Inert) -> NewPost:
    """The note about an engine job that should not be there; its key makes it appear once."""
    return NewPost(f"double:{engine_id}", PostKind.NOTE, job.thread_owner_id, text=text)


def _unanswered(job: Submitted, since: float, *, expired: bool) -> Change | None:
    """The card says why the job is not submitted."""
    execution = job.execution
    known = execution.unanswered_since is not None and execution.credentials_expired is expired
    if not execution.live or known:
        return None
    return Change(replace(job, execution=execution.unanswered(since, expired=expired)))


def _refused(job: Submitted, *, answered: bool = False) -> Change:
    refused = job.execution.submit_refused()
    return Change(replace(job, execution=refused.unanswered(None) if answered else refused))


def _parameters(found: Observation) -> dict[str, Value]:
    """The parameters of a trial that was found again: a sampler would choose others the second time."""
    return dict(json.loads(dict(found.environment).get("PARAMETERS", "{}")))
