"""Draw the metrics of one job, or of several on one axis, from `metrics.csv` in S3."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass

from bot.domain.access import Person
from bot.domain.drawing.curve_names import curve_names
from bot.domain.drawing.figures import Curve, Drawing, FigureRequest, TablesRequest
from bot.domain.inert import Inert, escape, joined, phrase
from bot.domain.metrics.progress_rows import Best
from bot.domain.model.job import Job
from bot.domain.model.rows import Posted
from bot.domain.project import Project, configured
from bot.domain.texts import notes
from bot.errors import BadInput
from bot.ports.figures import Figures
from bot.services.jobs.find import Find
from bot.services.tables.table_files import TableFile, TableFiles
from trainer.contract import METRICS_CSV

MOST_JOBS = 8
SUGGESTED_BYTES = 8 * 1024 * 1024
"""A larger table is not read for suggestions: somebody is typing, and each letter asks again."""
MOST_REMEMBERED = 200
REMARK, REMARKS = 300, 1_800
"""Characters of one remark, and of all of them."""


@dataclass(frozen=True, slots=True)
class Picture:
    """A PNG, None if nothing could be drawn, and remarks on it. `best` is the first job's."""

    png: bytes | None
    remarks: Inert
    best: Best | None = None


def picture_of(drawing: Drawing, *before: Inert) -> Picture:
    """The remarks of a drawing name columns and files of a job, so they are made inert here. `before` precede them."""
    remarks = [*before, *(escape(remark, REMARK) for remark in drawing.remarks)]
    return Picture(drawing.png, joined(remarks, " ", REMARKS), drawing.best)


class Plot:
    """Tables are read for a person, who has one turn at a time."""

    def __init__(self, find: Find, files: TableFiles, figures: Figures, projects: Mapping[str, Project]) -> None:
        self._find, self._files, self._figures, self._projects = find, files, figures, projects
        self._names: dict[str, Sequence[str]] = {}
        """The metrics of jobs that have ended, as they were read last."""

    async def plot(self, job_ids: Sequence[str], metrics: Sequence[str], person: Person) -> Picture:
        """Draw 1 to 8 jobs by their ids. Raises `BadInput`, or `UnknownName` for a job that does not exist."""
        if not 1 <= len(job_ids) <= MOST_JOBS:
            raise BadInput(f"Plot 1 to {MOST_JOBS} jobs at once, not {len(job_ids)}.")
        return await self.draw_all([await self._find.job(job_id, person) for job_id in job_ids], metrics, person)

    async def draw_all(self, jobs: Sequence[Posted], metrics: Sequence[str], person: Person) -> Picture:
        """One picture of several jobs. Those without metrics are named in the remarks."""
        async with self._files.fetched(person.id, [self._uri(job) for job in jobs]) as files:
            found = list(zip(jobs, files, strict=True))
            remarks = [_without_table(job, file) for job, file in found if file.path is None]
            drawn = [(job, file) for job, file in found if file.path is not None]
            if not drawn:
                return Picture(None, joined(remarks, " ", REMARKS))
            return picture_of(await self._figures.draw(self._request(drawn, metrics)), *remarks)

    async def result(self, job: Posted, begins: Callable[[], Awaitable[None]]) -> Picture | None:
        """The picture for the end of a job; None if it left no metrics. `begins` is called before they are read."""
        async with self._files.fetched(job.request.asker_id, [self._uri(job)]) as [file]:
            if file.problem:
                return Picture(None, escape(file.problem, REMARK))
            if file.path is None:
                return None
            await begins()
            return picture_of(await self._figures.draw(self._request([(job, file)])))

    async def metric_names(self, job: Posted, person: Person) -> list[str]:
        """What `plot` can draw, the project's own metric first; without a table, or with a large one, what the job
        reported."""
        found = self._names.get(job.id)
        if found is None:
            found = await self._columns(job, person.id)
            if found and not job.execution.live:
                self._names = dict([*self._names.items(), (job.id, found)][-MOST_REMEMBERED:])
        found = found or (list(job.progress.latest) if isinstance(job, Job) else [])
        metric = configured(self._projects, job.run.project).metric
        return sorted(found, key=lambda name: name != metric)

    async def _columns(self, job: Posted, owner: int) -> Sequence[str]:
        project = configured(self._projects, job.run.project)
        async with self._files.fetched(owner, [self._uri(job)], limit=SUGGESTED_BYTES) as [file]:
            if file.path is None:
                return ()
            curve = Curve("", file.path, project.columns)
            [summary] = await self._figures.summaries(TablesRequest((curve,), project.metric))
            return summary.columns

    def _request(self, drawn: Sequence[tuple[Posted, TableFile]], metrics: Sequence[str] = ()) -> FigureRequest:
        project = configured(self._projects, drawn[0][0].run.project)
        names = curve_names([job for job, _ in drawn])
        return FigureRequest(
            title=names.title,
            subtitle=names.shared,
            curves=tuple(self._curve(label, *each) for label, each in zip(names.labels, drawn, strict=True)),
            metric=project.metric,
            maximize=project.maximize,
            wanted=tuple(metrics),
        )

    def _curve(self, label: str, job: Posted, file: TableFile) -> Curve:
        """With its own project's column names: several projects may share a picture."""
        return Curve(label, file.path or b"", configured(self._projects, job.run.project).columns or None)

    def _uri(self, job: Posted) -> str:
        return configured(self._projects, job.run.project).prefix(job.run.results, job.id) + METRICS_CSV


def _without_table(job: Posted, file: TableFile) -> Inert:
    if file.problem:
        return phrase("{name}: {problem}", name=escape(job.id, 40), problem=escape(file.problem, REMARK))
    return notes.no_metrics(job.id, live=job.execution.live)
