"""Run work in a child process that may crash, hang or run out of memory without harming the bot."""

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
"""Attempts per request."""
MOST_ANSWERED = 32 * 1024 * 1024
"""Bytes of an answer. A process that says more has been taken over, or writes something else."""
_PASSED_ON = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "PYTHONPATH", "XDG_CACHE_HOME", "MPLCONFIGDIR")


class ChildProcess:
    """Sends one request at a time. Requests are independent, so one can be repeated in a new process.

    The process starts when it is first needed, and again after it has ended. It gets none of the bot's secrets.
    """

    def __init__(self, name: str, command: Sequence[str], *, seconds: float) -> None:
        self._name, self._command, self._seconds = name, tuple(command), seconds
        self._process: Process | None = None
        self._lock = asyncio.Lock()

    async def ask(self, message: bytes) -> tuple[bytes, bytes]:
        """The answer's head and body. Raises `Unavailable` after `seconds`, or if the process dies `TRIES` times."""
        async with self._lock:
            try:
                async with asyncio.timeout(self._seconds):
                    return await self._ask_with_retry(message)
            except TimeoutError as late:
                raise Unavailable(f"{self._name} took longer than {self._seconds:g} s and was stopped") from late

    async def start(self) -> None:
        """Start ahead of the first request, so that it need not wait."""
        await self._ensure_running()

    async def end(self) -> None:
        """Kill the process, if there is one. The next request starts another."""
        process, self._process = self._process, None
        if process is None:
            return
        with suppress(ProcessLookupError):
            process.kill()
        await process.communicate()

    async def _ask_with_retry(self, message: bytes) -> tuple[bytes, bytes]:
        for left in reversed(range(TRIES)):
            try:
                return await self._exchange(message)
            except (ConnectionError, asyncio.IncompleteReadError) as error:
                log.warning("child process died", process=self._name, tries_left=left, error=str(error))
        raise Unavailable(f"the {self._name} process died {TRIES} times")

    async def _exchange(self, message: bytes) -> tuple[bytes, bytes]:
        """Send one request and read its answer.

        Any interruption ends the process: otherwise the next request would get this one's late answer.
        """
        process = await self._ensure_running()
        try:
            return await _send_and_receive(process, message)
        except BaseException:
            await self.end()
            raise

    async def _ensure_running(self) -> Process:
        if self._process is None or self._process.returncode is not None:
            await self.end()
            environment = {name: value for name in _PASSED_ON if (value := os.environ.get(name)) is not None}
            self._process = await asyncio.create_subprocess_exec(
                *self._command,
                stdin=PIPE,
                stdout=PIPE,
                env={**environment, "OPENBLAS_NUM_THREADS": "1"},
                start_new_session=True,  # so that Ctrl-C reaches only the bot, which then ends this process
            )
        return self._process


async def _send_and_receive(process: Process, message: bytes) -> tuple[bytes, bytes]:
    requests, answers = process.stdin, process.stdout
    if requests is None or answers is None:
        raise ConnectionError("the process has no pipes")
    requests.write(message)
    await requests.drain()
    head, body = LENGTHS.unpack(await answers.readexactly(LENGTHS.size))
    if head + body > MOST_ANSWERED:
        raise ConnectionError(f"an answer of {head + body:,} bytes")
    return await answers.readexactly(head), await answers.readexactly(body)
