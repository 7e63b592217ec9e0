"""Draw the metrics of one job, or of several on one axis, from `metrics.csv` in S3."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bot.domain.drawing.figures import Curve, FigureRequest
from bot.domain.model.rows import Posted
from bot.domain.parameters import shown
from bot.domain.project import Project
from bot.errors import BadInput, Missing
from bot.ports.artifacts import Artifacts
from bot.ports.figures import Figures
from bot.services.jobs.find import Find
from trainer.contract import METRICS_CSV

MOST_JOBS = 8


@dataclass(frozen=True, slots=True)
class Picture:
    """A PNG, None if nothing could be drawn, and the text that goes with it."""

    png: bytes | None
    text: str


class Plot:
    def __init__(self, find: Find, artifacts: Artifacts, figures: Figures, projects: Mapping[str, Project]) -> None:
        self._find, self._artifacts, self._figures, self._projects = find, artifacts, figures, projects

    async def plot(self, job_ids: Sequence[str]) -> Picture:
        """Draw 1 to 8 jobs by their ids. Raises `BadInput`, or `UnknownName` for a job that does not exist."""
        if not 1 <= len(job_ids) <= MOST_JOBS:
            raise BadInput("jobs", given=len(job_ids), expected=f"1 to {MOST_JOBS} jobs")
        return await self.draw_all([await self._find.job(job_id) for job_id in job_ids])

    async def draw_all(self, jobs: Sequence[Posted]) -> Picture:
        """One picture of several jobs. Those without metrics are named in the text."""
        files = await asyncio.gather(*(self._csv_or_none(job) for job in jobs))
        drawn = [(job, csv) for job, csv in zip(jobs, files, strict=True) if csv is not None]
        missing = [f"{job.id} has no metrics yet." for job, csv in zip(jobs, files, strict=True) if csv is None]
        if not drawn:
            return Picture(None, " ".join(missing))
        picture = await self.draw(drawn)
        return Picture(picture.png, " ".join([*missing, picture.text]).strip())

    async def metrics_csv(self, job: Posted) -> bytes:
        """The job's `metrics.csv`; raises `Missing` if it left none."""
        return await self._artifacts.read(self._projects[job.run.project].prefix(job.id) + METRICS_CSV)

    async def draw(self, drawn: Sequence[tuple[Posted, bytes]]) -> Picture:
        """One picture of these jobs, each with its `metrics.csv`."""
        first = drawn[0][0]
        project = self._projects[first.run.project]
        alone = len(drawn) == 1
        request = FigureRequest(
            title=f"{first.run.project} {first.id}" if alone else f"{first.run.project}: {len(drawn)} jobs",
            subtitle=_described(first) if alone else "",
            curves=tuple(Curve(job.id if alone else f"{job.id} {_parameters(job)}", csv) for job, csv in drawn),
            best=project.metric,
            maximize=project.maximize,
            names=project.columns or None,
        )
        drawing = await self._figures.draw(request)
        return Picture(drawing.png, " ".join(drawing.remarks))

    async def _csv_or_none(self, job: Posted) -> bytes | None:
        try:
            return await self.metrics_csv(job)
        except Missing:
            return None


def _described(job: Posted) -> str:
    return f"{job.run.commit.branch}@{job.run.commit.short}   {_parameters(job)}"


def _parameters(job: Posted) -> str:
    return " ".join(f"{name}={shown(value)}" for name, value in job.run.parameters.items())
