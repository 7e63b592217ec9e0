"""Draw in a process of its own, started ahead: whoever asks for a picture waits for it."""

import asyncio
import sys
from collections.abc import Sequence
from types import TracebackType
from typing import Self

from bot.adapters.drawing.drawing_requests import pack_board, pack_request, unpack_answer
from bot.adapters.processes.child_process import Worker
from bot.domain.drawing.figures import BoardRequest, Drawing, FigureRequest
from bot.errors import Unavailable

COMMAND = (sys.executable, "-m", "bot.adapters.drawing.drawing_worker")
SECONDS = 20.0


class ProcessFigures:
    """`ports.Figures`. One drawing at a time."""

    def __init__(self, *, seconds: float = SECONDS, command: Sequence[str] = COMMAND) -> None:
        self._worker = Worker("drawing", command, seconds=seconds)

    async def __aenter__(self) -> Self:
        await self._worker.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._worker.end()

    async def draw(self, request: FigureRequest) -> Drawing:
        """Raises `Unavailable` when it takes longer than the limit, or the process dies at every try."""
        return await self._drawn(pack_request(request))

    async def board(self, request: BoardRequest) -> Drawing:
        """As `draw`."""
        return await self._drawn(await asyncio.to_thread(pack_board, request))  # of 10,000 points it takes a while

    async def _drawn(self, message: bytes) -> Drawing:
        drawing, error = unpack_answer(*await self._worker.ask(message))
        if error:
            raise Unavailable(f"drawing failed: {error}")
        return drawing
