"""End a sweep when nothing is left to do, and announce its result: the verdict, the picture, the table."""

import asyncio
from functools import partial

import structlog

from bot.domain.inert import EMPTY, stacked
from bot.domain.model.states import EndReason
from bot.domain.model.sweep import Sweep
from bot.domain.model.trial import TrialState
from bot.domain.posts import Change, File, NewPost, PostKind
from bot.domain.sweeps.failing_alike import nobody_continued
from bot.domain.sweeps.leaderboard import csv_table
from bot.domain.sweeps.taken_back import to_submit_again
from bot.domain.sweeps.trial_changes import to_run
from bot.domain.texts import notes
from bot.errors import ServiceError
from bot.services.jobs.announcing import Announcer
from bot.services.jobs.plot import Picture
from bot.services.running.core import Core
from bot.services.running.held_tasks import HeldTasks
from bot.services.running.pending import unannounced
from bot.services.sweeps.refresh_board import RefreshBoard
from bot.services.sweeps.report_trials import ReportTrials
from bot.services.sweeps.trial_book import TrialBook

log = structlog.get_logger()


class AnnounceSweep:
    """Takes up sweeps whose result is not committed. After `picture_deadline` seconds it goes out without a picture."""

    def __init__(
        self, core: Core, trials: TrialBook, report: ReportTrials, board: RefreshBoard, *, picture_deadline: float
    ) -> None:
        self._store, self._projects, self._now = core.store, core.projects, core.now
        self._trials, self._report, self._board = trials, report, board
        self._announcer = Announcer(core, picture_deadline)
        self._tasks = HeldTasks()

    async def once(self) -> None:
        """End each sweep whose trials are all settled, and announce each sweep that has ended."""
        sweeps = [sweep for sweep in await self._store.unfinished_sweeps() if unannounced(sweep)]
        self._trials.forget_all_but({sweep.id for sweep in sweeps})  # also what was read while a result was announced
        await self._tasks.run({sweep.id: partial(self._end, sweep) for sweep in sweeps})

    async def close(self) -> None:
        await self._tasks.close()

    async def _end(self, sweep: Sweep) -> None:
        ended = await self._ended(sweep) if sweep.execution.live else sweep
        if not ended.execution.live:
            await self._announce(ended)

    async def _ended(self, sweep: Sweep) -> Sweep:
        if not await self._settled(sweep):
            return sweep
        current = await self._store.job(sweep.id)  # its trials have moved on since it was listed
        await self._report.report(current if isinstance(current, Sweep) else sweep)
        at = self._now()

        def step(stored: Sweep) -> Change | None:
            reason, detail = _reason(stored)
            return Change(stored.ended(reason, at, detail)) if stored.execution.live else None

        ended = await self._store.change(sweep.id, step)
        log.info("sweep ended", sweep=sweep.id, reason=ended.execution.reason)
        return ended

    async def _settled(self, sweep: Sweep) -> bool:
        """True if every trial that should run has ended and been measured. After a stop the others never run, whatever
        is known about them."""
        submissions = await self._store.submissions(sweep.id)
        if any(submission.execution.live for submission in submissions):
            return False
        known = await self._trials.all(sweep.id)
        submitted = {number for submission in submissions for number in submission.trials}
        if sweep.execution.stop is not None:  # what was taken back is not submitted anew
            submitted -= set(to_submit_again(known, submissions))
        carried_over = {number for number, trial in known.items() if trial.source}
        if any(number not in known or not known[number].settled for number in submitted | carried_over):
            return False
        return sweep.execution.stop is not None or len(submitted) >= len(to_run(sweep.plan, known))

    async def _announce(self, sweep: Sweep) -> None:
        if sweep.execution.reason in (EndReason.NOT_APPROVED, EndReason.NOT_CONTINUED):
            await self._announcer.commit(sweep, EMPTY, ())
            return
        try:
            picture = await self._board.final(sweep)
        except ServiceError as error:
            if not self._announcer.gives_up(sweep.id, sweep.execution.ended_at or 0.0, error):
                return
            picture = Picture(None, notes.not_drawn(str(error)))
        files = [File(f"{sweep.id}.png", picture.png)] if picture.png else []
        files.append(File(f"{sweep.id}.csv", await self._table(sweep)))
        await self._announcer.commit(sweep, picture.remarks, tuple(files), more=await self._curves(sweep))

    async def _curves(self, sweep: Sweep) -> tuple[NewPost, ...]:
        """The curves of the best trials, for the thread: two pictures in one message are shown half as wide."""
        try:
            picture = await self._board.curves(sweep)
        except ServiceError as error:
            log.warning("could not draw the curves of the best trials", sweep=sweep.id, error=str(error))
            return ()
        if picture.png is None:
            return ()
        text = stacked(notes.curves_of_the_best(), picture.remarks)
        file = File(f"{sweep.id}-curves.png", picture.png)
        return (NewPost(f"curves:{sweep.id}", PostKind.NOTE, sweep.id, text=text, files=(file,)),)

    async def _table(self, sweep: Sweep) -> bytes:
        known = await self._trials.all(sweep.id)
        return await asyncio.to_thread(csv_table, sweep, known, self._projects[sweep.run.project].metric)


def _reason(sweep: Sweep) -> tuple[EndReason, str]:
    """A sweep with one trial that can be compared has succeeded. Without any, the most frequent failure is its reason;
    if none has failed, each trial was stopped individually."""
    if sweep.execution.stop is not None:
        unanswered = nobody_continued(sweep.execution)
        return (EndReason.NOT_CONTINUED, sweep.execution.stop.why) if unanswered else (EndReason.STOPPED, "")
    if sweep.tally.count(TrialState.SUCCEEDED, TrialState.MISSING, TrialState.PRUNED):
        return EndReason.SUCCEEDED, ""
    worst = max(sweep.tally.failures, key=lambda failure: failure.count, default=None)
    return (EndReason.STOPPED, "") if worst is None else (worst.reason, worst.detail)
