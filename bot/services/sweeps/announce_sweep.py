"""End a sweep when nothing is left to do, and announce its result once: the verdict, the picture, the table."""

import asyncio
from collections.abc import Mapping
from dataclasses import replace

import structlog

from bot.domain.clock import passed
from bot.domain.model.states import EndReason
from bot.domain.model.sweep import Sweep
from bot.domain.model.trial import TrialState
from bot.domain.posts import Change, File, NewPost, PostKind
from bot.domain.project import Project
from bot.domain.sweeps.leaderboard import csv_table
from bot.domain.sweeps.trial_changes import to_run
from bot.domain.texts import notes
from bot.errors import ServiceError
from bot.services.jobs.plot import Picture
from bot.services.running.core import Core
from bot.services.sweeps.refresh_board import RefreshBoard
from bot.services.sweeps.report_trials import ReportTrials
from bot.services.sweeps.trial_book import TrialBook

log = structlog.get_logger()


class Attachments:
    """The picture and the table of a sweep's result."""

    def __init__(self, paint: RefreshBoard, trials: TrialBook, projects: Mapping[str, Project]) -> None:
        self._paint, self._trials, self._projects = paint, trials, projects

    async def picture(self, sweep: Sweep) -> Picture:
        """Raises `ServiceError` where it cannot be drawn now."""
        return await self._paint.final(sweep)

    async def table(self, sweep: Sweep) -> bytes:
        known = await self._trials.all(sweep.id)
        return await asyncio.to_thread(csv_table, sweep, known, self._projects[sweep.run.project].metric)


class AnnounceSweep:
    """After `picture_deadline` seconds the result is announced without its picture."""

    def __init__(
        self, core: Core, trials: TrialBook, report: ReportTrials, attachments: Attachments, *, picture_deadline: float
    ) -> None:
        self._store, self._trials, self._report, self._attachments = core.store, trials, report, attachments
        self._now, self._deadline = core.now, picture_deadline

    async def once(self) -> None:
        """Ends each sweep that is over, and tells each end that has not been told."""
        unfinished = await self._store.unfinished_sweeps()
        sweeps = [sweep for sweep in unfinished if sweep.publication.result.committed_at is None]
        self._trials.forget_all_but({sweep.id for sweep in sweeps})  # also what was read while a result was announced
        for sweep in sweeps:
            ended = await self._ended(sweep) if sweep.execution.live else sweep
            if not ended.execution.live:
                await self._announce(ended)

    async def _ended(self, sweep: Sweep) -> Sweep:
        if not await self._over(sweep):
            return sweep
        now = await self._store.job(sweep.id)  # its trials have moved on since it was listed
        await self._report.rest(now if isinstance(now, Sweep) else sweep)
        at = self._now()

        def step(stored: Sweep) -> Change | None:
            reason, detail = _reason(stored)
            return Change(stored.ended(reason, at, detail)) if stored.execution.live else None

        ended = await self._store.change(sweep.id, step)
        log.info("swept", sweep=sweep.id, reason=ended.execution.reason)
        return ended

    async def _over(self, sweep: Sweep) -> bool:
        """True if every trial that should run has ended and been measured. After a stop the others never run, whatever
        is known about them."""
        submissions = await self._store.submissions(sweep.id)
        if any(submission.execution.live for submission in submissions):
            return False
        known = await self._trials.all(sweep.id)
        submitted = {number for submission in submissions for number in submission.trials}
        carried_over = {number for number, trial in known.items() if trial.source}
        if any(number not in known or not known[number].settled for number in submitted | carried_over):
            return False
        return sweep.execution.stop is not None or len(submitted) >= len(to_run(sweep.plan, known))

    async def _announce(self, sweep: Sweep) -> None:
        try:
            picture = await self._attachments.picture(sweep)
        except ServiceError as error:
            if not passed(sweep.execution.ended_at or 0.0, self._deadline, self._now()):
                log.warning("the picture waits", sweep=sweep.id, error=str(error))
                return
            picture = Picture(None, notes.not_drawn(str(error)))
        table = await self._attachments.table(sweep)
        files = [File(f"{sweep.id}.png", picture.png)] if picture.png else []
        files.append(File(f"{sweep.id}.csv", table))
        at = self._now()

        def step(stored: Sweep) -> Change | None:
            if stored.publication.result.committed_at is not None:
                return None
            announced = replace(stored, publication=stored.publication.announced(at))
            return Change(
                announced, (NewPost(f"end:{sweep.id}", PostKind.END, sweep.id, picture.remarks, tuple(files)),)
            )

        await self._store.change(sweep.id, step)
        log.info("told", sweep=sweep.id, reason=sweep.execution.reason)


def _reason(sweep: Sweep) -> tuple[EndReason, str]:
    """A sweep with one trial that can be compared has succeeded. Without any, the commonest failure is its reason, and
    if none has failed, each trial was stopped by itself."""
    if sweep.execution.stop is not None:
        return EndReason.STOPPED, ""
    if sweep.tally.count(TrialState.SUCCEEDED, TrialState.MISSING, TrialState.PRUNED):
        return EndReason.SUCCEEDED, ""
    worst = max(sweep.tally.failures, key=lambda failure: failure.count, default=None)
    return (EndReason.STOPPED, "") if worst is None else (worst.reason, worst.detail)
