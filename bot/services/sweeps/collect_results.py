"""Measure the trials that have ended: the best of the metric from `metrics.csv`, and why a failed one failed."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

import structlog

from bot.domain.clock import passed
from bot.domain.metrics.metrics_table import Table
from bot.domain.metrics.progress_rows import best_of
from bot.domain.model.states import EndReason, JobState
from bot.domain.model.sweep import Sweep
from bot.domain.model.trial import Trial
from bot.domain.project import Project
from bot.errors import Missing, ServiceError
from bot.ports.artifacts import Artifacts
from bot.services.running.core import Core
from bot.services.sweeps.diagnose import Diagnose
from bot.services.sweeps.trial_book import TrialBook
from trainer.contract import METRICS_CSV, ExitCode

log = structlog.get_logger()

AT_ONCE = 16
"""Reads from S3 under way."""
PASS = 400
"""Trials in one transaction."""


@dataclass(frozen=True, slots=True)
class CollectSettings:
    """Seconds. A failure's last lines come up to `grace` later than its state; S3 is waited for until `deadline`."""

    grace: float
    deadline: float


@dataclass(frozen=True, slots=True)
class Result:
    """What a trial left: the best of the metric with its epoch, and one line on why it failed."""

    best: tuple[float, int] | None
    detail: str = ""


class TrialResults:
    """What trials that have ended left in S3 and in their logs."""

    def __init__(self, artifacts: Artifacts, diagnose: Diagnose, projects: Mapping[str, Project]) -> None:
        self._artifacts, self._diagnose, self._projects = artifacts, diagnose, projects

    async def of(self, sweep: Sweep, trials: Sequence[Trial]) -> dict[int, Result]:
        """By number; without those whose metrics could not be read."""
        project, turns = self._projects[sweep.run.project], asyncio.Semaphore(AT_ONCE)

        async def read(trial: Trial) -> Result | None:
            """Only of so many at once is the file in memory."""
            async with turns:
                csv = await self._csv(sweep, project, trial)
                return None if csv is None else Result(await asyncio.to_thread(_best, project, csv))

        read_of = zip(trials, await asyncio.gather(*(read(trial) for trial in trials)), strict=True)
        found = [(trial, result) for trial, result in read_of if result is not None]
        failed = [trial for trial, _ in found if trial.reason is EndReason.COMMAND_FAILED]
        details = await self._diagnose.reasons(sweep, failed)
        return {trial.number: replace(result, detail=details.get(trial.number, "")) for trial, result in found}

    async def _csv(self, sweep: Sweep, project: Project, trial: Trial) -> bytes | None:
        """Empty where it left none, None where that cannot be told."""
        try:
            return await self._artifacts.read(f"{project.prefix(trial.source or sweep.id)}{trial.number}/{METRICS_CSV}")
        except Missing:
            return b""
        except ServiceError as error:
            log.warning("metrics could not be read", sweep=sweep.id, trial=trial.number, error=str(error))
            return None


class CollectResults:
    def __init__(self, core: Core, trials: TrialBook, results: TrialResults, settings: CollectSettings) -> None:
        self._store, self._trials, self._results = core.store, trials, results
        self._settings, self._now = settings, core.now
        self._since: dict[tuple[str, int], float] = {}
        """Since when a trial waits to be measured, by the bot's own clock."""

    async def once(self) -> None:
        """Measures what has ended in each sweep, and is due."""
        since: dict[tuple[str, int], float] = {}
        for sweep in await self._store.unfinished_sweeps():
            if sweep.publication.result.committed_at is not None:
                continue
            ended = [t for t in (await self._trials.all(sweep.id)).values() if t.ended and not t.measured]
            for trial in ended:
                since[sweep.id, trial.number] = self._since.get((sweep.id, trial.number), self._now())
            self._since |= since
            due = [trial for trial in ended if self._due(sweep, trial)]
            for start in range(0, len(due), PASS):
                await self._measure(sweep, due[start : start + PASS])
        self._since = since

    def _due(self, sweep: Sweep, trial: Trial) -> bool:
        if trial.state is JobState.SUCCEEDED or not trial.streams:
            return True
        return passed(self._since[sweep.id, trial.number], self._settings.grace, self._now())

    async def _measure(self, sweep: Sweep, due: Sequence[Trial]) -> None:
        found = await self._results.of(sweep, due)
        for trial in due:
            waited = passed(self._since[sweep.id, trial.number], self._settings.deadline, self._now())
            if trial.number not in found and waited:
                found[trial.number] = Result(None)
        if not found:
            return
        await self._trials.update(sweep, {number: partial(_measured, left=left) for number, left in found.items()})


def _best(project: Project, csv: bytes) -> tuple[float, int] | None:
    return best_of(Table.parse(csv, project.columns), project.goal)


def _measured(trial: Trial, left: Result) -> Trial:
    """`metrics.csv` is the truth; what the trial told while it ran counts where that is not there."""
    value, epoch = left.best or (trial.value, trial.epoch)
    own = trial.exit_code in {int(code) for code in ExitCode} and bool(left.detail)
    reason = EndReason.SETUP_FAILED if own and trial.reason is EndReason.COMMAND_FAILED else trial.reason
    detail = left.detail or trial.detail
    return replace(trial, measured=True, value=value, epoch=epoch, detail=detail, reason=reason)
