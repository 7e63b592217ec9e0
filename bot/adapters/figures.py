"""Draw in a process of its own, that can be killed, crash or run out of memory without the bot's taking harm."""

import asyncio
import os
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import Sequence
from contextlib import suppress
from types import TracebackType
from typing import Self

import structlog

from bot.adapters.figure_wire import LENGTHS, pack_board, pack_request, unpack_answer
from bot.domain.figures import BoardRequest, Drawing, FigureRequest
from bot.errors import Unavailable

log = structlog.get_logger()

COMMAND = (sys.executable, "-m", "bot.adapters.figure_worker")
SECONDS = 20.0
TRIES = 2
_PASSED_ON = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "PYTHONPATH", "XDG_CACHE_HOME", "MPLCONFIGDIR")


class ProcessFigures:
    """`ports.Figures`. One drawing at a time; the process is started ahead, and anew when it has ended."""

    def __init__(self, *, seconds: float = SECONDS, command: Sequence[str] = COMMAND) -> None:
        self._seconds, self._command = seconds, tuple(command)
        self._process: Process | None = None
        self._lock = asyncio.Lock()

    async def __aenter__(self) -> Self:
        await self._running()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._end()

    async def draw(self, request: FigureRequest) -> Drawing:
        """Raises `Unavailable` when it takes longer than the limit, or the process dies at every try."""
        return await self._drawn(pack_request(request))

    async def board(self, request: BoardRequest) -> Drawing:
        """As `draw`."""
        return await self._drawn(await asyncio.to_thread(pack_board, request))  # of 10,000 points it takes a while

    async def _drawn(self, message: bytes) -> Drawing:
        async with self._lock:
            try:
                async with asyncio.timeout(self._seconds):
                    drawing, error = await self._ask(message)
            except TimeoutError as late:
                raise Unavailable(f"drawing took longer than {self._seconds:g} s and was given up") from late
        if error:
            raise Unavailable(f"drawing failed: {error}")
        return drawing

    async def _ask(self, message: bytes) -> tuple[Drawing, str]:
        for left in reversed(range(TRIES)):
            try:
                return await self._exchange(message)
            except (ConnectionError, asyncio.IncompleteReadError) as error:
                log.warning("the drawing process died", tries_left=left, error=str(error))
        raise Unavailable(f"the drawing process died {TRIES} times")

    async def _exchange(self, message: bytes) -> tuple[Drawing, str]:
        """One request and its answer. What cuts it short ends the process, or its answer would be the next one's."""
        process = await self._running()
        try:
            return await _spoken(process, message)
        except BaseException:
            await self._end()
            raise

    async def _running(self) -> Process:
        if self._process is None or self._process.returncode is not None:
            await self._end()
            environment = {name: value for name in _PASSED_ON if (value := os.environ.get(name)) is not None}
            self._process = await asyncio.create_subprocess_exec(
                *self._command,
                stdin=PIPE,
                stdout=PIPE,
                env={**environment, "OPENBLAS_NUM_THREADS": "1"},
                start_new_session=True,  # Ctrl-C is for the bot, which ends this one itself
            )
        return self._process

    async def _end(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        with suppress(ProcessLookupError):
            process.kill()
        await process.communicate()


async def _spoken(process: Process, message: bytes) -> tuple[Drawing, str]:
    requests, answers = process.stdin, process.stdout
    if requests is None or answers is None:
        raise ConnectionError("the drawing process has no pipes")
    requests.write(message)
    await requests.drain()
    head, body = LENGTHS.unpack(await answers.readexactly(LENGTHS.size))
    return unpack_answer(await answers.readexactly(head), await answers.readexactly(body))
