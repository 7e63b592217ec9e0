"""Keep the picture on a sweep's card up to date: drawn anew as trials end, not too often, and once more at its end."""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

import structlog

from bot.domain.clock import passed
from bot.domain.drawing.figures import BoardRequest
from bot.domain.model.job import Job
from bot.domain.model.sweep import Sweep
from bot.domain.posts import Change
from bot.errors import ServiceError
from bot.ports.store import Step
from bot.services.jobs.plot import Picture
from bot.services.running.core import Core
from bot.services.sweeps.draw_board import DrawBoard

log = structlog.get_logger()

LARGE = 1_000
"""Trials from which on the time between two pictures grows with their number, as the work of drawing them does."""
KEEP_SECONDS = 7 * 86_400.0
"""How long the last picture of a sweep that is over stays here."""


@dataclass(frozen=True, slots=True)
class BoardSettings:
    """Pictures lie in `folder`; between two of one sweep are `seconds`, or more where it is large."""

    folder: Path
    seconds: float


@dataclass(frozen=True, slots=True)
class _Last:
    """When a picture was last tried, whether the sweep was over then, and what the last one showed."""

    at: float
    over: bool
    showed: int | None


class RefreshBoard:
    def __init__(self, core: Core, sketch: DrawBoard, settings: BoardSettings) -> None:
        self._store, self._sketch, self._wakeups = core.store, sketch, core.wakeups
        self._settings, self._now = settings, core.now
        self._last: dict[str, _Last] = {}

    async def once(self) -> None:
        """Draws each sweep whose picture is old and due. One that cannot be drawn is tried again later."""
        sweeps = [(job, job.sweep) for job in await self._store.open_jobs() if job.sweep is not None]
        self._last = {job.id: self._last[job.id] for job, _ in sweeps if job.id in self._last}
        self._sketch.forget_all_but({job.id for job, _ in sweeps})
        for job, sweep in sweeps:
            if not self._due(job, sweep):
                continue
            before = self._last.get(job.id)
            self._last[job.id] = _Last(self._now(), not job.live, None if before is None else before.showed)
            try:
                await self._paint(job, sweep)
            except (ServiceError, OSError) as error:  # the disk may be full
                log.warning("the picture waits", sweep=job.id, error=str(error))

    async def final(self, job: Job) -> Picture:
        """The picture for the message on its end; raises `Unavailable` where drawing failed."""
        if job.sweep is None:
            raise ValueError(f"{job.id} is no sweep")
        return await self._sketch.picture(await self._sketch.last_request(job, job.sweep))

    async def tidy(self) -> None:
        """Deletes the pictures of sweeps that have been over for a week."""
        used = {path for job in await self._store.open_jobs() if job.sweep for path in _used(job.sweep)}
        await asyncio.to_thread(_delete_old, self._settings.folder, used, self._now() - KEEP_SECONDS)

    def _due(self, job: Job, sweep: Sweep) -> bool:
        """The first picture is due at once, and so is the first one after the end."""
        if sweep.painted_revision >= job.revision:
            return False
        last = self._last.get(job.id)
        if last is None or (not job.live and not last.over):
            return True
        return passed(last.at, self._settings.seconds * max(1.0, sweep.plan.trials / LARGE), self._now())

    async def _paint(self, job: Job, sweep: Sweep) -> None:
        request = await self._sketch.request(job, sweep)
        last, showed = self._last[job.id], _shows(request)
        if sweep.picture and last.showed == showed:
            await self._store.change(job.id, _unchanged(job))
            return
        picture = await self._sketch.picture(request)
        path = self._settings.folder / f"{job.id}-{_number(sweep.picture) + 1}.png"
        if picture.png is not None:
            await asyncio.to_thread(_write, path, picture.png)
        drawn = replace(sweep, picture=str(path) if picture.png else sweep.picture, importance=request.importance)
        stored = await self._store.change(job.id, _painted(job, drawn))
        self._last[job.id] = replace(last, showed=showed)
        self._wakeups.deliver.wake()
        if stored.sweep is not None:  # the picture before may be on its way to the card
            used = {*_used(stored.sweep), sweep.picture}
            await asyncio.to_thread(_delete, self._settings.folder.glob(f"{job.id}-*.png"), used)


def _painted(job: Job, drawn: Sweep) -> Step:
    """The picture shows `job`. What has changed since is not in it, and makes the next one due."""

    def step(stored: Job) -> Change | None:
        if stored.sweep is None:
            return None
        revision = stored.revision + 1
        shown = revision if stored.revision == job.revision else job.revision
        sweep = replace(stored.sweep, picture=drawn.picture, importance=drawn.importance, painted_revision=shown)
        return Change(replace(stored, sweep=sweep, revision=revision))

    return step


def _unchanged(job: Job) -> Step:
    """The picture that is there shows this revision, too."""

    def step(stored: Job) -> Change | None:
        if stored.sweep is None:
            return None
        return Change(replace(stored, sweep=replace(stored.sweep, painted_revision=job.revision)))

    return step


def _shows(request: BoardRequest) -> int:
    """The same for requests that give the same picture."""
    return hash((request.cells, tuple(request.importance.items())))


def _used(sweep: Sweep) -> set[str]:
    return {sweep.picture, sweep.shown_picture}


def _number(picture: str) -> int:
    """Of `<folder>/<sweep>-<n>.png`; 0 for none."""
    return int(Path(picture).stem.rpartition("-")[2]) if picture else 0


def _write(path: Path, png: bytes) -> None:
    """Whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(".partial")
    partial.write_bytes(png)
    partial.replace(path)


def _delete(paths: Iterable[Path], used: set[str]) -> None:
    for path in paths:
        if str(path) not in used:
            path.unlink(missing_ok=True)


def _delete_old(folder: Path, used: set[str], before: float) -> None:
    _delete((path for path in folder.glob("*.png") if path.stat().st_mtime < before), used)
