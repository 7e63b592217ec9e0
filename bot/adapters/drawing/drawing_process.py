"""Read tables and draw in a child process. It is started ahead, because people wait for their pictures."""

import asyncio
import sys
from collections.abc import Sequence
from types import TracebackType
from typing import Self

from bot.adapters.drawing.drawing_requests import Request, pack_request, unpack_answer, unpack_summaries
from bot.adapters.processes.child_process import ChildProcess
from bot.domain.drawing.figures import (
    BoardRequest,
    CostRequest,
    Drawing,
    FigureRequest,
    SpotRequest,
    TablesRequest,
    TableSummary,
)
from bot.errors import Unavailable

COMMAND = (sys.executable, "-m", "bot.adapters.drawing.drawing_worker")
SECONDS = 60.0
"""On the clock, for a machine that is busy. The process itself ends what takes long: see `CPU_SECONDS` there."""


class ProcessFigures:
    """Implements `bot.ports.figures.Figures`. One request at a time: the process is small, and so is the machine."""

    def __init__(self, *, seconds: float = SECONDS, command: Sequence[str] = COMMAND) -> None:
        self._process = ChildProcess("drawing", command, seconds=seconds)

    async def __aenter__(self) -> Self:
        await self._process.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._process.end()

    async def draw(self, request: FigureRequest) -> Drawing:
        """Raises `Unavailable` if it takes longer than `seconds`, or the process dies at every try."""
        return await self._drawn(request)

    async def board(self, request: BoardRequest) -> Drawing:
        """Raises `Unavailable` like `draw`."""
        return await self._drawn(request)

    async def costs(self, request: CostRequest) -> Drawing:
        """Raises `Unavailable` like `draw`."""
        return await self._drawn(request)

    async def spot(self, request: SpotRequest) -> Drawing:
        """Raises `Unavailable` like `draw`."""
        return await self._drawn(request)

    async def summaries(self, request: TablesRequest) -> list[TableSummary]:
        """Raises `Unavailable` like `draw`, and if several tables are too much for one request."""
        head, _ = await self._process.ask(pack_request(request))
        summaries, problem, error = unpack_summaries(head)
        if problem and len(request.curves) == 1:
            return [TableSummary(problem=problem)]
        if problem or error:
            raise Unavailable(f"reading failed: {problem or error}")
        return summaries

    async def _drawn(self, request: Request) -> Drawing:
        message = await asyncio.to_thread(pack_request, request)  # slow for 10,000 points
        drawing, error = unpack_answer(*await self._process.ask(message))
        if error:
            raise Unavailable(f"drawing failed: {error}")
        return drawing
