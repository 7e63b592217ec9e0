"""Tell in a sweep's thread how its trials end: seldom, and once of each."""

from collections.abc import Sequence
from dataclasses import replace

from bot.domain.clock import passed
from bot.domain.model.sweep import Sweep
from bot.domain.model.trial import Trial
from bot.domain.posts import NewPost, PostKind
from bot.domain.sweeps.trial_report import report
from bot.services.running.core import Core
from bot.services.sweeps.trial_book import TrialBook

SMALL = 50
"""Trials; for more there is proportionally more time between two messages."""


class ReportTrials:
    """Between two messages in one thread are `hold_seconds`, or more where the sweep is large."""

    def __init__(self, core: Core, trials: TrialBook, hold_seconds: float) -> None:
        self._store, self._trials, self._projects = core.store, trials, core.projects
        self._hold, self._now = hold_seconds, core.now
        self._since: dict[str, float] = {}

    async def once(self) -> None:
        """One message for each sweep with trials that have ended and waited long enough for others."""
        since: dict[str, float] = {}
        for sweep in await self._store.unfinished_sweeps():
            if not sweep.execution.live or not await self._new(sweep):
                continue
            begun = since[sweep.id] = self._since.get(sweep.id, self._now())
            if passed(begun, self._hold * max(1.0, sweep.plan.trials / SMALL), self._now()):
                await self.rest(sweep)
                del since[sweep.id]
        self._since = since

    async def rest(self, sweep: Sweep) -> None:
        """Report now all trials that have ended and were not reported yet."""
        new = await self._new(sweep)
        if new:
            await self._post(sweep, new)

    async def _new(self, sweep: Sweep) -> list[Trial]:
        """Those of an earlier sweep were reported there."""
        known = (await self._trials.all(sweep.id)).values()
        return [trial for trial in known if trial.settled and not trial.announced and not trial.source]

    async def _post(self, sweep: Sweep, new: Sequence[Trial]) -> None:
        text = report(sweep, new, self._projects[sweep.run.project].metric)
        note = NewPost(f"trials:{sweep.id}:{new[0].number}", PostKind.NOTE, sweep.id, text=text)
        await self._trials.update(sweep, dict.fromkeys((trial.number for trial in new), _announced), (note,))


def _announced(trial: Trial) -> Trial:
    return replace(trial, announced=True)
