"""Measure how busy the machine's GPUs are, and report it in the log, where there is an `nvidia-smi`."""

import subprocess
import time
from collections.abc import Callable, Iterator

from trainer.gpu_line import GpuUse, format_gpu
from trainer.process import console
from trainer.process.tools import Programs

SAMPLE_SECONDS = 15.0
REPORT_SECONDS = 60.0
BUSY_PERCENT = 5.0
"""Of `utilization.gpu`: "Percent of time over the past sample period during which one or more kernels was executing on
the GPU", a period of at most a second. A desktop or a driver alone stays below this."""
QUERY = ("nvidia-smi", "--query-gpu=utilization.gpu,memory.used", "--format=csv,noheader,nounits")
"""One line for each GPU: `37, 1024`, in percent and MiB. A value that the driver does not have is `[N/A]`, or
`[Not Supported]`: of a GPU that is divided (MIG), for example.
https://docs.nvidia.com/deploy/nvidia-smi/index.html (--query-gpu), https://nvidia.custhelp.com/app/answers/detail/a_id/3751"""
_TIMEOUT_SECONDS = 10.0
_MOST_FAILURES = 3


class GpuWatch:
    """`sample` is called now and then while the command runs. Gives up where there is nothing to measure."""

    def __init__(self, programs: Programs, now: Callable[[], float] = time.monotonic) -> None:
        self._programs, self._now = programs, now
        self._busy_at = self._reported_at = now()
        self._used = False
        self._highest = 0.0
        self._failures = 0

    def sample(self) -> None:
        """Measure once, and report if a minute has passed."""
        if self._failures >= _MOST_FAILURES:
            return
        found = self._measured()
        if not found:
            self._failures += 1
            return
        self._failures, now = 0, self._now()
        percent = max(percent for percent, _ in found)
        self._highest = max(self._highest, percent)
        if percent >= BUSY_PERCENT:
            self._busy_at, self._used = now, True
        if now - self._reported_at >= REPORT_SECONDS:
            memory = max(memory for _, memory in found)
            console.emit(format_gpu(GpuUse(self._highest, memory, round(now - self._busy_at, 1), self._used)))
            self._reported_at, self._highest = now, 0.0

    def _measured(self) -> list[tuple[float, float]]:
        """Percent and MiB of each GPU that tells both."""
        try:
            output = self._programs.run(QUERY, timeout=_TIMEOUT_SECONDS)
        except FileNotFoundError:
            self._failures = _MOST_FAILURES
            return []
        except (OSError, subprocess.TimeoutExpired):
            return []
        return list(_numbers(output.stdout)) if output.code == 0 else []


def _numbers(text: str) -> Iterator[tuple[float, float]]:
    for line in text.splitlines():
        percent, _, memory = line.partition(",")
        try:
            yield float(percent), float(memory)
        except ValueError:
            continue
