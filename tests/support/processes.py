"""Processes of this machine."""

import os
from contextlib import suppress
from pathlib import Path

import pytest

from tests.support.waiting import until

needs_proc = pytest.mark.skipif(
    not Path("/proc/self/environ").exists(), reason="looks for processes in /proc, which Linux has"
)


def marked(mark: str) -> dict[int, str]:
    """The command line, by process id, of every other process with `mark` in its arguments or its environment."""
    found = {}
    for place in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            command = (place / "cmdline").read_bytes()
            if mark.encode() in command + (place / "environ").read_bytes() and int(place.name) != os.getpid():
                found[int(place.name)] = command.replace(b"\0", b" ").decode(errors="replace")
    return found


def gone(pid: int, within_seconds: float) -> bool:
    """Whether a process ends in time. A zombie counts as ended."""
    with suppress(AssertionError):
        return until(lambda: _has_ended(pid), within_seconds)
    return False


def _has_ended(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except (FileNotFoundError, ProcessLookupError):
        return True
