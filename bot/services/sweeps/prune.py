"""Stop single trials, those that cannot win and those that somebody wants to stop, and leave the rest of the sweep
alone.

The decision is committed first, then TerminateJob is called until the trial has ended.
"""

from dataclasses import replace
from functools import partial

import structlog

from bot.domain.model.execution import engine_reason
from bot.domain.model.states import JobState
from bot.domain.model.sweep import Sweep
from bot.domain.model.trial import Trial
from bot.domain.sweeps.halving import diverged
from bot.errors import ServiceError
from bot.ports.engine import Engine
from bot.ports.sampler import Sampler
from bot.services.running.core import Core
from bot.services.running.for_each import for_each
from bot.services.running.pending import live, to_end
from bot.services.running.timers import Timers
from bot.services.running.wakeups import Changed
from bot.services.sweeps.trial_book import TrialBook

log = structlog.get_logger()

REASON = "Stopped early: it cannot win any more"
HELD = "Taken back: the sweep's trials fail alike"
DIVERGED = "it diverged: its metric is no longer a finite number"
REPEAT_SECONDS = 30.0


class Prune:
    """Takes up live sweeps: to choose losers, and for trials that were stopped and have not ended."""

    def __init__(self, core: Core, engine: Engine, trials: TrialBook, sampler: Sampler) -> None:
        self._store, self._engine, self._trials, self._sampler = core.store, engine, trials, sampler
        self._projects, self._wakeups, self._now = core.projects, core.wakeups, core.now
        self._terminated: Timers[str] = Timers(core.now)
        """By engine id: the last TerminateJob that worked."""

    async def once(self) -> None:
        """Choose the losers, and end what was chosen, also before a restart. A failure holds up no other sweep."""
        stopped: set[str] = set()

        async def prune(sweep: Sweep) -> None:
            try:
                if sweep.plan.stop_losers and sweep.execution.stop is None:
                    await self._choose(sweep)
            finally:
                stopped.update(await self._end_stopped(sweep))

        await for_each(live(await self._store.unfinished_sweeps()), prune)
        self._terminated.keep(stopped)

    async def _choose(self, sweep: Sweep) -> None:
        goal, known = self._projects[sweep.run.project].goal, await self._trials.all(sweep.id)
        numbers = await self._sampler.hopeless(sweep.plan, list(known.values()), goal)
        if numbers:
            await self._trials.update(sweep, dict.fromkeys(numbers, partial(_given_up, at=self._now())))
            log.info("trials pruned", sweep=sweep.id, trials=numbers)

    async def _end_stopped(self, sweep: Sweep) -> list[str]:
        """End the trials that were stopped; returns their engine ids."""
        stopped = to_end((await self._trials.all(sweep.id)).values())
        for trial, engine_id in stopped:
            if self._terminated.due(engine_id, REPEAT_SECONDS):
                await self._terminate(sweep, trial, engine_id)
        return [engine_id for _, engine_id in stopped]

    async def _terminate(self, sweep: Sweep, trial: Trial, engine_id: str) -> None:
        reason = engine_reason(trial.stop_by_id, trial.stop_why) if trial.stop_by else HELD if trial.leaving else REASON
        try:
            await self._engine.terminate(engine_id, reason)
        except ServiceError as error:
            log.warning("stop failed, will try again", sweep=sweep.id, trial=trial.number, error=str(error))
            return
        self._terminated.start(engine_id)
        self._wakeups.changed(Changed.TERMINATED)


def _given_up(trial: Trial, at: float) -> Trial:
    """Unless it has ended in the meantime."""
    if trial.state is not JobState.RUNNING or trial.pruned_at is not None:
        return trial
    reported = trial.reports[-1][0] if trial.reports else 0
    detail = DIVERGED if diverged(trial) else trial.detail
    return replace(trial, pruned_at=at, saved_epochs=max(0, (trial.epochs or 0) - reported), detail=detail)
