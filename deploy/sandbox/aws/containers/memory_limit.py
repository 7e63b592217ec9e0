"""A container's memory limit, as the kernel keeps it: one process is killed, and the container may live on.

"If the memory usage of a cgroup reaches this limit and can't be reduced, the OOM killer is invoked in the cgroup"
(https://docs.kernel.org/admin-guide/cgroup-v2.html); it takes the process with the highest score, roughly the largest:
https://man7.org/linux/man-pages/man5/proc_pid_oom_score.5.html. Docker then calls the container "OOMKilled" however it
ends, and ECS says so: https://github.com/aws/amazon-ecs-agent/issues/2467.
"""

import asyncio
import os
import signal
from contextlib import suppress
from pathlib import Path

from deploy.sandbox.aws.containers.kill import marked

_LOOK_SECONDS = 0.1
_PAGE = os.sysconf("SC_PAGE_SIZE")


class MemoryLimit:
    """Of the processes with this `NAME=value` in their environment. Does nothing without /proc."""

    def __init__(self, mark: str, mib: int) -> None:
        self._mark, self._bytes = mark, mib * 1024 * 1024
        self.killed = False
        """Whether a process was killed for it."""

    async def keep(self) -> None:
        """Look until cancelled."""
        while True:
            sizes = await asyncio.to_thread(self._sizes)
            if sum(sizes.values()) > self._bytes:
                largest = max(sizes, key=lambda pid: sizes[pid])
                with suppress(ProcessLookupError, PermissionError):
                    os.kill(largest, signal.SIGKILL)
                    self.killed = True
            await asyncio.sleep(_LOOK_SECONDS)

    def _sizes(self) -> dict[int, int]:
        """Resident bytes by process id."""
        found = {}
        for pid in marked(self._mark):
            with suppress(OSError, ValueError, IndexError):
                found[pid] = int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * _PAGE
        return found
