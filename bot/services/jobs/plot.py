"""Draw the metrics of one job, or of several on one axis, from `metrics.csv` in S3."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bot.domain.drawing.figures import Curve, FigureRequest
from bot.domain.model.job import Job
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
    """A PNG, and what is to say of it in words; `png` is None where nothing could be drawn."""

    png: bytes | None
    words: str


class Plot:
    def __init__(self, show: Find, artifacts: Artifacts, figures: Figures, projects: Mapping[str, Project]) -> None:
        self._show, self._artifacts, self._figures, self._projects = show, artifacts, figures, projects

    async def plot(self, job_ids: Sequence[str]) -> Picture:
        """One picture of 1 to 8 jobs. `UnknownName` for a job that is not there; those without metrics are named."""
        if not 1 <= len(job_ids) <= MOST_JOBS:
            raise BadInput("jobs", given=len(job_ids), expected=f"1 to {MOST_JOBS} jobs")
        jobs = [await self._show.job(job_id) for job_id in job_ids]
        files = await asyncio.gather(*(self._csv_or_none(job) for job in jobs))
        drawn = [(job, csv) for job, csv in zip(jobs, files, strict=True) if csv is not None]
        words = [f"{job.id} has no metrics yet." for job, csv in zip(jobs, files, strict=True) if csv is None]
        if not drawn:
            return Picture(None, " ".join(words))
        picture = await self.draw(drawn)
        return Picture(picture.png, " ".join([*words, picture.words]).strip())

    async def metrics_csv(self, job: Job) -> bytes:
        """The job's `metrics.csv`; `Missing` where it has left none."""
        return await self._artifacts.read(self._projects[job.project].prefix(job.id) + METRICS_CSV)

    async def draw(self, drawn: Sequence[tuple[Job, bytes]]) -> Picture:
        """A picture of these jobs with these files."""
        first = drawn[0][0]
        project = self._projects[first.project]
        alone = len(drawn) == 1
        request = FigureRequest(
            title=f"{first.project} {first.id}" if alone else f"{first.project}: {len(drawn)} jobs",
            subtitle=_described(first) if alone else "",
            curves=tuple(Curve(job.id if alone else f"{job.id} {_parameters(job)}", csv) for job, csv in drawn),
            best=project.metric,
            maximize=project.maximize,
            names=project.columns or None,
        )
        drawing = await self._figures.draw(request)
        return Picture(drawing.png, " ".join(drawing.remarks))

    async def _csv_or_none(self, job: Job) -> bytes | None:
        try:
            return await self.metrics_csv(job)
        except Missing:
            return None


def _described(job: Job) -> str:
    return f"{job.commit.branch}@{job.commit.short}   {_parameters(job)}"


def _parameters(job: Job) -> str:
    return " ".join(f"{name}={shown(value)}" for name, value in job.parameters.items())
