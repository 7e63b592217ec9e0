"""Draw the metrics of one job, or of several on one axis, from `metrics.csv` in S3."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bot.domain.figures import Curve, FigureRequest
from bot.domain.job import Job
from bot.domain.params import shown
from bot.domain.project import Project
from bot.errors import BadInput, Missing, UnknownName
from bot.ports import Artifacts, Figures, Store

MOST_JOBS = 8


@dataclass(frozen=True, slots=True)
class Picture:
    """A PNG, and what is to say of it in words; `png` is None where nothing could be drawn."""

    png: bytes | None
    words: str


class Plot:
    def __init__(
        self, store: Store, artifacts: Artifacts, figures: Figures, projects: Mapping[str, Project]
    ) -> None:
        self._store, self._artifacts, self._figures, self._projects = store, artifacts, figures, projects

    async def plot(self, job_ids: Sequence[str]) -> Picture:
        """One picture. `UnknownName` for a job that is not there; jobs without metrics are named in the words."""
        raise BadInput("jobs", given="", expected="one")

    async def of_job(self, job: Job, csv: bytes) -> Picture:
        return Picture(None, "")
