"""Stop trials, those that cannot win and those that somebody wants stopped, and leave the rest of their sweep alone.

What is to be is committed first, then TerminateJob is called until the trial has ended.
"""

from collections.abc import Iterable
from dataclasses import replace
from functools import partial

import structlog

from bot.domain.clock import passed
from bot.domain.model.states import JobState
from bot.domain.model.sweep import Sweep
from bot.domain.model.trial import Trial
from bot.errors import ServiceError
from bot.ports.engine import Engine
from bot.ports.sampler import Sampler
from bot.services.running.core import Core
from bot.services.running.wakeups import Changed
from bot.services.sweeps.trial_book import TrialBook

log = structlog.get_logger()

REASON = "Stopped early: it cannot win any more"
REPEAT_SECONDS = 30.0


class Prune:
    def __init__(self, core: Core, engine: Engine, trials: TrialBook, sampler: Sampler) -> None:
        self._store, self._engine, self._trials, self._sampler = core.store, engine, trials, sampler
        self._projects, self._wakeups, self._now = core.projects, core.wakeups, core.now
        self._tried: dict[str, float] = {}

    async def once(self) -> None:
        """Decides for the sweeps that are to stop their losers, and carries out what has been decided, by an earlier
        life of the bot too. A sweep that cannot be decided on now holds up no other."""
        failure: ServiceError | None = None
        tried: dict[str, float] = {}
        for sweep in await self._store.unfinished_sweeps():
            if not sweep.execution.live:
                continue
            if sweep.plan.stop_losers and sweep.execution.stop is None:
                try:
                    await self._decide(sweep)
                except ServiceError as error:
                    failure = error
            await self._carry_out(sweep, (await self._trials.all(sweep.id)).values(), tried)
        self._tried = tried
        if failure is not None:
            raise failure

    async def _decide(self, sweep: Sweep) -> None:
        goal, known = self._projects[sweep.run.project].goal, await self._trials.all(sweep.id)
        numbers = await self._sampler.hopeless(sweep.plan, list(known.values()), goal)
        if numbers:
            await self._trials.update(sweep, dict.fromkeys(numbers, partial(_given_up, at=self._now())))
            log.info("trials given up", sweep=sweep.id, trials=numbers)

    async def _carry_out(self, sweep: Sweep, trials: Iterable[Trial], tried: dict[str, float]) -> None:
        for trial in trials:
            if trial.ended or trial.engine_id is None or not (trial.pruned_at or trial.stop_by):
                continue
            last = self._tried.get(trial.engine_id, float("-inf"))
            if passed(last, REPEAT_SECONDS, self._now()):
                last = await self._terminate(sweep, trial, trial.engine_id) or last
            tried[trial.engine_id] = last

    async def _terminate(self, sweep: Sweep, trial: Trial, engine_id: str) -> float | None:
        """When it was called; None where that failed."""
        reason = f"Stopped by {trial.stop_by}" if trial.stop_by else REASON
        try:
            await self._engine.terminate(engine_id, reason)
        except ServiceError as error:
            log.warning("stop failed, will be repeated", sweep=sweep.id, trial=trial.number, error=str(error))
            return None
        self._wakeups.changed(Changed.TERMINATED)
        return self._now()


def _given_up(trial: Trial, at: float) -> Trial:
    """Not one that has ended in the meantime."""
    if trial.state is not JobState.RUNNING or trial.pruned_at is not None:
        return trial
    reported = trial.reports[-1][0] if trial.reports else 0
    return replace(trial, pruned_at=at, saved_epochs=max(0, (trial.epochs or 0) - reported))
