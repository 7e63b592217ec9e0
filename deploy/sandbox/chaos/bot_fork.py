"""A bot that is started again in half the time: a fork of a process that has everything imported."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from deploy.sandbox import botconfig
from deploy.sandbox.aws.containers.reaper import Reaper
from deploy.sandbox.botprocess import END_SECONDS, MARK, READY_SECONDS, last_lines, said_ready
from deploy.sandbox.session import Sandbox


class BotEndedError(RuntimeError):
    """The bot ended by itself; the message has its last lines."""


class ForkedBot:
    """One bot at a time. `kill` and `stop` return when it has ended."""

    def __init__(self, nursery: asyncio.subprocess.Process, log_path: Path, reaper: Reaper, mark: str) -> None:
        self._nursery, self._log_path, self._reaper, self._mark = nursery, log_path, reaper, mark
        self._pid, self._offset = 0, 0
        self._ended: asyncio.Task[int] | None = None

    @property
    def runs(self) -> bool:
        return self._ended is not None and not self._ended.done()

    async def start(self) -> None:
        """Returns at once: `ready` waits."""
        self._offset = _size(self._log_path)
        _, pipe = _pipes(self._nursery)
        pipe.write(b"start\n")
        self._pid = await self._answer()
        self._reaper.watch(self._pid, self._mark)
        self._ended = asyncio.create_task(self._answer())

    async def ready(self) -> None:
        """Raises BotEndedError where it ends before, TimeoutError where it is neither."""
        async with asyncio.timeout(READY_SECONDS):
            while said_ready(self._log_path, self._offset) is None:
                self.check()
                await asyncio.sleep(0.01)

    def check(self) -> None:
        """Raises BotEndedError where it does not run."""
        if not self.runs:
            raise BotEndedError(f"the bot has ended by itself:\n{last_lines(self._log_path)}")

    async def kill(self) -> None:
        """SIGKILL. Raises BotEndedError where it has ended by itself before."""
        self.check()
        await self._end(signal.SIGKILL)

    async def stop(self) -> int:
        """SIGTERM, SIGKILL where that does not end it in time. Its exit status; 0 where it does not run."""
        if not self.runs:
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

    async def _answer(self) -> int:
        answers, _ = _pipes(self._nursery)
        if line := await answers.readline():
            return int(line)
        raise BotEndedError("the process that bots are forks of has ended")


@asynccontextmanager
async def forked_bot(sandbox: Sandbox) -> AsyncIterator[ForkedBot]:
    """Made and not started. Nothing of it is left at the end, or where this process just dies."""
    config, log_path = sandbox.folder / "config.toml", sandbox.bot.log_path
    reaper = Reaper(sandbox.folder / "nursery")
    nursery = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "deploy.sandbox.chaos.fork_server"),
        *("bot", str(log_path), "run", "--config", str(config)),
        env={**os.environ, **botconfig.environment(sandbox.ready), MARK: str(config)},
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        start_new_session=True,  # Ctrl-C is for who started it
    )
    bot = ForkedBot(nursery, log_path, reaper, f"{MARK}={config}")
    try:
        yield bot
    finally:
        await bot.stop()
        _pipes(nursery)[1].close()
        await nursery.wait()
        await asyncio.to_thread(reaper.close)


def _pipes(process: asyncio.subprocess.Process) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    if process.stdout is None or process.stdin is None:
        raise RuntimeError("the nursery was started without pipes")
    return process.stdout, process.stdin


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0
