"""The training command, in its own process group. Its output is forwarded line by line."""

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
from trainer.process.users import User, end_all, identity
from trainer.redaction.stream import ChunkRedactor

_CHUNK_BYTES = 64 * 1024
_BYTES = "latin-1"
"""One character for each byte, whatever the output's encoding: secrets are ASCII, and the rest goes on as it came."""
_IDLE_SECONDS = 0.1
"""After this long without more output, an unfinished line is forwarded too: a progress bar, a prompt."""
_LONGEST_LINE = 1024 * 1024
_LAST_OUTPUT_SECONDS = 2.0
"""How long to wait for output from processes that outlive the command."""


class Command:
    """`on_line` receives every line, without its newline, after it was written to the log."""

    def __init__(
        self,
        arguments: Sequence[str],
        cwd: Path,
        environment: Mapping[str, str],
        on_line: Callable[[bytes], None],
        user: User | None = None,
    ) -> None:
        """Start the command. Raises `Ended` if there is no such program."""
        self._on_line, self._user = on_line, user
        self._output, write_end = os.pipe()
        try:
            self._process = subprocess.Popen(
                arguments,
                cwd=cwd,
                env=user.environment(environment) if user else environment,
                stdin=subprocess.DEVNULL,
                stdout=write_end,
                stderr=write_end,
                start_new_session=True,
                **identity(user),
            )
        except OSError as error:
            problem = f"Can't run {arguments[0]!r}: {error.strerror or error}."
            message = f"{problem} Name a program in the image, or a path in the repository."
            raise Ended(ExitCode.COMMAND_NOT_FOUND, message) from error
        finally:
            os.close(write_end)
        self._forwarding = threading.Thread(target=self._forward_output, daemon=True, name="output")
        self._forwarding.start()

    def wait(self, timeout: float | None = None) -> int:
        """Wait for the command and its output. Returns the exit code, 128 + n for signal n. Raises TimeoutExpired."""
        code = self._process.wait(timeout)
        self._forwarding.join(_LAST_OUTPUT_SECONDS)
        self.signal(signal.SIGKILL)
        if self._user is not None:
            end_all(self._user)  # what has left the group would change results while they are stored
        self._forwarding.join(_LAST_OUTPUT_SECONDS)
        return 128 - code if code < 0 else code

    def signal(self, number: signal.Signals) -> None:
        """Signal the whole process group, even if only a part of it is left."""
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, number)

    def _forward_output(self) -> None:
        source, redactor = self._output, ChunkRedactor()
        rest = ""
        while True:
            waiting = len(rest) > redactor.held_back(rest)
            if waiting and not select.select([source], [], [], _IDLE_SECONDS)[0]:
                rest = self._forward_lines(redactor, rest, partial=True)
                continue
            chunk = os.read(source, _CHUNK_BYTES)
            if not chunk:
                break
            rest += chunk.decode(_BYTES)
            rest = self._forward_lines(redactor, rest, partial=len(rest) > _LONGEST_LINE)
        self._forward_lines(redactor, rest, partial=True, last=True)

    def _forward_lines(self, redactor: ChunkRedactor, text: str, *, partial: bool, last: bool = False) -> str:
        """Write complete lines to the log, or with `partial` everything. Returns the unfinished rest.

        What may be the beginning of a secret is part of the rest, unless this is the last output.
        """
        held = 0 if last or not partial else redactor.held_back(text)
        end = len(text) - held if partial else max(text.rfind("\n"), text.rfind("\r")) + 1
        if end:
            shown = redactor.redact(text[:end]).encode(_BYTES)
            console.write(shown)
            for line in shown.splitlines():
                self._on_line(line)
        return text[end:]
