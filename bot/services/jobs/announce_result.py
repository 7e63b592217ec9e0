"""Announce the end of a job: the verdict, the plot or the last lines, and who asked."""

import asyncio
from dataclasses import dataclass, replace

from bot.domain.clock import passed
from bot.domain.exit_codes import refined
from bot.domain.inert import EMPTY, Inert, stacked
from bot.domain.jobs.lost_results import results_not_stored
from bot.domain.logs.log_blocks import block
from bot.domain.logs.log_lines import raised, readable
from bot.domain.metrics.progress_rows import best_in_csv
from bot.domain.model.job import Job
from bot.domain.model.progress import Progress
from bot.domain.model.states import EndReason
from bot.domain.posts import File
from bot.domain.texts import notes
from bot.errors import Missing, Refused, ServiceError
from bot.ports.artifacts import Artifacts
from bot.services.jobs.announcing import Announcer
from bot.services.jobs.plot import Picture, Plot
from bot.services.running.core import Core
from bot.services.running.pending import to_announce
from trainer.contract import MANIFEST_JSON, OWN_LINE

MANIFEST_BYTES = 1024 * 1024
LAST_LINES = 12
LAST_LINES_CHARACTERS = 1_200


@dataclass(frozen=True, slots=True)
class AnnounceSettings:
    """Seconds. After a failure the log's last lines may still be on their way for `grace`."""

    grace: float
    plot_deadline: float


@dataclass(frozen=True, slots=True)
class _Ending:
    """What goes into the message, and what it adds to the job."""

    text: Inert
    files: tuple[File, ...]
    progress: Progress
    reason: EndReason | None
    detail: str


class AnnounceResult:
    """Takes up jobs that have ended and whose result is not committed."""

    def __init__(self, core: Core, plot: Plot, artifacts: Artifacts, settings: AnnounceSettings) -> None:
        self._store, self._plot, self._projects, self._artifacts = core.store, plot, core.projects, artifacts
        self._settings, self._now = settings, core.now
        self._announcer = Announcer(core, settings.plot_deadline)

    async def once(self) -> None:
        """Announce each result that is due."""
        for job in to_announce(await self._store.unfinished()):
            if self._due(job):
                await self._announce(job)

    def _due(self, job: Job) -> bool:
        """The result of a failure contains the log's last lines, which arrive later than the state."""
        if job.execution.reason is EndReason.SUCCEEDED or not job.execution.streams:
            return True
        return passed(_end_seen_at(job), self._settings.grace, self._now())

    async def _announce(self, job: Job) -> None:
        try:
            lost = await self._not_stored(job)
            csv = await self._csv(job)
            picture = await self._picture(job, csv)
        except ServiceError as error:
            if not self._announcer.gives_up(job.id, _end_seen_at(job), error):
                return
            csv, picture, lost = b"", Picture(None, notes.not_drawn(str(error))), ""
        ending = await self._ending(job, csv, picture, lost)

        def settle(stored: Job) -> Job:
            execution = stored.execution.judged(ending.reason, ending.detail)
            return replace(stored, execution=execution, progress=ending.progress)

        await self._announcer.commit(job, ending.text, ending.files, settle=settle)

    async def _not_stored(self, job: Job) -> str:
        """Name the results that a successful job has lost; "" if there are none, or no manifest."""
        if job.execution.reason is not EndReason.SUCCEEDED or not job.execution.streams:
            return ""
        try:
            manifest = await self._artifacts.read(
                self._projects[job.run.project].prefix(job.run.results, job.id) + MANIFEST_JSON, limit=MANIFEST_BYTES
            )
        except (Missing, Refused):
            return ""
        return results_not_stored(manifest)

    async def _csv(self, job: Job) -> bytes:
        """The job's metrics; empty if it left none."""
        try:
            return await self._plot.metrics_csv(job) if job.execution.streams else b""
        except Missing:
            return b""

    async def _picture(self, job: Job, csv: bytes) -> Picture:
        if not csv:
            succeeded = job.execution.reason is EndReason.SUCCEEDED
            return Picture(None, notes.no_metrics_file() if succeeded else EMPTY)
        return await self._plot.draw([(job, csv)])

    async def _ending(self, job: Job, csv: bytes, picture: Picture, lost: str) -> _Ending:
        found = await self._store.job(job.id)
        stored = found if isinstance(found, Job) else job
        execution = stored.execution
        text, detail, reason = picture.remarks, execution.detail, execution.reason
        reason = refined(reason, execution.exit_code, detail)
        if reason is EndReason.SUCCEEDED:
            detail = lost
        if job.execution.reason not in (EndReason.SUCCEEDED, EndReason.STOPPED) and job.execution.streams:
            lines = await self._last_lines(job)
            if job.execution.reason is EndReason.COMMAND_FAILED and not detail:
                detail = raised(lines)
            text = stacked(block(lines, limit=LAST_LINES_CHARACTERS)[0], text)
        files = (File(f"{job.id}.png", picture.png),) if picture.png else ()
        progress = await asyncio.to_thread(self._with_best, stored, csv)  # a long table takes a while to read
        return _Ending(text, files, progress, reason, detail)

    async def _last_lines(self, job: Job) -> list[str]:
        found = await self._store.log_lines(job.id, -4 * LAST_LINES, 4 * LAST_LINES)
        lines = [line for line in readable(found.events) if line.strip() and not line.startswith(OWN_LINE)]
        while len(lines) > LAST_LINES or len("\n".join(lines)) > LAST_LINES_CHARACTERS - 20:
            lines = lines[1:] if len(lines) > 1 else [lines[0][: LAST_LINES_CHARACTERS // 2]]
        return lines

    def _with_best(self, job: Job, csv: bytes) -> Progress:
        """The progress with its best value from `metrics.csv`, which is the truth; from the log if there is none."""
        project = self._projects[job.run.project]
        best = best_in_csv(csv, project.columns, project.goal) if csv else None
        if best is None:
            return job.progress
        progress = replace(job.progress, best=best.value, best_epoch=best.epoch)
        if best.unit == progress.unit:
            return progress
        return replace(progress, unit=best.unit, epoch=None, epochs=None)


def _end_seen_at(job: Job) -> float:
    """When the bot saw the end, by its own clock: AWS's may be ahead or behind."""
    return job.execution.state_since or job.execution.ended_at or 0.0
