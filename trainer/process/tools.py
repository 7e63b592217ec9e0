"""Run git, pip and the like, so that they can be ended from another thread."""

import os
import signal
import subprocess
import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Output:
    """How a program ended; `code` is 128 + n for signal n."""

    code: int
    stdout: str
    stderr: str


class Programs:
    """Each in a session of its own, without a terminal; `end` ends those that run, and later ones at once."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._running: set[subprocess.Popen[str]] = set()
        self._over = False

    def run(
        self,
        arguments: Sequence[str],
        *,
        cwd: Path | None = None,
        environment: Mapping[str, str] | None = None,
        timeout: float | None = None,
    ) -> Output:
        """Raises FileNotFoundError where there is no such program, and TimeoutExpired after killing it."""
        process = self._start(arguments, cwd, environment)
        try:
            stdout, stderr = process.communicate(timeout=timeout)
        except BaseException:
            _kill(process)
            process.communicate()
            raise
        finally:
            with self._lock:
                self._running.discard(process)
        code = process.returncode
        return Output(128 - code if code < 0 else code, stdout, stderr)

    def end(self) -> None:
        with self._lock:
            self._over = True
            for process in self._running:
                _kill(process)

    def _start(
        self, arguments: Sequence[str], cwd: Path | None, environment: Mapping[str, str] | None
    ) -> subprocess.Popen[str]:
        with self._lock:
            process = subprocess.Popen(
                arguments,
                cwd=cwd,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                encoding="utf-8",
                errors="replace",
                start_new_session=True,
            )
            self._running.add(process)
            if self._over:
                _kill(process)
        return process


def _kill(process: subprocess.Popen[str]) -> None:
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
