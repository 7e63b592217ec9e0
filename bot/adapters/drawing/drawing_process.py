"""Draw in a child process. It is started ahead, because people wait for their pictures."""

import asyncio
import sys
from collections.abc import Sequence
from types import TracebackType
from typing import Self

from bot.adapters.drawing.drawing_requests import pack_request, unpack_answer
from bot.adapters.processes.child_process import ChildProcess
from bot.domain.drawing.figures import BoardRequest, Drawing, FigureRequest
from bot.errors import Unavailable

COMMAND = (sys.executable, "-m", "bot.adapters.drawing.drawing_worker")
SECONDS = 20.0


class ProcessFigures:
    """Implements `bot.ports.figures.Figures`. One drawing at a time."""

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
        return await self._send(pack_request(request))

    async def board(self, request: BoardRequest) -> Drawing:
        """Raises `Unavailable` like `draw`."""
        return await self._send(await asyncio.to_thread(pack_request, request))  # slow for 10,000 points

    async def _send(self, message: bytes) -> Drawing:
        drawing, error = unpack_answer(*await self._process.ask(message))
        if error:
            raise Unavailable(f"drawing failed: {error}")
        return drawing
