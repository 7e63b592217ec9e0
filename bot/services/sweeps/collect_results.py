"""Read what ended trials left: the best of the metric from `metrics.csv`, and why a failed one failed."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

import structlog

from bot.domain.exit_codes import refined
from bot.domain.metrics.progress_rows import Best, best_in_csv
from bot.domain.model.states import EndReason, JobState
from bot.domain.model.sweep import Sweep
from bot.domain.model.trial import Trial
from bot.domain.project import Project
from bot.errors import Missing, ServiceError
from bot.ports.artifacts import Artifacts
from bot.services.running.core import Core
from bot.services.running.pending import to_collect, unannounced
from bot.services.running.timers import Timers
from bot.services.sweeps.diagnose import Diagnose
from bot.services.sweeps.trial_book import TrialBook
from trainer.contract import METRICS_CSV

log = structlog.get_logger()

AT_ONCE = 16
"""Reads from S3 at once."""
BATCH = 400
"""Trials in one transaction."""


@dataclass(frozen=True, slots=True)
class CollectSettings:
    """Seconds. A failure's last lines arrive up to `grace` after its state; S3 is retried until `deadline`."""

    grace: float
    deadline: float


@dataclass(frozen=True, slots=True)
class Result:
    """What a trial left: the best of the metric with its epoch, and one line on why it failed."""

    best: Best | None
    detail: str = ""


class CollectResults:
    """Takes up trials that have ended and are not measured, in sweeps whose result is not committed."""

    def __init__(
        self, core: Core, trials: TrialBook, artifacts: Artifacts, diagnose: Diagnose, settings: CollectSettings
    ) -> None:
        self._store, self._projects, self._now = core.store, core.projects, core.now
        self._trials, self._artifacts, self._diagnose = trials, artifacts, diagnose
        self._settings = settings
        self._ended: Timers[tuple[str, int]] = Timers(core.now)
        """By sweep and number: since when a trial is known to have ended, by the bot's own clock."""

    async def once(self) -> None:
        """Measure the trials that are due."""
        seen: list[tuple[str, int]] = []
        for sweep in await self._store.unfinished_sweeps():
            if not unannounced(sweep):
                continue
            ended = to_collect((await self._trials.all(sweep.id)).values())
            seen += [(sweep.id, trial.number) for trial in ended]
            due = [trial for trial in ended if self._due(sweep, trial)]
            for start in range(0, len(due), BATCH):
                await self._measure(sweep, due[start : start + BATCH])
        self._ended.keep(seen)

    def _due(self, sweep: Sweep, trial: Trial) -> bool:
        waited = self._ended.waited((sweep.id, trial.number), self._settings.grace)
        return waited or trial.state is JobState.SUCCEEDED or not trial.streams

    async def _measure(self, sweep: Sweep, due: Sequence[Trial]) -> None:
        found = await self._results(sweep, due)
        for trial in due:
            late = self._ended.waited((sweep.id, trial.number), self._settings.deadline)
            if trial.number not in found and late:
                found[trial.number] = Result(None)
        if not found:
            return
        changes = {number: partial(_measured, result=result) for number, result in found.items()}
        await self._trials.update(sweep, changes)

    async def _results(self, sweep: Sweep, trials: Sequence[Trial]) -> dict[int, Result]:
        """By number; without trials whose metrics could not be read."""
        project, turns = self._projects[sweep.run.project], asyncio.Semaphore(AT_ONCE)

        async def read(trial: Trial) -> Result | None:
            """Only the files of a few trials are in memory at once."""
            async with turns:
                csv = await self._csv(sweep, trial)
                return None if csv is None else Result(await asyncio.to_thread(_best, project, csv))

        results = zip(trials, await asyncio.gather(*(read(trial) for trial in trials)), strict=True)
        found = [(trial, result) for trial, result in results if result is not None]
        failed = [trial for trial, _ in found if trial.reason is EndReason.COMMAND_FAILED]
        details: Mapping[int, str] = await self._diagnose.reasons(sweep, failed)
        return {trial.number: replace(result, detail=details.get(trial.number, "")) for trial, result in found}

    async def _csv(self, sweep: Sweep, trial: Trial) -> bytes | None:
        """Empty if it left none, None if S3 does not answer."""
        try:
            return await self._artifacts.read(await self._trials.prefix(sweep, trial) + METRICS_CSV)
        except Missing:
            return b""
        except ServiceError as error:
            log.warning("could not read metrics", sweep=sweep.id, trial=trial.number, error=str(error))
            return None


def _best(project: Project, csv: bytes) -> Best | None:
    return best_in_csv(csv, project.columns, project.goal)


def _measured(trial: Trial, result: Result) -> Trial:
    """`metrics.csv` is the truth; what the trial reported while it ran counts only without it."""
    if result.best is not None:
        trial = replace(trial, value=result.best.value, epoch=result.best.epoch, unit=result.best.unit)
    reason = refined(trial.reason, trial.exit_code, result.detail)
    detail = result.detail or trial.detail
    return replace(trial, measured=True, detail=detail, reason=reason)
