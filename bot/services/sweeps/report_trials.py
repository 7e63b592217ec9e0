"""Tell in a sweep's thread how its trials end: seldom, and once of each."""

from collections.abc import Sequence
from dataclasses import replace

from bot.domain.clock import passed
from bot.domain.model.job import Job
from bot.domain.model.sweep import Sweep, Trial
from bot.domain.posts import NewPost, PostKind
from bot.domain.sweeps.trial_report import report
from bot.services.running.core import Core
from bot.services.sweeps.trial_book import TrialBook

SMALL = 50
"""Trials; for more there is proportionally more time between two messages."""


class ReportTrials:
    """Between two messages in one thread are `hold_seconds`, or more where the sweep is large."""

    def __init__(self, core: Core, trials: TrialBook, hold_seconds: float) -> None:
        self._store, self._trials, self._projects, self._wakeups = core.store, trials, core.projects, core.wakeups
        self._hold, self._now = hold_seconds, core.now
        self._since: dict[str, float] = {}

    async def once(self) -> None:
        """One message for each sweep with trials that have ended and waited long enough for others."""
        since: dict[str, float] = {}
        for face in await self._store.open_jobs():
            if face.sweep is None or not face.live or not await self._new(face):
                continue
            begun = since[face.id] = self._since.get(face.id, self._now())
            if passed(begun, self._hold * max(1.0, face.sweep.plan.trials / SMALL), self._now()):
                await self.rest(face)
                del since[face.id]
        self._since = since

    async def rest(self, face: Job) -> None:
        """Tells now of all that have ended and have not been told of."""
        new = await self._new(face)
        if new and face.sweep is not None:
            await self._tell(face, face.sweep, new)

    async def _new(self, face: Job) -> list[Trial]:
        """Those of an earlier sweep were told of there."""
        known = (await self._trials.all(face.id)).values()
        return [trial for trial in known if trial.settled and not trial.reported and not trial.source]

    async def _tell(self, face: Job, sweep: Sweep, new: Sequence[Trial]) -> None:
        text = report(sweep, new, self._projects[face.project].metric)
        note = NewPost(f"trials:{face.id}:{new[0].number}", PostKind.NOTE, face.id, text=text)
        await self._trials.update(face, dict.fromkeys((trial.number for trial in new), _reported), (note,))
        self._wakeups.deliver.wake()


def _reported(trial: Trial) -> Trial:
    return replace(trial, reported=True)
