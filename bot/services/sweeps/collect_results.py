"""Read what ended trials left: the best of the metric from `metrics.csv`, and why a failed one failed."""

import asyncio
from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

import structlog

from bot.domain.clock import passed
from bot.domain.drawing.figures import Curve, TablesRequest
from bot.domain.exit_codes import refined
from bot.domain.metrics.progress_rows import Best
from bot.domain.model.states import EndReason, JobState
from bot.domain.model.sweep import Sweep
from bot.domain.model.trial import Trial
from bot.domain.project import Project
from bot.errors import ServiceError
from bot.ports.artifacts import Artifacts
from bot.ports.figures import Figures
from bot.services.running.core import Core
from bot.services.running.held_tasks import HeldTasks
from bot.services.running.not_stored import not_stored
from bot.services.running.pending import to_collect, unannounced
from bot.services.running.timers import Timers
from bot.services.sweeps.diagnose import Diagnose
from bot.services.sweeps.trial_book import TrialBook
from bot.services.tables.table_files import TableFile, TableFiles
from trainer.contract import METRICS_CSV

log = structlog.get_logger()

AT_ONCE = 16
"""Tables in one request to the process that reads them. If they are too much for it, each is read by itself."""
BATCH = 400
"""Trials in one transaction."""
LONGEST_BATCH_SECONDS = 5.0
"""A batch that has taken so long is committed as it is."""
MOST_READINGS = 3
"""A table that could not be read so often, counted in the store, counts as none."""


@dataclass(frozen=True, slots=True)
class CollectSettings:
    """Seconds. A failure's last lines arrive up to `grace` after its state; S3 is retried until `deadline`."""

    grace: float
    deadline: float


@dataclass(frozen=True, slots=True)
class Result:
    """What a trial left: the best of the metric with its epoch, and one line on why it failed or what it lost. Without
    `read`, its table was there and could not be read."""

    best: Best | None = None
    detail: str = ""
    read: bool = True


class CollectResults:
    """Takes up trials that have ended and are not measured, in sweeps whose result is not committed."""

    def __init__(
        self,
        core: Core,
        trials: TrialBook,
        tables: "TrialTables",
        artifacts: Artifacts,
        diagnose: Diagnose,
        settings: CollectSettings,
    ) -> None:
        self._store, self._now = core.store, core.now
        self._trials, self._tables, self._artifacts, self._diagnose = trials, tables, artifacts, diagnose
        self._settings, self._tasks = settings, HeldTasks()
        self._ended: Timers[tuple[str, int]] = Timers(core.now)
        """By sweep and number: since when a trial is known to have ended, by the bot's own clock."""

    async def once(self) -> None:
        """Measure the trials that are due. A sweep that takes long is left to the next passes."""
        seen: list[tuple[str, int]] = []
        work: dict[str, Callable[[], Coroutine[None, None, None]]] = {}
        for sweep in await self._store.unfinished_sweeps():
            if not unannounced(sweep):
                continue
            ended = to_collect((await self._trials.all(sweep.id)).values())
            seen += [(sweep.id, trial.number) for trial in ended]
            due = [trial for trial in ended if self._due(sweep, trial)]
            if due:
                work[sweep.id] = partial(self._measure, sweep, due)
        self._ended.keep(seen)
        await self._tasks.run(work)

    async def close(self) -> None:
        await self._tasks.close()

    def _due(self, sweep: Sweep, trial: Trial) -> bool:
        waited = self._ended.waited((sweep.id, trial.number), self._settings.grace)
        return waited or trial.state is JobState.SUCCEEDED or not trial.streams

    async def _measure(self, sweep: Sweep, due: Sequence[Trial]) -> None:
        found: dict[int, Result] = {}
        began = self._now()
        for start in range(0, len(due), AT_ONCE):
            trials = due[start : start + AT_ONCE]
            found |= await self._results(sweep, trials)
            if len(found) >= BATCH or passed(began, LONGEST_BATCH_SECONDS, self._now()):
                await self._commit(sweep, found)
                found, began = {}, self._now()
        await self._commit(sweep, found)

    async def _commit(self, sweep: Sweep, found: Mapping[int, Result]) -> None:
        if found:
            await self._trials.update(
                sweep, {number: partial(_measured, result=each) for number, each in found.items()}
            )

    async def _results(self, sweep: Sweep, trials: Sequence[Trial]) -> dict[int, Result]:
        """By number; without trials whose results could not be fetched, unless it is too late for them."""
        found = await self._tables.read(sweep, trials)
        lost = await self._lost(sweep, [trial for trial in trials if trial.number in found])
        for trial in trials:
            late = self._ended.waited((sweep.id, trial.number), self._settings.deadline)
            if trial.number in found and trial.number in lost:
                found[trial.number] = replace(found[trial.number], detail=lost[trial.number])
            elif late:
                found.setdefault(trial.number, Result())
            else:
                found.pop(trial.number, None)
        failed = [trial for trial in trials if trial.number in found and trial.reason is EndReason.COMMAND_FAILED]
        details: Mapping[int, str] = await self._diagnose.reasons(sweep, failed)
        return {number: replace(each, detail=details.get(number, each.detail)) for number, each in found.items()}

    async def _lost(self, sweep: Sweep, trials: Sequence[Trial]) -> dict[int, str]:
        """Which results are not stored, by number; without trials for which S3 did not answer.

        Only successful ones are asked about: of any other, its log says it.
        """

        async def lost(trial: Trial) -> str | None:
            if trial.reason is not EndReason.SUCCEEDED:
                return ""
            try:
                return await not_stored(self._artifacts, await self._trials.prefix(sweep, trial))
            except ServiceError as error:
                log.warning("could not read a manifest", sweep=sweep.id, trial=trial.number, error=str(error))
                return None

        found = await asyncio.gather(*map(lost, trials))
        return {trial.number: each for trial, each in zip(trials, found, strict=True) if each is not None}


class TrialTables:
    """Reads the tables of a few trials. A person's trials are read one request after the other."""

    def __init__(self, trials: TrialBook, files: TableFiles, figures: Figures, projects: Mapping[str, Project]) -> None:
        self._trials, self._files, self._figures, self._projects = trials, files, figures, projects

    async def read(self, sweep: Sweep, trials: Sequence[Trial]) -> dict[int, Result]:
        """By number; without trials whose table could not be fetched."""
        uris = [await self._trials.prefix(sweep, trial) + METRICS_CSV for trial in trials]
        try:
            async with self._files.fetched(sweep.request.asker_id, uris, each=True) as files:
                found = await self._read(sweep, dict(zip([trial.number for trial in trials], files, strict=True)))
        except ServiceError as error:
            log.warning("could not fetch metrics", sweep=sweep.id, trials=len(trials), error=str(error))
            return {}
        if found is not None:
            return found
        if len(trials) == 1:
            return {trials[0].number: Result(read=False)}
        alone = [await self.read(sweep, [trial]) for trial in trials]
        return {number: result for each in alone for number, result in each.items()}

    async def _read(self, sweep: Sweep, files: Mapping[int, TableFile]) -> dict[int, Result] | None:
        """None if the process failed."""
        project = self._projects[sweep.run.project]
        paths = {number: file.path for number, file in files.items() if file.path is not None}
        found = {number: Result() for number, file in files.items() if file.path is None and file.final}
        if paths:
            curves = tuple(Curve("", path, project.columns or None) for path in paths.values())
            request = TablesRequest(curves, project.metric, project.maximize)
            try:
                summaries = await self._figures.summaries(request)
            except ServiceError as error:
                log.warning("could not read metrics", sweep=sweep.id, trials=len(paths), error=str(error))
                return None
            found |= {number: Result(each.best) for number, each in zip(paths, summaries, strict=True)}
        return found


def _measured(trial: Trial, result: Result) -> Trial:
    """`metrics.csv` is the truth; what the trial reported while it ran counts only without it."""
    if not result.read and trial.readings + 1 < MOST_READINGS:
        return replace(trial, readings=trial.readings + 1)
    if result.best is not None:
        trial = replace(trial, value=result.best.value, epoch=result.best.epoch, unit=result.best.unit)
    reason = refined(trial.reason, trial.exit_code, result.detail)
    detail = result.detail or trial.detail
    return replace(trial, measured=True, detail=detail, reason=reason)
