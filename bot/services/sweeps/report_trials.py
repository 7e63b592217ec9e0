"""Report in a sweep's thread how its trials ended: in few messages, and each trial once."""

from collections.abc import Sequence
from dataclasses import replace

from bot.domain.model.sweep import Sweep
from bot.domain.model.trial import Trial
from bot.domain.posts import NewPost, PostKind
from bot.domain.sweeps.trial_report import report
from bot.services.running.core import Core
from bot.services.running.pending import live, to_report
from bot.services.running.timers import Timers
from bot.services.sweeps.trial_book import TrialBook

SMALL = 50
"""Trials. Larger sweeps have proportionally more time between two messages."""


class ReportTrials:
    """Takes up live sweeps with settled trials that are not reported.

    At least `hold_seconds` pass between two messages in one thread, more if the sweep is large.
    """

    def __init__(self, core: Core, trials: TrialBook, hold_seconds: float) -> None:
        self._store, self._trials, self._projects = core.store, trials, core.projects
        self._hold = hold_seconds
        self._waiting: Timers[str] = Timers(core.now)
        """By sweep: since when a trial waits to be reported."""

    async def once(self) -> None:
        """Post one message for each sweep whose trials have waited long enough for others."""
        waiting = [sweep for sweep in live(await self._store.unfinished_sweeps()) if await self._new(sweep)]
        self._waiting.keep([sweep.id for sweep in waiting])
        for sweep in waiting:
            if self._waiting.waited(sweep.id, self._hold * max(1.0, sweep.plan.trials / SMALL)):
                await self.report(sweep)
                self._waiting.drop(sweep.id)

    async def report(self, sweep: Sweep) -> None:
        """Report now all trials that are settled and not reported."""
        new = await self._new(sweep)
        if new:
            await self._post(sweep, new)

    async def _new(self, sweep: Sweep) -> list[Trial]:
        return to_report((await self._trials.all(sweep.id)).values())

    async def _post(self, sweep: Sweep, new: Sequence[Trial]) -> None:
        text = report(sweep, new, self._projects[sweep.run.project].metric)
        again = f":{len(new[0].left)}" if new[0].left else ""
        note = NewPost(f"trials:{sweep.id}:{new[0].number}{again}", PostKind.NOTE, sweep.id, text=text)
        await self._trials.update(sweep, dict.fromkeys((trial.number for trial in new), _announced), (note,))


def _announced(trial: Trial) -> Trial:
    return replace(trial, announced=True)
