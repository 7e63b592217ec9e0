"""SIGTERM: forwarded to the command, with a limit on how long the command may take to end."""

import signal
import threading
import time
from collections.abc import Callable
from types import FrameType

from trainer.errors import Stopped
from trainer.process.training import Command

COMMAND_SECONDS = 12.0
"""From SIGTERM until the command is killed."""
UPLOAD_SECONDS = 22.0
"""From SIGTERM until uploads are abandoned; the entrypoint ends at most 3 s later. The stack lets ECS kill after 30 s.

A Docker that shuts down with its machine kills after 10 s, without ECS: the last periodic upload then counts.
https://docs.docker.com/reference/cli/docker/container/run/#stop-timeout
"""


class Stopping:
    """Whether and when this attempt was asked to stop. Create it in the main thread."""

    def __init__(self, *, command_seconds: float = COMMAND_SECONDS, upload_seconds: float = UPLOAD_SECONDS) -> None:
        self._command_seconds, self._upload_seconds = command_seconds, upload_seconds
        self._command: Command | None = None
        self._interruptible = True
        self.at: float | None = None

    def listen(self) -> None:
        """Handle SIGTERM and Ctrl-C from now on, by `stop`."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._on_signal)

    def stop(self) -> None:
        """Stop the attempt. Before the command starts this raises `Stopped`, afterwards it ends the command."""
        if self.at is not None:
            return
        self.at = time.monotonic()
        if self._interruptible:
            raise Stopped
        self.end_command()

    def guard(self, start: Callable[[], Command]) -> Command:
        """Start the command. A signal is forwarded to it from now on, even one that arrives during the start."""
        self._interruptible = False
        command = self._command = start()
        if self.at is not None:
            self.end_command()
        return command

    def end_command(self) -> None:
        """Send SIGTERM to the command's process group, once, and SIGKILL later. May be called from any thread."""
        command, self._command = self._command, None
        if command is None:
            return
        command.signal(signal.SIGTERM)
        kill = threading.Timer(self._command_seconds, command.signal, [signal.SIGKILL])
        kill.daemon = True
        kill.start()

    def left(self) -> float | None:
        """Return the seconds left for uploads. None unless asked to stop."""
        return None if self.at is None else max(0.0, self.at + self._upload_seconds - time.monotonic())

    def _on_signal(self, _number: int, _frame: FrameType | None) -> None:
        self.stop()
