"""SIGTERM: passed on to the command, with a limit to how long it may take."""

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
"""From SIGTERM until nothing more is stored; the entrypoint ends at most 3 s later. ECS and Docker kill at 30."""


class Stopping:
    """Whether and when this attempt was told to end. Made in the main thread."""

    def __init__(self, *, command_seconds: float = COMMAND_SECONDS, upload_seconds: float = UPLOAD_SECONDS) -> None:
        self._command_seconds, self._upload_seconds = command_seconds, upload_seconds
        self._command: Command | None = None
        self._interruptible = True
        self.at: float | None = None

    def listen(self) -> None:
        """From now on SIGTERM (and Ctrl-C) raises `Stopped` here, until there is a command to pass it on to."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._told)

    def guard(self, start: Callable[[], Command]) -> Command:
        """Starts the command: from now on a signal is passed on to it, also one that comes in this very moment."""
        self._interruptible = False
        command = self._command = start()
        if self.at is not None:
            self.end_command()
        return command

    def end_command(self) -> None:
        """SIGTERM to the command's group, once, and SIGKILL after a while. Callable from any thread."""
        command, self._command = self._command, None
        if command is None:
            return
        command.signal(signal.SIGTERM)
        killing = threading.Timer(self._command_seconds, command.signal, [signal.SIGKILL])
        killing.daemon = True
        killing.start()

    def left(self) -> float | None:
        """Seconds until everything must be stored; None where nobody said stop."""
        return None if self.at is None else max(0.0, self.at + self._upload_seconds - time.monotonic())

    def _told(self, _number: int, _frame: FrameType | None) -> None:
        if self.at is not None:
            return
        self.at = time.monotonic()
        if self._interruptible:
            raise Stopped
        self.end_command()
