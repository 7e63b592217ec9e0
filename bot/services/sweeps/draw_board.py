"""Draw the picture of a sweep: its points, what the metric depends on, and at the end the curves of the best few."""

import asyncio
from collections.abc import Mapping, Set
from dataclasses import dataclass, field, replace

import structlog

from bot.domain.drawing.figures import BoardRequest, Curve
from bot.domain.model.job import Job
from bot.domain.model.sweep import Leader, Sweep, Trial
from bot.domain.project import Project
from bot.domain.sweeps.board_points import label, request
from bot.errors import Missing, ServiceError
from bot.ports.artifacts import Artifacts
from bot.ports.figures import Figures
from bot.ports.sampler import Sampler
from bot.services.jobs.plot import Picture
from bot.services.sweeps.trial_book import TrialBook
from trainer.contract import METRICS_CSV

log = structlog.get_logger()

AXES = 3
"""From so many on it is asked how important each of them is: of fewer the picture shows it."""
FEWEST = 10
"""Trials that have to be over before that is asked for the first time."""
CURVE_BYTES = 8 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class _Weighed:
    """What the metric depended on when so many trials were over."""

    trials: int = 0
    importance: Mapping[str, float] = field(default_factory=dict)


class DrawBoard:
    def __init__(
        self,
        trials: TrialBook,
        figures: Figures,
        artifacts: Artifacts,
        sampler: Sampler,
        projects: Mapping[str, Project],
    ) -> None:
        self._trials, self._figures, self._artifacts = trials, figures, artifacts
        self._sampler, self._projects = sampler, projects
        self._weighed: dict[str, _Weighed] = {}

    async def request(self, job: Job, sweep: Sweep) -> BoardRequest:
        """What is to be drawn now."""
        trials = await self._trials.peek(job.id)
        importance = await self._importance(job, sweep, trials)
        weighed = replace(job, sweep=replace(sweep, importance=importance))
        return await asyncio.to_thread(request, weighed, trials, self._projects[job.project])

    async def last_request(self, job: Job, sweep: Sweep) -> BoardRequest:
        """With the curves of the best. A card has no room for them: Discord scales by the height, too."""
        curves = await self._curves(job, sweep, await self._trials.peek(job.id))
        return replace(await self.request(job, sweep), curves=tuple(curves))

    async def picture(self, asked: BoardRequest) -> Picture:
        """Raises `Unavailable` where drawing failed."""
        drawing = await self._figures.board(asked)
        return Picture(drawing.png, " ".join(drawing.remarks))

    def forget_all_but(self, sweep_ids: Set[str]) -> None:
        self._weighed = {sweep_id: known for sweep_id, known in self._weighed.items() if sweep_id in sweep_ids}

    async def _importance(self, job: Job, sweep: Sweep, trials: Mapping[int, Trial]) -> Mapping[str, float]:
        """Asked for when twice as many trials are over as the last time, and at the end: it takes its time."""
        if len(sweep.plan.space.axes) < AXES:
            return {}
        known = self._weighed.get(job.id, _Weighed(importance=sweep.importance))
        over = sum(trial.settled for trial in trials.values())
        due = over >= max(FEWEST, 2 * known.trials) or not job.live
        if not due or over == known.trials:
            return known.importance
        found = await self._asked(job, sweep, trials)
        self._weighed[job.id] = _Weighed(over, known.importance if found is None else found)
        return self._weighed[job.id].importance

    async def _asked(self, job: Job, sweep: Sweep, trials: Mapping[int, Trial]) -> Mapping[str, float] | None:
        maximize = self._projects[job.project].maximize
        try:
            return await self._sampler.importance(sweep.plan, list(trials.values()), maximize=maximize)
        except ServiceError as error:
            log.warning("what the metric depends on is not known", sweep=job.id, error=str(error))
            return None

    async def _curves(self, job: Job, sweep: Sweep, trials: Mapping[int, Trial]) -> list[Curve]:
        curves = await asyncio.gather(
            *(self._curve(job, sweep, leader, trials.get(leader.number)) for leader in sweep.tally.leaders)
        )
        return [curve for curve in curves if curve is not None]

    async def _curve(self, job: Job, sweep: Sweep, leader: Leader, trial: Trial | None) -> Curve | None:
        """None where it has left none, or cannot be had: the rest of the picture does not wait for it."""
        sweep_id = (trial.source if trial is not None else "") or job.id
        uri = f"{self._projects[job.project].prefix(sweep_id)}{leader.number}/{METRICS_CSV}"
        try:
            csv = await self._artifacts.read(uri, limit=CURVE_BYTES)
        except Missing:
            return None
        except ServiceError as error:
            log.warning("a curve is left out", sweep=job.id, trial=leader.number, error=str(error))
            return None
        return Curve(label(f"{sweep_id}.{leader.number}", sweep.plan, leader), csv)
