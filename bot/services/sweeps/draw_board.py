"""Draw the picture of a sweep: its points, what the metric depends on, and at the end the curves of the best few."""

import asyncio
from collections.abc import Mapping, Set
from dataclasses import dataclass, field, replace

import structlog

from bot.domain.drawing.figures import BoardRequest, Curve
from bot.domain.model.sweep import Sweep
from bot.domain.model.tally import Leader
from bot.domain.model.trial import Trial
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

    async def request(self, sweep: Sweep) -> BoardRequest:
        """What is to be drawn now."""
        trials = await self._trials.peek(sweep.id)
        importance = await self._importance(sweep, trials)
        weighed = replace(sweep, board=replace(sweep.board, importance=importance))
        return await asyncio.to_thread(request, weighed, trials, self._projects[sweep.run.project])

    async def last_request(self, sweep: Sweep) -> BoardRequest:
        """With the curves of the best. A card has no room for them: Discord scales by the height, too."""
        curves = await self._curves(sweep, await self._trials.peek(sweep.id))
        return replace(await self.request(sweep), curves=tuple(curves))

    async def picture(self, asked: BoardRequest) -> Picture:
        """Raises `Unavailable` where drawing failed."""
        drawing = await self._figures.board(asked)
        return Picture(drawing.png, " ".join(drawing.remarks))

    def forget_all_but(self, sweep_ids: Set[str]) -> None:
        self._weighed = {sweep_id: known for sweep_id, known in self._weighed.items() if sweep_id in sweep_ids}

    async def _importance(self, sweep: Sweep, trials: Mapping[int, Trial]) -> Mapping[str, float]:
        """Asked for when twice as many trials are over as the last time, and at the end: it takes its time."""
        if len(sweep.plan.space.axes) < AXES:
            return {}
        known = self._weighed.get(sweep.id, _Weighed(importance=sweep.board.importance))
        over = sum(trial.settled for trial in trials.values())
        due = over >= max(FEWEST, 2 * known.trials) or not sweep.execution.live
        if not due or over == known.trials:
            return known.importance
        found = await self._asked(sweep, trials)
        self._weighed[sweep.id] = _Weighed(over, known.importance if found is None else found)
        return self._weighed[sweep.id].importance

    async def _asked(self, sweep: Sweep, trials: Mapping[int, Trial]) -> Mapping[str, float] | None:
        goal = self._projects[sweep.run.project].goal
        try:
            return await self._sampler.importance(sweep.plan, list(trials.values()), goal)
        except ServiceError as error:
            log.warning("what the metric depends on is not known", sweep=sweep.id, error=str(error))
            return None

    async def _curves(self, sweep: Sweep, trials: Mapping[int, Trial]) -> list[Curve]:
        curves = await asyncio.gather(
            *(self._curve(sweep, leader, trials.get(leader.number)) for leader in sweep.tally.leaders)
        )
        return [curve for curve in curves if curve is not None]

    async def _curve(self, sweep: Sweep, leader: Leader, trial: Trial | None) -> Curve | None:
        """None where it has left none, or cannot be had: the rest of the picture does not wait for it."""
        sweep_id = (trial.source if trial is not None else "") or sweep.id
        uri = f"{self._projects[sweep.run.project].prefix(sweep_id)}{leader.number}/{METRICS_CSV}"
        try:
            csv = await self._artifacts.read(uri, limit=CURVE_BYTES)
        except Missing:
            return None
        except ServiceError as error:
            log.warning("a curve is left out", sweep=sweep.id, trial=leader.number, error=str(error))
            return None
        return Curve(label(f"{sweep_id}.{leader.number}", sweep.plan, leader), csv)
