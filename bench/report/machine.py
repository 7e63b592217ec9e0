"""The machine that the figures were measured on, and how busy it was."""

import os
import platform
from pathlib import Path

_CPUINFO = Path("/proc/cpuinfo")


def describe() -> str:
    """Return for example `2 cores (Intel …), Linux 6.18, Python 3.11.7`."""
    return f"{cores()} cores ({_processor()}), {platform.system()} {platform.release()}, {_python()}"


def load() -> float:
    """Return the load average of the last minute. If it exceeds the number of cores, processes had to wait."""
    return os.getloadavg()[0]


def cores() -> int:
    """Return the number of cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _python() -> str:
    return f"{platform.python_implementation().replace('CPython', 'Python')} {platform.python_version()}"


def _processor() -> str:
    if _CPUINFO.exists():
        for line in _CPUINFO.read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()
