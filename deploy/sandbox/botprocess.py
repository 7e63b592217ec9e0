"""The bot as a process of its own: started by its command line, as on a real server."""

import asyncio
import json
import os
import signal
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from deploy.sandbox.aws.containers.reaper import Reaper

READY_SECONDS = 30.0
END_SECONDS = 10.0
MARK = "SIGNALBOX_SANDBOX"
"""In the environment of the bot and of all that it starts: which sandbox they belong to."""


class BotProcess:
    """`python -m bot run --config …`. Its own log goes to `log_path`, appended over restarts.

    The reaper ends it where the sandbox itself is killed.
    """

    def __init__(self, config_path: Path, log_path: Path, environment: Mapping[str, str], reaper: Reaper) -> None:
        self._config_path, self.log_path, self._reaper = config_path, log_path, reaper
        self._environment = {**os.environ, **environment, MARK: str(config_path)}
        self._process: asyncio.subprocess.Process | None = None
        self.http_url = ""

    @property
    def pid(self) -> int:
        """Raises RuntimeError while it does not run."""
        if self._process is None:
            raise RuntimeError("the bot does not run")
        return self._process.pid

    async def start(self) -> None:
        """Returns when the bot says that it is ready; RuntimeError with its last lines if it ends before."""
        self.log_path.parent.mkdir(parents=True, exist_ok=True)
        offset = self.log_path.stat().st_size if self.log_path.exists() else 0
        with self.log_path.open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable,
                *("-m", "bot", "run", "--config", str(self._config_path)),
                stdout=log,
                stderr=log,
                env=self._environment,
                process_group=0,
            )
        self._reaper.watch(self._process.pid, f"{MARK}={self._config_path}")
        async with asyncio.timeout(READY_SECONDS):
            while (ready := said_ready(self.log_path, offset)) is None:
                if self._process.returncode is not None:
                    raise RuntimeError(f"the bot ended with {self._process.returncode}:\n{self.last_lines()}")
                await asyncio.sleep(0.02)
        self.http_url = str(ready["http"])

    def kill(self) -> None:
        """SIGKILL, as by a machine that is gone."""
        self._signal(signal.SIGKILL)

    async def wait(self) -> int:
        """Its exit status, when it has ended."""
        if self._process is None:
            raise RuntimeError("the bot does not run")
        status = await self._process.wait()
        self._reaper.forget(self._process.pid)
        self._process = None
        return status

    async def stop(self) -> int | None:
        """SIGTERM, and SIGKILL where that does not end it in time; None where it does not run."""
        if self._process is None:
            return None
        self._signal(signal.SIGTERM)
        try:
            async with asyncio.timeout(END_SECONDS):
                return await self.wait()
        except TimeoutError:
            self.kill()
            return await self.wait()

    def last_lines(self, count: int = 20) -> str:
        return last_lines(self.log_path, count)

    def _signal(self, number: signal.Signals) -> None:
        if self._process is not None and self._process.returncode is None:
            os.killpg(self._process.pid, number)


def said_ready(log_path: Path, offset: int) -> dict[str, Any] | None:
    """The line of the bot's log that says so, behind `offset`."""
    if not log_path.exists():
        return None
    with log_path.open("rb") as log:
        log.seek(offset)
        for line in log:
            if b'"event": "ready"' in line:
                event: dict[str, Any] = json.loads(line)
                return event
    return None


def last_lines(log_path: Path, count: int = 20) -> str:
    return "\n".join(log_path.read_text(errors="replace").splitlines()[-count:])
