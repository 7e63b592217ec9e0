"""The bot as a separate process, started by its command line as on a real server."""

import asyncio
import json
import os
import signal
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from deploy.sandbox.aws.containers.reaper import Reaper

READY_SECONDS = 60.0
END_SECONDS = 10.0
MARK = "SIGNALBOX_SANDBOX"
"""Environment variable of the bot and everything it starts; its value identifies the sandbox."""


class BotProcess:
    """`python -m bot run --config …`. Its output is appended to `log_path`, across restarts.

    The reaper kills the bot if the sandbox itself is killed.
    """

    def __init__(self, config_path: Path, log_path: Path, environment: Mapping[str, str], reaper: Reaper) -> None:
        self._config_path, self.log_path, self._reaper = config_path, log_path, reaper
        self._environment = {**os.environ, **environment, MARK: str(config_path)}
        self._process: asyncio.subprocess.Process | None = None
        self.http_url = ""

    @property
    def pid(self) -> int:
        """Raises RuntimeError if the bot is not running."""
        if self._process is None:
            raise RuntimeError("the bot is not running")
        return self._process.pid

    async def start(self, environment: Mapping[str, str] | None = None) -> None:
        """Start the bot and wait until it logs `ready`.

        Raises RuntimeError if it exits before, TimeoutError if it is not ready after READY_SECONDS, both with its last
        lines.

        `environment` has variables for this start alone.
        """
        self.log_path.parent.mkdir(parents=True, exist_ok=True)
        offset = self.log_path.stat().st_size if self.log_path.exists() else 0
        with self.log_path.open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable,
                *("-m", "bot", "run", "--config", str(self._config_path)),
                stdout=log,
                stderr=log,
                env={**self._environment, **(environment or {})},
                process_group=0,
            )
        self._reaper.watch(self._process.pid, f"{MARK}={self._config_path}")
        try:
            async with asyncio.timeout(READY_SECONDS):
                while (ready := read_ready_event(self.log_path, offset)) is None:
                    if self._process.returncode is not None:
                        raise RuntimeError(f"the bot exited with {self._process.returncode}:\n{self.last_lines()}")
                    await asyncio.sleep(0.02)
        except TimeoutError as error:
            raise TimeoutError(f"not ready after {READY_SECONDS:.0f} s:\n{self.last_lines()}") from error
        self.http_url = str(ready["http"])

    def kill(self) -> None:
        """Send SIGKILL: the bot ends as if its machine were gone."""
        self._signal(signal.SIGKILL)

    async def wait(self) -> int:
        """Wait until the bot has exited; its exit status."""
        if self._process is None:
            raise RuntimeError("the bot is not running")
        status = await self._process.wait()
        self._reaper.forget(self._process.pid)
        self._process = None
        return status

    async def stop(self) -> int | None:
        """Send SIGTERM, then SIGKILL after END_SECONDS. The exit status; None if the bot is not running."""
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


def read_ready_event(log_path: Path, offset: int) -> dict[str, Any] | None:
    """The bot's `ready` event, if its log has one after byte `offset`."""
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
