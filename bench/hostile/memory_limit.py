"""A hard limit on the memory of a process and its children, as systemd's MemoryMax and a container's limit set it.

A control group of version 1 or 2 where one can be made (as root); elsewhere a watcher that kills the process above it.
https://docs.kernel.org/admin-guide/cgroup-v1/memory.html, https://docs.kernel.org/admin-guide/cgroup-v2.html
"""

import asyncio
import os
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from pathlib import Path

import psutil

STEP_SECONDS = 0.1
_ROOTS = ((Path("/sys/fs/cgroup/memory"), "memory.limit_in_bytes"), (Path("/sys/fs/cgroup"), "memory.max"))


class MemoryLimit:
    """`peak` is the most memory in use, in bytes, without what the kernel may drop; `kills` counts who was killed."""

    def __init__(self, limit: int) -> None:
        self.limit, self.peak, self.kills = limit, 0, 0
        self._group = _made(limit)

    @property
    def kind(self) -> str:
        return "the kernel (a control group)" if self._group is not None else "a watcher, every 0.1 s"

    @contextmanager
    def entered(self) -> Iterator[None]:
        """What is started meanwhile is in the group, with its children."""
        if self._group is None:
            yield
            return
        home = self._group.parent / "cgroup.procs"
        (self._group / "cgroup.procs").write_text(str(os.getpid()))
        try:
            yield
        finally:
            home.write_text(str(os.getpid()))

    @asynccontextmanager
    async def watching(self, pid: int) -> AsyncIterator[None]:
        task = asyncio.create_task(self._watch(psutil.Process(pid)))
        try:
            yield
        finally:
            task.cancel()

    def close(self) -> None:
        if self._group is not None:
            with suppress(OSError):
                self._group.rmdir()

    async def _watch(self, process: psutil.Process) -> None:
        while True:
            used = _resident(process) if self._group is None else self._counted(self._group)
            self.peak = max(self.peak, used)
            if self._group is None and used > self.limit:
                self.kills += 1
                process.kill()
            await asyncio.sleep(STEP_SECONDS)

    def _counted(self, group: Path) -> int:
        events = next(path for name in ("memory.oom_control", "memory.events") if (path := group / name).exists())
        self.kills = _field(events, "oom_kill")
        return _field(group / "memory.stat", "total_rss", "anon")


def _made(limit: int) -> Path | None:
    for root, setting in _ROOTS:
        group = root / f"signalbox-bench-{os.getpid()}"
        with suppress(OSError):
            group.mkdir()
            if (group / setting).exists():
                (group / setting).write_text(str(limit))
                return group
            group.rmdir()
    return None


def _field(path: Path, *names: str) -> int:
    pairs = (line.split() for line in path.read_text().splitlines())
    return next((int(value) for name, value in pairs if name in names), 0)


def _resident(process: psutil.Process) -> int:
    used = 0
    with suppress(psutil.NoSuchProcess):
        for each in (process, *process.children(recursive=True)):
            with suppress(psutil.NoSuchProcess):
                used += each.memory_info().rss
    return used
