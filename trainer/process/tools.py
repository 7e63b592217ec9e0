"""Run git and pip so that another thread can end them."""

import os
import signal
import subprocess
import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from trainer.process.environment import harmless
from trainer.process.users import User, identity


@dataclass(frozen=True, slots=True)
class Output:
    """A program's output and exit code. `code` is 128 + n if signal n ended it."""

    code: int
    stdout: str
    stderr: str


class Programs:
    """Runs each program in its own session, without a terminal. `end` kills them, and all that start later.

    `user` runs them, by default the one of this process.
    """

    def __init__(self, user: User | None = None) -> None:
        self._user = user
        self._lock = threading.Lock()
        self._running: set[subprocess.Popen[str]] = set()
        self._ended = False

    def run(
        self,
        arguments: Sequence[str],
        *,
        cwd: Path | None = None,
        environment: Mapping[str, str] | None = None,
        timeout: float | None = None,
        user: User | None = None,
    ) -> Output:
        """Run a program to its end. Raises FileNotFoundError if it does not exist; TimeoutExpired after killing it.

        Without an `environment` it gets none of the credentials.
        """
        process = self._start(arguments, cwd, environment, user or self._user)
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
        """Kill the running programs, and from now on every new one."""
        with self._lock:
            self._ended = True
            for process in self._running:
                _kill(process)

    def _start(
        self, arguments: Sequence[str], cwd: Path | None, environment: Mapping[str, str] | None, user: User | None
    ) -> subprocess.Popen[str]:
        given = harmless(os.environ) if environment is None else environment
        with self._lock:
            process = subprocess.Popen(
                arguments,
                cwd=cwd,
                env=user.environment(given) if user else given,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                encoding="utf-8",
                errors="replace",
                start_new_session=True,
                **identity(user),
            )
            self._running.add(process)
            if self._ended:
                _kill(process)
        return process


def _kill(process: subprocess.Popen[str]) -> None:
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
