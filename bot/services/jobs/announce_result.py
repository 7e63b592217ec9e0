"""Tell the end of a job, once: the verdict, the plot or the last lines, and who asked.

The message is committed together with `committed_at`, so it is told after any crash, and never twice.
"""

import asyncio
from dataclasses import dataclass, replace

import structlog

from bot.domain.clock import passed
from bot.domain.logs.log_lines import block, raised, readable
from bot.domain.metrics.metrics_table import Table
from bot.domain.metrics.progress_rows import best_of
from bot.domain.model.execution import Execution
from bot.domain.model.job import Job
from bot.domain.model.progress import Progress
from bot.domain.model.states import EndReason
from bot.domain.posts import Change, File, NewPost, PostKind
from bot.errors import Missing, ServiceError
from bot.services.jobs.plot import Picture, Plot
from bot.services.running.core import Core
from trainer.contract import OWN_LINE, ExitCode

log = structlog.get_logger()

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

    text: str
    files: tuple[File, ...]
    progress: Progress
    reason: EndReason | None
    detail: str


class AnnounceResult:
    def __init__(self, core: Core, plot: Plot, settings: AnnounceSettings) -> None:
        self._store, self._plot, self._projects = core.store, plot, core.projects
        self._settings, self._now = settings, core.now

    async def once(self) -> None:
        """Tells each end that is due."""
        for job in await self._store.unfinished():
            if isinstance(job, Job) and _ended_silently(job) and self._due(job):
                await self._tell(job)

    def _due(self, job: Job) -> bool:
        """A failure is told with its last lines, which come later than its state."""
        if job.execution.reason is EndReason.SUCCEEDED or not job.execution.streams:
            return True
        return passed(_seen(job), self._settings.grace, self._now())

    async def _tell(self, job: Job) -> None:
        try:
            csv = await self._csv(job)
            picture = await self._picture(job, csv)
        except ServiceError as error:
            if not passed(_seen(job), self._settings.plot_deadline, self._now()):
                log.warning("the plot waits", job=job.id, error=str(error))
                return
            csv, picture = b"", Picture(None, f"The plot could not be drawn: {error}")
        ending = await self._ending(job, csv, picture)
        at = self._now()

        def step(stored: Job) -> Change | None:
            if stored.publication.result.committed_at is not None:
                return None
            told = replace(
                stored,
                execution=stored.execution.judged(ending.reason, ending.detail),
                progress=ending.progress,
                publication=stored.publication.announced(at),
            )
            return Change(told, (NewPost(f"end:{job.id}", PostKind.END, job.id, text=ending.text, files=ending.files),))

        await self._store.change(job.id, step)
        log.info("told", job=job.id, reason=job.execution.reason)

    async def _csv(self, job: Job) -> bytes:
        """The job's metrics; empty where it has left none."""
        try:
            return await self._plot.metrics_csv(job) if job.execution.streams else b""
        except Missing:
            return b""

    async def _picture(self, job: Job, csv: bytes) -> Picture:
        if not csv:
            succeeded = job.execution.reason is EndReason.SUCCEEDED
            return Picture(None, "It left no `metrics.csv`, so there is nothing to draw." if succeeded else "")
        return await self._plot.draw([(job, csv)])

    async def _ending(self, job: Job, csv: bytes, picture: Picture) -> _Ending:
        found = await self._store.job(job.id)
        stored = found if isinstance(found, Job) else job
        words, detail, reason = picture.words, stored.execution.detail, _by_whom(stored.execution)
        if job.execution.reason not in (EndReason.SUCCEEDED, EndReason.STOPPED) and job.execution.streams:
            lines = await self._last_lines(job)
            if job.execution.reason is EndReason.COMMAND_FAILED and not detail:
                detail = raised(lines)
            if lines:
                words = "\n".join(filter(None, (block(lines, limit=LAST_LINES_CHARACTERS)[0], words)))
        files = (File(f"{job.id}.png", picture.png),) if picture.png else ()
        progress = await asyncio.to_thread(self._settled, stored, csv)  # a long table takes a while to read
        return _Ending(words, files, progress, reason, detail)

    async def _last_lines(self, job: Job) -> list[str]:
        found = await self._store.log_lines(job.id, -4 * LAST_LINES, 4 * LAST_LINES)
        lines = [line for line in readable(found.events) if line.strip() and not line.startswith(OWN_LINE)]
        while len(lines) > LAST_LINES or len("\n".join(lines)) > LAST_LINES_CHARACTERS - 20:
            lines = lines[1:] if len(lines) > 1 else [lines[0][: LAST_LINES_CHARACTERS // 2]]
        return lines

    def _settled(self, job: Job, csv: bytes) -> Progress:
        """The progress with its best from `metrics.csv`, the truth; the log's where there is none."""
        if not csv:
            return job.progress
        project = self._projects[job.run.project]
        best = best_of(Table.parse(csv, project.columns), project.goal)
        if best is None:
            return job.progress
        value, epoch = best
        return replace(job.progress, best=value, best_epoch=epoch)


def _ended_silently(job: Job) -> bool:
    """True if it has ended and its result is not committed yet."""
    return not job.execution.live and job.publication.result.committed_at is None


def _seen(job: Job) -> float:
    """When the end was seen, by the bot's own clock: AWS's may be ahead or behind."""
    return job.execution.state_since or job.execution.ended_at or 0.0


def _by_whom(execution: Execution) -> EndReason | None:
    """The entrypoint's own exit codes mean that the command never ran to its end."""
    own = execution.detail and execution.exit_code in {int(code) for code in ExitCode}
    return EndReason.SETUP_FAILED if own and execution.reason is EndReason.COMMAND_FAILED else execution.reason
