"""Kill processes that other programs started.

A container's end kills all its processes: "If the "init" process of a PID namespace terminates, the kernel terminates
all of the processes in the namespace via a SIGKILL signal." https://man7.org/linux/man-pages/man7/pid_namespaces.7.html
"""

import os
import signal
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path


def kill_group(group: int) -> None:
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(group, signal.SIGKILL)


def kill_marked(mark: str) -> None:
    """Kill every process that was started with this `NAME=value` in its environment, in any session.

    As the end of a container does to the processes in it. Does nothing without /proc.
    """
    for pid in marked(mark):
        with suppress(ProcessLookupError, PermissionError):
            os.kill(pid, signal.SIGKILL)


def marked(mark: str) -> Iterator[int]:
    """The ids of the processes that were started with it."""
    variable = mark.encode()
    for place in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if variable in (place / "environ").read_bytes().split(b"\0"):
                yield int(place.name)
