"""The training command: a process group of its own, its output passed on line by line."""

import os
import select
import signal
import subprocess
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from trainer.contract import ExitCode
from trainer.errors import Ended
from trainer.process import console

_PIECE = 64 * 1024
_IDLE_SECONDS = 0.1
"""After this long without more, the beginning of a line is passed on, too: a progress bar, a prompt."""
_LONGEST_LINE = 1024 * 1024
_LAST_OUTPUT_SECONDS = 2.0
"""How long output of processes that outlive the command is waited for."""


class Command:
    """`on_line` gets every whole line, without its end, after it has gone to the log."""

    def __init__(
        self,
        arguments: Sequence[str],
        cwd: Path,
        environment: Mapping[str, str],
        on_line: Callable[[bytes], None],
    ) -> None:
        """Starts it. Raises `Ended` where there is no such program."""
        self._on_line = on_line
        self._output, into = os.pipe()
        try:
            self._process = subprocess.Popen(
                arguments,
                cwd=cwd,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=into,
                stderr=into,
                start_new_session=True,
            )
        except OSError as error:
            what = f"{arguments[0]!r} cannot be run: {error.strerror or error}."
            message = f"{what} Expected a program of the image, or a path in the repository."
            raise Ended(ExitCode.COMMAND_NOT_FOUND, message) from error
        finally:
            os.close(into)
        self._tee = threading.Thread(target=self._pass_on, daemon=True, name="output")
        self._tee.start()

    def wait(self, timeout: float | None = None) -> int:
        """Its exit code, 128 + n for signal n, once it and its output have ended. Raises TimeoutExpired."""
        code = self._process.wait(timeout)
        self._tee.join(_LAST_OUTPUT_SECONDS)
        self.signal(signal.SIGKILL)
        self._tee.join(_LAST_OUTPUT_SECONDS)
        return 128 - code if code < 0 else code

    def signal(self, number: signal.Signals) -> None:
        """To the whole group, also what is left of it."""
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, number)

    def _pass_on(self) -> None:
        source = self._output
        held = b""
        while True:
            if held and not select.select([source], [], [], _IDLE_SECONDS)[0]:
                held = self._told(held, partial=True)
                continue
            piece = os.read(source, _PIECE)
            if not piece:
                break
            held = self._told(held + piece, partial=len(held) > _LONGEST_LINE)
        self._told(held, partial=True)

    def _told(self, text: bytes, *, partial: bool) -> bytes:
        """Passes on what is whole (with `partial`, all of it); the rest."""
        end = len(text) if partial else max(text.rfind(b"\n"), text.rfind(b"\r")) + 1
        if end:
            console.write(text[:end])
            for line in text[:end].splitlines():
                self._on_line(line)
        return text[end:]
