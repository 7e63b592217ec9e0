"""Draw the metrics of one job, or of several on one axis, from `metrics.csv` in S3."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bot.domain.access import Person
from bot.domain.drawing.curve_names import curve_names
from bot.domain.drawing.figures import Curve, Drawing, FigureRequest
from bot.domain.inert import Inert, escape, joined
from bot.domain.metrics.metrics_table import Table
from bot.domain.model.job import Job
from bot.domain.model.rows import Posted
from bot.domain.project import Project, configured
from bot.domain.texts import notes
from bot.errors import BadInput, Missing
from bot.ports.artifacts import Artifacts
from bot.ports.figures import Figures
from bot.services.jobs.find import Find
from trainer.contract import METRICS_CSV

MOST_JOBS = 8
REMARK, REMARKS = 300, 1_800
"""Characters of one remark, and of all of them."""


@dataclass(frozen=True, slots=True)
class Picture:
    """A PNG, None if nothing could be drawn, and remarks on it."""

    png: bytes | None
    remarks: Inert


def picture_of(drawing: Drawing, *before: Inert) -> Picture:
    """The remarks of a drawing name columns and files of a job, so they are made inert here. `before` precede them."""
    remarks = [*before, *(escape(remark, REMARK) for remark in drawing.remarks)]
    return Picture(drawing.png, joined(remarks, " ", REMARKS))


class Plot:
    def __init__(self, find: Find, artifacts: Artifacts, figures: Figures, projects: Mapping[str, Project]) -> None:
        self._find, self._artifacts, self._figures, self._projects = find, artifacts, figures, projects

    async def plot(self, job_ids: Sequence[str], metrics: Sequence[str], person: Person) -> Picture:
        """Draw 1 to 8 jobs by their ids. Raises `BadInput`, or `UnknownName` for a job that does not exist."""
        if not 1 <= len(job_ids) <= MOST_JOBS:
            raise BadInput(f"Plot 1 to {MOST_JOBS} jobs at once, not {len(job_ids)}.")
        return await self.draw_all([await self._find.job(job_id, person) for job_id in job_ids], metrics)

    async def draw_all(self, jobs: Sequence[Posted], metrics: Sequence[str] = ()) -> Picture:
        """One picture of several jobs. Those without metrics are named in the remarks."""
        files = await asyncio.gather(*(self._csv_or_none(job) for job in jobs))
        drawn = [(job, csv) for job, csv in zip(jobs, files, strict=True) if csv is not None]
        missing = [job for job, csv in zip(jobs, files, strict=True) if csv is None]
        return await self.draw(drawn, missing, metrics)

    async def metrics_csv(self, job: Posted) -> bytes:
        """The job's `metrics.csv`; raises `Missing` if it left none."""
        project = configured(self._projects, job.run.project)
        return await self._artifacts.read(project.prefix(job.run.results, job.id) + METRICS_CSV)

    async def metric_names(self, job: Posted) -> list[str]:
        """What `plot` can draw, the project's own metric first; before the table is stored, what the job reported."""
        project, csv = configured(self._projects, job.run.project), await self._csv_or_none(job)
        found = list(job.progress.latest) if isinstance(job, Job) else []
        if csv:
            found = list((await asyncio.to_thread(Table.parse, csv, project.columns)).columns)
        return sorted(found, key=lambda name: name != project.metric)

    async def draw(
        self,
        drawn: Sequence[tuple[Posted, bytes]],
        missing: Sequence[Posted] = (),
        metrics: Sequence[str] = (),
    ) -> Picture:
        """One picture of these jobs, each with its `metrics.csv`, and a remark on each of the `missing`."""
        remarks = [notes.no_metrics(job.id, live=job.execution.live) for job in missing]
        if not drawn:
            return Picture(None, joined(remarks, " ", REMARKS))
        project = configured(self._projects, drawn[0][0].run.project)
        names = curve_names([job for job, _ in drawn])
        request = FigureRequest(
            title=names.title,
            subtitle=names.shared,
            curves=tuple(self._curve(label, *each) for label, each in zip(names.labels, drawn, strict=True)),
            metric=project.metric,
            maximize=project.maximize,
            wanted=tuple(metrics),
        )
        return picture_of(await self._figures.draw(request), *remarks)

    def _curve(self, label: str, job: Posted, csv: bytes) -> Curve:
        """With its own project's column names: several projects may share a picture."""
        return Curve(label, csv, configured(self._projects, job.run.project).columns or None)

    async def _csv_or_none(self, job: Posted) -> bytes | None:
        try:
            return await self.metrics_csv(job)
        except Missing:
            return None
