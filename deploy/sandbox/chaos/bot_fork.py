"""A bot that starts in half the time: it is forked from a process that has already imported everything."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from deploy.sandbox import botconfig
from deploy.sandbox.aws.containers.reaper import Reaper
from deploy.sandbox.botprocess import END_SECONDS, MARK, READY_SECONDS, last_lines, read_ready_event
from deploy.sandbox.session import Sandbox


class BotEndedError(RuntimeError):
    """The bot exited by itself; the message has its last lines."""


class ForkedBot:
    """One bot at a time. `kill` and `stop` return once it has exited."""

    def __init__(self, server: asyncio.subprocess.Process, log_path: Path, reaper: Reaper, mark: str) -> None:
        self._server, self._log_path, self._reaper, self._mark = server, log_path, reaper, mark
        self._pid, self._offset = 0, 0
        self._ended: asyncio.Task[int] | None = None

    @property
    def running(self) -> bool:
        return self._ended is not None and not self._ended.done()

    async def start(self) -> None:
        """Start the bot without waiting until it is ready; `ready` does that."""
        self._offset = _size(self._log_path)
        _, pipe = _pipes(self._server)
        pipe.write(b"start\n")
        self._pid = await self._read_number()
        self._reaper.watch(self._pid, self._mark)
        self._ended = asyncio.create_task(self._read_number())

    async def ready(self) -> None:
        """Wait until the bot logs `ready`. Raises BotEndedError or TimeoutError, with its last lines."""
        try:
            async with asyncio.timeout(READY_SECONDS):
                while read_ready_event(self._log_path, self._offset) is None:
                    self.check()
                    await asyncio.sleep(0.01)
        except TimeoutError as error:
            raise TimeoutError(f"not ready after {READY_SECONDS:.0f} s:\n{last_lines(self._log_path)}") from error

    def check(self) -> None:
        """Raises BotEndedError if the bot is not running."""
        if not self.running:
            raise BotEndedError(f"the bot exited by itself:\n{last_lines(self._log_path)}")

    async def kill(self) -> None:
        """Send SIGKILL. Raises BotEndedError if the bot had already exited by itself."""
        self.check()
        await self._end(signal.SIGKILL)

    async def stop(self) -> int:
        """Send SIGTERM, then SIGKILL after END_SECONDS. The exit status; 0 if the bot is not running."""
        if not self.running:
            return 0
        try:
            async with asyncio.timeout(END_SECONDS):
                return await self._end(signal.SIGTERM)
        except TimeoutError:
            return await self._end(signal.SIGKILL)

    async def _end(self, number: signal.Signals) -> int:
        with suppress(ProcessLookupError):
            os.killpg(self._pid, number)
        if self._ended is None:
            return 0
        status = await asyncio.shield(self._ended)
        self._reaper.forget(self._pid)
        return status

    async def _read_number(self) -> int:
        answers, _ = _pipes(self._server)
        if line := await answers.readline():
            return int(line)
        raise BotEndedError("the fork server has exited")


@asynccontextmanager
async def forked_bot(sandbox: Sandbox) -> AsyncIterator[ForkedBot]:
    """A bot that is not started yet. It ends with the context, also if this process is killed."""
    config, log_path = sandbox.folder / "config.toml", sandbox.bot.log_path
    reaper = Reaper(sandbox.folder / "fork-server")
    server = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "deploy.sandbox.chaos.fork_server"),
        *("bot", str(log_path), "run", "--config", str(config)),
        env={**os.environ, **botconfig.environment(sandbox.ready), MARK: str(config)},
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        start_new_session=True,  # Ctrl-C is for the process that started this one
    )
    bot = ForkedBot(server, log_path, reaper, f"{MARK}={config}")
    try:
        yield bot
    finally:
        await bot.stop()
        _pipes(server)[1].close()
        await server.wait()
        await asyncio.to_thread(reaper.close)


def _pipes(process: asyncio.subprocess.Process) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    if process.stdout is None or process.stdin is None:
        raise RuntimeError("the fork server was started without pipes")
    return process.stdout, process.stdin


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0
