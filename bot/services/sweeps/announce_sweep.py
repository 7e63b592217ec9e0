"""End a sweep when nothing of it is left to do, and tell that once: the verdict, the picture, the table."""

import asyncio
from collections.abc import Mapping
from dataclasses import replace

import structlog

from bot.domain.clock import passed
from bot.domain.model.job import Job
from bot.domain.model.states import EndReason
from bot.domain.model.sweep import Sweep, TrialState
from bot.domain.posts import Change, File, NewPost, PostKind
from bot.domain.project import Project
from bot.domain.sweeps.leaderboard import csv_table
from bot.domain.sweeps.trial_changes import numbers, to_run
from bot.errors import ServiceError
from bot.services.jobs.plot import Picture
from bot.services.running.core import Core
from bot.services.sweeps.refresh_board import RefreshBoard
from bot.services.sweeps.report_trials import ReportTrials
from bot.services.sweeps.trial_book import TrialBook

log = structlog.get_logger()


class Attachments:
    """The picture and the table that go with the message on a sweep's end."""

    def __init__(self, paint: RefreshBoard, trials: TrialBook, projects: Mapping[str, Project]) -> None:
        self._paint, self._trials, self._projects = paint, trials, projects

    async def picture(self, face: Job) -> Picture:
        """Raises `ServiceError` where it cannot be drawn now."""
        return await self._paint.final(face)

    async def table(self, face: Job) -> bytes:
        known = await self._trials.all(face.id)
        return await asyncio.to_thread(csv_table, face, known, self._projects[face.project].metric)


class AnnounceSweep:
    """After `picture_deadline` seconds the end is told without its picture."""

    def __init__(
        self, core: Core, trials: TrialBook, report: ReportTrials, attachments: Attachments, *, picture_deadline: float
    ) -> None:
        self._store, self._trials, self._report, self._attachments = core.store, trials, report, attachments
        self._wakeups, self._now, self._deadline = core.wakeups, core.now, picture_deadline

    async def once(self) -> None:
        """Ends each sweep that is over, and tells each end that has not been told."""
        faces = [job for job in await self._store.open_jobs() if job.sweep is not None and job.told_at is None]
        self._trials.forget_all_but({face.id for face in faces})  # also what was looked up while an end was told
        for face in faces:
            ended = await self._ended(face, face.sweep) if face.live and face.sweep is not None else face
            if not ended.live:
                await self._tell(ended)

    async def _ended(self, face: Job, sweep: Sweep) -> Job:
        if not await self._over(face, sweep):
            return face
        await self._report.rest(await self._store.job(face.id) or face)  # its trials have moved on since it was listed
        at = self._now()

        def step(stored: Job) -> Change | None:
            reason, detail = _reason(stored, stored.sweep or sweep)
            return Change(stored.ended(reason, at, detail)) if stored.live else None

        ended = await self._store.change(face.id, step)
        log.info("swept", sweep=face.id, reason=ended.reason)
        self._wakeups.deliver.wake()
        return ended

    async def _over(self, face: Job, sweep: Sweep) -> bool:
        """Whether every trial that is to run has ended and been measured. Of a sweep that was stopped the others never
        run, whatever is known of them."""
        parts = await self._store.parts(face.id)
        if any(part.live for part in parts):
            return False
        known = await self._trials.all(face.id)
        submitted = {number for part in parts for number in numbers(part)}
        kept = {number for number, trial in known.items() if trial.source}
        if any(number not in known or not known[number].settled for number in submitted | kept):
            return False
        return face.stop_at is not None or len(submitted) >= len(to_run(sweep.plan, known))

    async def _tell(self, face: Job) -> None:
        try:
            picture = await self._attachments.picture(face)
        except ServiceError as error:
            if not passed(face.ended_at or 0.0, self._deadline, self._now()):
                log.warning("the picture waits", sweep=face.id, error=str(error))
                return
            picture = Picture(None, f"The picture could not be drawn: {error}")
        table = await self._attachments.table(face)
        files = [File(f"{face.id}.png", picture.png)] if picture.png else []
        files.append(File(f"{face.id}.csv", table))
        at = self._now()

        def step(stored: Job) -> Change | None:
            if stored.told_at is not None:
                return None
            told = replace(stored, told_at=at, revision=stored.revision + 1)
            return Change(told, (NewPost(f"end:{face.id}", PostKind.END, face.id, picture.words, tuple(files)),))

        await self._store.change(face.id, step)
        log.info("told", sweep=face.id, reason=face.reason)
        self._wakeups.deliver.wake()


def _reason(face: Job, sweep: Sweep) -> tuple[EndReason, str]:
    """A sweep with one trial that can be compared has succeeded; of one without any the commonest failure is told, and
    where none has failed each of them was stopped by itself."""
    if face.stop_at is not None:
        return EndReason.STOPPED, ""
    if sweep.tally.count(TrialState.SUCCEEDED, TrialState.MISSING, TrialState.PRUNED):
        return EndReason.SUCCEEDED, ""
    worst = max(sweep.tally.failures, key=lambda failure: failure.count, default=None)
    return (EndReason.STOPPED, "") if worst is None else (worst.reason, worst.detail)
