"""Stop a job: the request is committed first, then TerminateJob is called until Batch reports that the job ended."""

from dataclasses import replace

import structlog

from bot.domain.access import Person
from bot.domain.model.execution import Stop as Requested
from bot.domain.model.execution import engine_reason
from bot.domain.model.rows import Posted, Row, Submitted
from bot.domain.model.states import EndReason
from bot.domain.model.submission import Submission
from bot.domain.model.sweep import Sweep
from bot.domain.posts import Change
from bot.domain.texts import notes
from bot.domain.texts.command_names import command
from bot.domain.texts.state_words import state_text
from bot.errors import ServiceError, UserError
from bot.ports.engine import Engine
from bot.services.people.lookup import job_for
from bot.services.running.core import Core
from bot.services.running.pending import to_stop
from bot.services.running.timers import Timers
from bot.services.running.wakeups import Changed

log = structlog.get_logger()


class Stop:
    """Takes up live jobs, sweeps and submissions that somebody has asked to stop.

    CancelJob does nothing on a running job, so it is always TerminateJob.
    """

    def __init__(self, core: Core, engine: Engine, *, repeat_seconds: float = 30) -> None:
        self._store, self._engine, self._permits, self._wakeups = core.store, engine, core.permits, core.wakeups
        self._now, self._repeat = core.now, repeat_seconds
        self._terminated: Timers[str] = Timers(core.now)
        """By job or submission: the last TerminateJob that worked."""

    async def check(self, job_id: str, person: Person) -> Posted:
        """The job, if this person may stop it now. Raises `UnknownName`, `NotAllowed`, or `UserError` if it ended."""
        job = await job_for(self._store, self._permits, job_id, person)
        self.check_person(job, person)
        execution = job.execution
        if not execution.live:
            how = "was" if execution.reason is EndReason.STOPPED else "has"
            raise UserError(f"{job.id} {how} already {state_text(execution)}. {command('status')} lists live jobs.")
        return job

    def check_person(self, job: Posted, person: Person) -> None:
        """Raise `NotAllowed` if this person may not stop it."""
        self._permits.check_stop(person, job.run.project, job.request.asker_id)

    async def child_id(self, sweep: Sweep, number: int) -> str | None:
        """The engine id of a trial, also while it waits; None before it is submitted."""
        for submission in await self._store.submissions(sweep.id):
            own, engine_id = submission.trials, submission.execution.engine_id
            if number in own and engine_id is not None:
                return engine_id if len(own) == 1 else self._engine.child_id(engine_id, own.index(number))
        return None

    async def single(self, sweep: Sweep, number: int, person: Person) -> None:
        """Stop a trial that has its own submission, like any job. `prune` ends a child of an array."""
        found = await self._store.submitted(f"{sweep.id}-{number}")
        if isinstance(found, Submission) and found.numbers == str(number):
            await self._request(found.id, person)

    async def stop(self, job_id: str, person: Person) -> Posted:
        """Commit the request; the first one counts."""
        job = await self.check(job_id, person)
        await self._request(job.id, person)
        return await self._store.job(job.id) or job

    async def _request(self, row_id: str, person: Person) -> None:
        at = self._now()

        def step(row: Row) -> Change | None:
            return _stop_requested(row, Requested(person.name, at, person.id))

        await self._store.change(row_id, step)

    async def once(self) -> None:
        """Carry out the requests, again and again until the job has ended."""
        requested = to_stop(await self._store.unfinished())
        sweeps = [(row, stop) for row, stop in requested if isinstance(row, Sweep)]
        newly_marked = [each for sweep, stop in sweeps for each in await self._stop_submissions(sweep, stop)]
        to_end = [row for row, _ in requested if isinstance(row, Submitted)] + newly_marked
        self._terminated.keep([job.id for job in to_end])
        for job in to_end:
            if self._terminated.due(job.id, self._repeat):
                await self._carry_out(job)

    async def _stop_submissions(self, sweep: Sweep, stop: Requested) -> list[Submission]:
        """Pass the sweep's stop request on to submissions that do not have it yet, and return those."""

        def step(submission: Submission) -> Change | None:
            return _stop_requested(submission, stop)

        unmarked = [
            each
            for each in await self._store.submissions(sweep.id)
            if each.execution.live and each.execution.stop is None
        ]
        return [await self._store.change(each.id, step) for each in unmarked]

    async def _carry_out(self, job: Submitted) -> None:
        execution = job.execution
        if execution.engine_id is None:
            await self._never_submitted(job)
            return
        try:
            stop = execution.stop or Requested("", 0.0)
            await self._engine.terminate(execution.engine_id, engine_reason(stop.by_id, stop.why))
        except ServiceError as error:
            log.warning("stop failed, will try again", job=job.id, error=str(error))
            return
        self._terminated.start(job.id)
        self._wakeups.changed(Changed.TERMINATED)

    async def _never_submitted(self, job: Submitted) -> None:
        """End an intent that SubmitJob was never called for. After a lost answer, `launch` looks for the job first."""
        at = self._now()

        def step(job: Submitted) -> Change | None:
            if not job.execution.never_submitted or not job.execution.live:
                return None
            return Change(job.ended(EndReason.STOPPED, at, notes.STOPPED_UNSUBMITTED))

        await self._store.change(job.id, step)


def _stop_requested(row: Row, stop: Requested) -> Change | None:
    if not row.execution.live or row.execution.stop is not None:
        return None
    if isinstance(row, Sweep):
        return Change(replace(row, execution=row.execution.stop_requested(stop)))
    return Change(replace(row, execution=row.execution.stop_requested(stop)))
