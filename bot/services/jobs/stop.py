"""Stop a job: the wish is committed first, then TerminateJob is called until Batch says that it has ended."""

from dataclasses import replace

import structlog

from bot.domain.access import Person
from bot.domain.clock import passed
from bot.domain.model.job import Job
from bot.domain.model.states import EndReason
from bot.domain.posts import Change
from bot.domain.sweeps.trial_changes import numbers
from bot.errors import ServiceError, UnknownName, UserError
from bot.ports.engine import Engine
from bot.services.running.core import Core

log = structlog.get_logger()


class Stop:
    """CancelJob does nothing on a running job, so it is always TerminateJob."""

    def __init__(self, core: Core, engine: Engine, *, repeat_seconds: float = 30) -> None:
        self._store, self._engine, self._projects, self._wakeups = core.store, engine, core.projects, core.wakeups
        self._now, self._repeat = core.now, repeat_seconds
        self._tried: dict[str, float] = {}

    async def check(self, job_id: str, person: Person) -> Job:
        """The job, if this person may stop it now; `UnknownName`, `NotAllowed`, or `UserError` if it has ended."""
        job = await self._store.job(job_id)
        if job is None:
            raise UnknownName("job", given=job_id)
        self.check_person(job, person)
        if not job.live:
            how = "was stopped" if job.reason is EndReason.STOPPED else f"has {job.state.lower()}"
            raise UserError(f"{job.id} {how} already: there is nothing to stop. `/status` lists what is live.")
        return job

    def check_person(self, job: Job, person: Person) -> None:
        """Raises `NotAllowed` where this person may not stop it."""
        self._projects[job.project].access.check_stop(person, job.asker_id)

    async def child_id(self, face: Job, number: int) -> str | None:
        """The Batch id of a trial, also of one that waits; None before it is submitted."""
        for part in await self._store.parts(face.id):
            own = numbers(part)
            if number in own and part.engine_id is not None:
                return part.engine_id if len(own) == 1 else f"{part.engine_id}:{own.index(number)}"
        return None

    async def single(self, face: Job, number: int, person: Person) -> None:
        """Stops a trial that is a part by itself, as any job. A child of an array is ended by `prune`."""
        part = await self._store.job(f"{face.id}-{number}")
        if part is not None and part.part is not None and part.part.numbers == str(number):
            await self._wish(part.id, person)
        for wakeup in (self._wakeups.prune, self._wakeups.deliver):
            wakeup.wake()

    async def stop(self, job_id: str, person: Person) -> Job:
        """Commits the wish; the first one is kept."""
        await self.check(job_id, person)
        return await self._wish(job_id, person)

    async def _wish(self, job_id: str, person: Person) -> Job:
        at = self._now()

        def step(job: Job) -> Change | None:
            if not job.live or job.stop_at is not None:
                return None
            return Change(replace(job, stop_by=person.name, stop_at=at, revision=job.revision + 1))

        job = await self._store.change(job_id, step)
        self._wakeups.stop.wake()
        self._wakeups.announce_sweep.wake()
        self._wakeups.deliver.wake()
        return job

    async def once(self) -> None:
        """Carries out the wishes that are not fulfilled yet."""
        asked = [job for job in await self._store.open_jobs() if job.live and job.stop_at is not None]
        passed_on = [part for face in asked if face.sweep is not None for part in await self._pass_on(face)]
        wanted = [job for job in asked if job.sweep is None] + passed_on
        self._tried = {job.id: self._tried[job.id] for job in wanted if job.id in self._tried}
        for job in wanted:
            if passed(self._tried.get(job.id, float("-inf")), self._repeat, self._now()):
                await self._carry_out(job)

    async def _pass_on(self, face: Job) -> list[Job]:
        """The wish to stop a sweep is one to stop each of its parts, also those that come of it later. Those that had
        not heard of it."""

        def step(part: Job) -> Change | None:
            if not part.live or part.stop_at is not None:
                return None
            return Change(replace(part, stop_by=face.stop_by, stop_at=face.stop_at))

        deaf = [part for part in await self._store.parts(face.id) if part.live and part.stop_at is None]
        return [await self._store.change(part.id, step) for part in deaf]

    async def _carry_out(self, job: Job) -> None:
        if job.engine_id is None:
            await self._never_submitted(job)
            return
        try:
            await self._engine.terminate(job.engine_id, f"Stopped by {job.stop_by}")
        except ServiceError as error:
            log.warning("stop failed, will be repeated", job=job.id, error=str(error))
            return
        self._tried[job.id] = self._now()
        self._wakeups.track_jobs.wake()

    async def _never_submitted(self, job: Job) -> None:
        """Ends an intent that SubmitJob was never called for; one whose answer was lost waits for `launch`."""
        at = self._now()

        def step(job: Job) -> Change | None:
            if job.engine_id is not None or job.submit_tried_at is not None or not job.live:
                return None
            return Change(job.ended(EndReason.STOPPED, at, "Stopped before it was submitted."))

        await self._store.change(job.id, step)
        self._wakeups.announce_result.wake()
        self._wakeups.track_trials.wake()
