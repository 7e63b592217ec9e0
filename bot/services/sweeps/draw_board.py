"""Draw the pictures of a sweep: its points with what the metric depends on, and the curves of the best few."""

import asyncio
from collections.abc import Mapping, Set
from dataclasses import dataclass, field, replace

import structlog

from bot.domain.drawing.figures import BoardRequest, Curve
from bot.domain.inert import EMPTY
from bot.domain.model.sweep import Sweep
from bot.domain.model.trial import Trial
from bot.domain.project import Project
from bot.domain.sweeps.board_points import curves_request, label, request
from bot.errors import ServiceError
from bot.ports.figures import Figures
from bot.ports.sampler import Sampler
from bot.services.jobs.plot import Picture, picture_of
from bot.services.sweeps.trial_book import TrialBook
from bot.services.tables.table_files import TableFiles
from trainer.contract import METRICS_CSV

log = structlog.get_logger()

IMPORTANCE_FROM_AXES = 3
"""Compute importance from this many varied axes on; with fewer, the picture shows it."""
IMPORTANCE_FROM_TRIALS = 10
"""Compute it for the first time when this many trials have ended."""
CURVE_BYTES = 8 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class _Importance:
    """What the metric depended on when `trials` had ended."""

    trials: int = 0
    shares: Mapping[str, float] = field(default_factory=dict)


class DrawBoard:
    """Called by `refresh_board`."""

    def __init__(
        self,
        trials: TrialBook,
        figures: Figures,
        files: TableFiles,
        sampler: Sampler,
        projects: Mapping[str, Project],
    ) -> None:
        self._trials, self._figures, self._files = trials, figures, files
        self._sampler, self._projects = sampler, projects
        self._importances: dict[str, _Importance] = {}

    async def request(self, sweep: Sweep) -> BoardRequest:
        """What to draw now."""
        trials = await self._trials.read_once(sweep.id)
        importance = await self._importance(sweep, trials)
        updated = replace(sweep, board=replace(sweep.board, importance=importance))
        return await asyncio.to_thread(request, updated, trials, self._projects[sweep.run.project])

    async def curves(self, sweep: Sweep) -> Picture:
        """The curves of the best trials, a picture of its own: Discord shows one that is higher than wide too small."""
        trials = await self._trials.read_once(sweep.id)
        named = [(leader, trials.get(leader.number) or Trial(leader.number)) for leader in sweep.tally.leaders]
        uris = [await self._trials.prefix(sweep, trial) + METRICS_CSV for _, trial in named]
        async with self._files.fetched(sweep.request.asker_id, uris, limit=CURVE_BYTES, each=True) as files:
            curves = [
                Curve(label(f"{trial.source or sweep.id}.{leader.number}", sweep, leader), file.path)
                for (leader, trial), file in zip(named, files, strict=True)
                if file.path is not None
            ]
            if not curves:
                return Picture(None, EMPTY)
            wanted = curves_request(sweep, curves, self._projects[sweep.run.project])
            return picture_of(await self._figures.draw(wanted))

    async def picture(self, wanted: BoardRequest) -> Picture:
        """Raises `Unavailable` if drawing failed."""
        return picture_of(await self._figures.board(wanted))

    def forget_all_but(self, sweep_ids: Set[str]) -> None:
        self._importances = {sweep_id: known for sweep_id, known in self._importances.items() if sweep_id in sweep_ids}

    async def _importance(self, sweep: Sweep, trials: Mapping[int, Trial]) -> Mapping[str, float]:
        """Computed when twice as many trials have ended as the last time, and at the end: it takes long."""
        if len(sweep.plan.space.varied) < IMPORTANCE_FROM_AXES:
            return {}
        known = self._importances.get(sweep.id, _Importance(shares=sweep.board.importance))
        ended = sum(trial.settled for trial in trials.values())
        due = ended >= max(IMPORTANCE_FROM_TRIALS, 2 * known.trials) or not sweep.execution.live
        if not due or ended == known.trials:
            return known.shares
        found = await self._computed(sweep, trials)
        self._importances[sweep.id] = _Importance(ended, known.shares if found is None else found)
        return self._importances[sweep.id].shares

    async def _computed(self, sweep: Sweep, trials: Mapping[int, Trial]) -> Mapping[str, float] | None:
        goal = self._projects[sweep.run.project].goal
        try:
            return await self._sampler.importance(sweep.plan, list(trials.values()), goal)
        except ServiceError as error:
            log.warning("could not compute importance", sweep=sweep.id, error=str(error))
            return None
