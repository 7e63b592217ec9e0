"""Announce the end of a job: the verdict, the plot or the last lines, and who asked.

Its metrics are read by a process with little memory and time. If that fails `MOST_READINGS` times, which is counted in
the store before each time, the result goes out without them. Other results do not wait meanwhile.
"""

from dataclasses import dataclass, replace
from functools import partial
from typing import Protocol

from bot.domain.clock import passed
from bot.domain.exit_codes import refined
from bot.domain.inert import EMPTY, Inert, stacked
from bot.domain.jobs.remedies import out_of_gpu_memory
from bot.domain.logs.log_blocks import block
from bot.domain.logs.log_lines import raised, readable
from bot.domain.metrics.progress_rows import Best
from bot.domain.model.job import Job
from bot.domain.model.progress import Progress
from bot.domain.model.states import EndReason
from bot.domain.posts import Change, File
from bot.domain.remedy import Offer
from bot.domain.texts import notes
from bot.errors import CapReached, Paused, ServiceError
from bot.ports.artifacts import Artifacts
from bot.services.jobs.announcing import Announcer
from bot.services.jobs.plot import Picture, Plot
from bot.services.running.core import Core
from bot.services.running.held_tasks import HeldTasks
from bot.services.running.not_stored import not_stored
from bot.services.running.pending import to_announce
from trainer.contract import OWN_LINE

MOST_READINGS = 3
LAST_LINES = 12
KILLED = 137
"""128 and the number of SIGKILL, as in a shell."""
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
    best: Best | None
    reason: EndReason | None
    detail: str

    def of(self, stored: Job, offer: Offer | None = None) -> Job:
        """The job with it, from the job as it is by now: lines may have come in since it was read."""
        succeeded = self.reason is EndReason.SUCCEEDED
        detail = self.detail if succeeded else self.detail or stored.execution.detail
        execution = stored.execution.judged(self.reason, detail)
        return replace(stored, execution=execution, progress=_with_best(stored.progress, self.best), offer=offer)


class Mending(Protocol):
    """What may be done about a failure: `bot/services/remedies`."""

    async def offer(self, job: Job) -> Offer | None:
        """What the result offers. Never raises."""

    async def by_bot(self, job: Job, offer: Offer | None) -> tuple[Job | None, str]:
        """The retry that the bot is to start by itself, or why it must not; neither if it isn't asked to."""


class AnnounceResult:
    """Takes up jobs that have ended and whose result is not committed."""

    def __init__(
        self, core: Core, plot: Plot, artifacts: Artifacts, remedies: Mending, settings: AnnounceSettings
    ) -> None:
        self._store, self._plot, self._projects, self._artifacts = core.store, plot, core.projects, artifacts
        self._remedies = remedies
        self._settings, self._now = settings, core.now
        self._announcer = Announcer(core, settings.plot_deadline)
        self._tasks = HeldTasks()

    async def once(self) -> None:
        """Announce each result that is due. One whose metrics take long is left to the next pass."""
        due = [job for job in to_announce(await self._store.unfinished()) if self._due(job)]
        await self._tasks.run({job.id: partial(self._announce, job) for job in due})

    async def close(self) -> None:
        await self._tasks.close()

    def _due(self, job: Job) -> bool:
        """The result of a failure contains the log's last lines, which arrive later than the state."""
        if job.execution.reason is EndReason.SUCCEEDED or not job.execution.streams:
            return True
        return passed(_end_seen_at(job), self._settings.grace, self._now())

    async def _announce(self, job: Job) -> None:
        try:
            lost = await self._not_stored(job)
            picture = await self._picture(job)
        except ServiceError as error:
            readings = await self._readings(job)
            if readings < MOST_READINGS and not self._announcer.gives_up(job.id, _end_seen_at(job), error):
                return
            picture, lost = Picture(None, notes.not_drawn(str(error))), ""
        await self._commit(job, await self._ending(job, picture, lost))

    async def _commit(self, job: Job, ending: _Ending) -> None:
        """With what may mend a failure, and the retry with which the bot begins at once, if it does."""
        judged = ending.of(job)
        offer = await self._remedies.offer(judged)
        retry, why_not = await self._remedies.by_bot(judged, offer)
        if retry is not None:
            with_retry = replace(offer, by_bot=True) if offer is not None else None
            try:
                await self._announcer.commit(
                    job, ending.text, ending.files, settle=partial(ending.of, offer=with_retry), starts=retry
                )
            except (CapReached, Paused) as error:
                why_not = str(error).replace("`", "")
            else:
                return
        if offer is not None and why_not:
            offer = replace(offer, not_by_bot=why_not)
        await self._announcer.commit(job, ending.text, ending.files, settle=partial(ending.of, offer=offer))

    async def _not_stored(self, job: Job) -> str:
        """Name the results that a successful job has lost; "" if there are none, or no manifest."""
        if job.execution.reason is not EndReason.SUCCEEDED or not job.execution.streams:
            return ""
        prefix = self._projects[job.run.project].prefix(job.run.results, job.id)
        return await not_stored(self._artifacts, prefix)

    async def _picture(self, job: Job) -> Picture:
        """The job's metrics as a picture, with the best of them; of a job that left none, at most words."""
        if not job.execution.streams:
            picture = None
        elif await self._readings(job) >= MOST_READINGS:
            return Picture(None, notes.metrics_not_read(MOST_READINGS))
        else:
            picture = await self._plot.result(job, partial(self._begin_reading, job))
        if picture is None:
            succeeded = job.execution.reason is EndReason.SUCCEEDED
            return Picture(None, notes.no_metrics_file() if succeeded else EMPTY)
        return picture

    async def _readings(self, job: Job) -> int:
        stored = await self._store.job(job.id)
        return 0 if stored is None else stored.publication.result.readings

    async def _begin_reading(self, job: Job) -> None:
        """Count it first: should it take the bot down after all, it does so a few times at most."""

        def step(stored: Job) -> Change:
            return Change(replace(stored, publication=stored.publication.reading_begun()))

        await self._store.change(job.id, step)

    async def _ending(self, job: Job, picture: Picture, lost: str) -> _Ending:
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
            if _of_the_gpu(job, lines):
                reason, detail = EndReason.COMMAND_FAILED, raised(lines)
            text = stacked(block(lines, limit=LAST_LINES_CHARACTERS)[0], text)
        files = (File(f"{job.id}.png", picture.png),) if picture.png else ()
        return _Ending(text, files, picture.best, reason, detail)

    async def _last_lines(self, job: Job) -> list[str]:
        found = await self._store.log_lines(job.id, -4 * LAST_LINES, 4 * LAST_LINES)
        lines = [line for line in readable(found.events) if line.strip() and not line.startswith(OWN_LINE)]
        while len(lines) > LAST_LINES or len("\n".join(lines)) > LAST_LINES_CHARACTERS - 20:
            lines = lines[1:] if len(lines) > 1 else [lines[0][: LAST_LINES_CHARACTERS // 2]]
        return lines


def _of_the_gpu(job: Job, lines: list[str]) -> bool:
    """True if it failed by a lack of GPU memory though the engine says that memory ran out: it says so if any process
    of the container was killed for it, whatever ended the command (https://github.com/aws/amazon-ecs-agent/issues/2467).
    """
    killed = job.execution.exit_code in (None, KILLED)
    return job.execution.reason is EndReason.OUT_OF_MEMORY and not killed and out_of_gpu_memory(raised(lines))


def _with_best(progress: Progress, best: Best | None) -> Progress:
    """With the best value from `metrics.csv`, which is the truth; from the log if there is none."""
    if best is None:
        return progress
    progress = replace(progress, best=best.value, best_epoch=best.epoch)
    return progress if best.unit == progress.unit else replace(progress, unit=best.unit, epoch=None, epochs=None)


def _end_seen_at(job: Job) -> float:
    """When the bot saw the end, by its own clock: AWS's may be ahead or behind."""
    return job.execution.state_since or job.execution.ended_at or 0.0
