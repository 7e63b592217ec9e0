"""A process of its own, that can be killed, crash or run out of memory without the bot's taking harm."""

import asyncio
import os
from asyncio.subprocess import PIPE, Process
from collections.abc import Sequence
from contextlib import suppress

import structlog

from bot.adapters.processes.frames import LENGTHS
from bot.errors import Unavailable

log = structlog.get_logger()

TRIES = 2
_PASSED_ON = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "PYTHONPATH", "XDG_CACHE_HOME", "MPLCONFIGDIR")


class Worker:
    """One request at a time, in frames; each is answered by itself, so it may be asked again of a new process.

    The process is started when it is needed, and anew when it has ended. It gets none of the bot's secrets.
    """

    def __init__(self, what: str, command: Sequence[str], *, seconds: float) -> None:
        self._what, self._command, self._seconds = what, tuple(command), seconds
        self._process: Process | None = None
        self._lock = asyncio.Lock()

    async def ask(self, message: bytes) -> tuple[bytes, bytes]:
        """Head and body of the answer. `Unavailable` when it takes longer than the limit, or the process dies at
        every try."""
        async with self._lock:
            try:
                async with asyncio.timeout(self._seconds):
                    return await self._tried(message)
            except TimeoutError as late:
                raise Unavailable(f"{self._what} took longer than {self._seconds:g} s and was given up") from late

    async def start(self) -> None:
        """Ahead of the first request, which then need not wait for it."""
        await self._running()

    async def end(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        with suppress(ProcessLookupError):
            process.kill()
        await process.communicate()

    async def _tried(self, message: bytes) -> tuple[bytes, bytes]:
        for left in reversed(range(TRIES)):
            try:
                return await self._exchange(message)
            except (ConnectionError, asyncio.IncompleteReadError) as error:
                log.warning("a process died", process=self._what, tries_left=left, error=str(error))
        raise Unavailable(f"the {self._what} process died {TRIES} times")

    async def _exchange(self, message: bytes) -> tuple[bytes, bytes]:
        """One request and its answer. What cuts it short ends the process, or its answer would be the next one's."""
        process = await self._running()
        try:
            return await _spoken(process, message)
        except BaseException:
            await self.end()
            raise

    async def _running(self) -> Process:
        if self._process is None or self._process.returncode is not None:
            await self.end()
            environment = {name: value for name in _PASSED_ON if (value := os.environ.get(name)) is not None}
            self._process = await asyncio.create_subprocess_exec(
                *self._command,
                stdin=PIPE,
                stdout=PIPE,
                env={**environment, "OPENBLAS_NUM_THREADS": "1"},
                start_new_session=True,  # Ctrl-C is for the bot, which ends this one itself
            )
        return self._process


async def _spoken(process: Process, message: bytes) -> tuple[bytes, bytes]:
    requests, answers = process.stdin, process.stdout
    if requests is None or answers is None:
        raise ConnectionError("the process has no pipes")
    requests.write(message)
    await requests.drain()
    head, body = LENGTHS.unpack(await answers.readexactly(LENGTHS.size))
    return await answers.readexactly(head), await answers.readexactly(body)
