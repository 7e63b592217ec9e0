"""Keep the picture on a sweep's card up to date: redraw it as trials end, not too often, and once more at the end."""

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
from bot.services.running.pending import board_outdated
from bot.services.sweeps.draw_board import DrawBoard
from trainer.places import write_atomically

log = structlog.get_logger()

LARGE = 1_000
"""From this many trials on, the time between two pictures grows with their number, as the work of drawing does."""
KEEP_SECONDS = 7 * 86_400.0
"""Delete the last picture of a finished sweep after this long."""


@dataclass(frozen=True, slots=True)
class BoardSettings:
    """Pictures are stored in `folder`; at least `seconds` pass between two of one sweep, more if it is large."""

    folder: Path
    seconds: float


@dataclass(frozen=True, slots=True)
class _LastDrawn:
    """When drawing was last tried, whether the sweep had ended then, and what the last picture showed."""

    at: float
    ended: bool
    showed: int | None


class RefreshBoard:
    """Takes up sweeps whose picture is older than their card."""

    def __init__(self, core: Core, draw: DrawBoard, settings: BoardSettings) -> None:
        self._store, self._draw = core.store, draw
        self._settings, self._now = settings, core.now
        self._last: dict[str, _LastDrawn] = {}

    async def once(self) -> None:
        """Redraw each picture that is due. One that cannot be drawn is tried again later."""
        sweeps = await self._store.unfinished_sweeps()
        self._last = {sweep.id: self._last[sweep.id] for sweep in sweeps if sweep.id in self._last}
        self._draw.forget_all_but({sweep.id for sweep in sweeps})
        for sweep in sweeps:
            if not self._due(sweep):
                continue
            before = self._last.get(sweep.id)
            ended = not sweep.execution.live
            self._last[sweep.id] = _LastDrawn(self._now(), ended, None if before is None else before.showed)
            try:
                await self._redraw(sweep)
            except (ServiceError, OSError) as error:  # the disk may be full
                log.warning("could not draw a board", sweep=sweep.id, error=str(error))

    async def final(self, sweep: Sweep) -> Picture:
        """The picture for the result; raises `Unavailable` if drawing failed."""
        return await self._draw.picture(await self._draw.request(sweep))

    async def curves(self, sweep: Sweep) -> Picture:
        """The curves of the best trials; raises like `final`."""
        return await self._draw.curves(sweep)

    async def tidy(self) -> None:
        """Delete the pictures of sweeps that ended more than a week ago."""
        used = {path for sweep in await self._store.unfinished_sweeps() for path in _used(sweep.board)}
        await asyncio.to_thread(_delete_old, self._settings.folder, used, self._now() - KEEP_SECONDS)

    def _due(self, sweep: Sweep) -> bool:
        """The first picture is due at once, and so is the first one after the end."""
        if not board_outdated(sweep):
            return False
        last = self._last.get(sweep.id)
        if last is None or (not sweep.execution.live and not last.ended):
            return True
        return passed(last.at, self._settings.seconds * max(1.0, sweep.plan.trials / LARGE), self._now())

    async def _redraw(self, sweep: Sweep) -> None:
        at = self._now() if sweep.execution.live else None
        request = replace(await self._draw.request(sweep), as_of=at)
        board, last, showed = sweep.board, self._last[sweep.id], _shows(request)
        if board.picture and last.showed == showed:
            await self._store.change(sweep.id, _unchanged(sweep))
            return
        picture = await self._draw.picture(request)
        path = self._settings.folder / f"{sweep.id}-{_number(board.picture) + 1}.png"
        if picture.png is not None:
            await asyncio.to_thread(_write, path, picture.png)
        drawn = str(path) if picture.png else board.picture
        stored = await self._store.change(sweep.id, _redrawn(sweep, drawn, request.importance))
        self._last[sweep.id] = replace(last, showed=showed)
        used = {*_used(stored.board), board.picture}  # the earlier picture may be on its way to the card
        await asyncio.to_thread(_delete, self._settings.folder.glob(f"{sweep.id}-*.png"), used)


def _redrawn(seen: Sweep, picture: str, importance: Mapping[str, float]) -> Step[Sweep]:
    """The picture shows `seen`. Later changes are not in it, and make the next one due."""

    def step(stored: Sweep) -> Change | None:
        publication = stored.publication.redrawn()  # counted here, as the picture's own revision depends on it
        same = stored.publication.revision == seen.publication.revision
        shown = publication.revision if same else seen.publication.revision
        return Change(replace(stored, board=stored.board.painted(picture, importance, shown), publication=publication))

    return step


def _unchanged(seen: Sweep) -> Step[Sweep]:
    """The existing picture shows this revision, too."""

    def step(stored: Sweep) -> Change | None:
        return Change(replace(stored, board=replace(stored.board, painted_revision=seen.publication.revision)))

    return step


def _shows(request: BoardRequest) -> int:
    """Equal for requests that give the same picture, except for its time. The last one has no time."""
    return hash((request.cells, tuple(request.importance.items()), request.as_of is None))


def _used(board: Board) -> set[str]:
    return {board.picture, board.shown_picture}


def _number(picture: str) -> int:
    """The n of `<folder>/<sweep>-<n>.png`; 0 without a picture."""
    return int(Path(picture).stem.rpartition("-")[2]) if picture else 0


def _write(path: Path, png: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    write_atomically(path, png)


def _delete(paths: Iterable[Path], used: set[str]) -> None:
    for path in paths:
        if str(path) not in used:
            path.unlink(missing_ok=True)


def _delete_old(folder: Path, used: set[str], before: float) -> None:
    _delete((path for path in folder.glob("*.png") if path.stat().st_mtime < before), used)
