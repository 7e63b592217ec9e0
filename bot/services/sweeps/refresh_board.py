"""Keep the picture on a sweep's card up to date: drawn anew as trials end, not too often, and once more at its end."""

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import structlog

from bot.domain.clock import passed
from bot.domain.drawing.figures import BoardRequest
from bot.domain.model.sweep import Board, Sweep
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
        self._store, self._sketch = core.store, sketch
        self._settings, self._now = settings, core.now
        self._last: dict[str, _Last] = {}

    async def once(self) -> None:
        """Draws each sweep whose picture is old and due. One that cannot be drawn is tried again later."""
        sweeps = await self._store.unfinished_sweeps()
        self._last = {sweep.id: self._last[sweep.id] for sweep in sweeps if sweep.id in self._last}
        self._sketch.forget_all_but({sweep.id for sweep in sweeps})
        for sweep in sweeps:
            if not self._due(sweep):
                continue
            before = self._last.get(sweep.id)
            over = not sweep.execution.live
            self._last[sweep.id] = _Last(self._now(), over, None if before is None else before.showed)
            try:
                await self._paint(sweep)
            except (ServiceError, OSError) as error:  # the disk may be full
                log.warning("the picture waits", sweep=sweep.id, error=str(error))

    async def final(self, sweep: Sweep) -> Picture:
        """The picture for the message on its end; raises `Unavailable` where drawing failed."""
        return await self._sketch.picture(await self._sketch.last_request(sweep))

    async def tidy(self) -> None:
        """Deletes the pictures of sweeps that have been over for a week."""
        used = {path for sweep in await self._store.unfinished_sweeps() for path in _used(sweep.board)}
        await asyncio.to_thread(_delete_old, self._settings.folder, used, self._now() - KEEP_SECONDS)

    def _due(self, sweep: Sweep) -> bool:
        """The first picture is due at once, and so is the first one after the end."""
        if sweep.board.painted_revision >= sweep.publication.revision:
            return False
        last = self._last.get(sweep.id)
        if last is None or (not sweep.execution.live and not last.over):
            return True
        return passed(last.at, self._settings.seconds * max(1.0, sweep.plan.trials / LARGE), self._now())

    async def _paint(self, sweep: Sweep) -> None:
        request = await self._sketch.request(sweep)
        board, last, showed = sweep.board, self._last[sweep.id], _shows(request)
        if board.picture and last.showed == showed:
            await self._store.change(sweep.id, _unchanged(sweep))
            return
        picture = await self._sketch.picture(request)
        path = self._settings.folder / f"{sweep.id}-{_number(board.picture) + 1}.png"
        if picture.png is not None:
            await asyncio.to_thread(_write, path, picture.png)
        drawn = str(path) if picture.png else board.picture
        stored = await self._store.change(sweep.id, _painted(sweep, drawn, request.importance))
        self._last[sweep.id] = replace(last, showed=showed)
        used = {*_used(stored.board), board.picture}  # the earlier picture may be on its way to the card
        await asyncio.to_thread(_delete, self._settings.folder.glob(f"{sweep.id}-*.png"), used)


def _painted(seen: Sweep, picture: str, importance: Mapping[str, float]) -> Step[Sweep]:
    """The picture shows `seen`. What has changed since is not in it, and makes the next one due."""

    def step(stored: Sweep) -> Change | None:
        publication = stored.publication.redrawn()  # counted here, as the picture's own revision depends on it
        same = stored.publication.revision == seen.publication.revision
        shown = publication.revision if same else seen.publication.revision
        return Change(replace(stored, board=stored.board.painted(picture, importance, shown), publication=publication))

    return step


def _unchanged(seen: Sweep) -> Step[Sweep]:
    """The picture that is there shows this revision, too."""

    def step(stored: Sweep) -> Change | None:
        return Change(replace(stored, board=replace(stored.board, painted_revision=seen.publication.revision)))

    return step


def _shows(request: BoardRequest) -> int:
    """The same for requests that give the same picture."""
    return hash((request.cells, tuple(request.importance.items())))


def _used(board: Board) -> set[str]:
    return {board.picture, board.shown_picture}


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
