"""The reader of metrics that job and bot share, at a million rows: time and memory."""

import asyncio
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from bench.programs.reading import READERS, write
from bench.report.figures import Benchmark, Figure, Result

MIB = 1024 * 1024
ROWS = 1_000_000


async def run(*, small: bool) -> Result:
    """Read each form in a process of its own."""
    rows = 10_000 if small else ROWS
    found = [figure for form in READERS for figure in await asyncio.to_thread(measure, form, rows)]
    return Result(found, (f"{rows:,} rows of step, loss and val_accuracy, each form in a process of its own.",))


def measure(form: str, rows: int) -> list[Figure]:
    """Raises RuntimeError if a row is missing."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "table"
        write(form, path, rows)
        command = [sys.executable, "-m", "bench.programs.reading", form, str(path)]
        done = json.loads(subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout)
        if done["rows"] != rows:
            raise RuntimeError(f"{form}: {rows} rows were written, {done['rows']} read")
        return list(figures(form, path.stat().st_size, done["seconds"], done["peak_bytes"]))


def figures(form: str, size: int, seconds: float, peak: int) -> Iterator[Figure]:
    yield Figure(f"{form}: CPU time", seconds, "s")
    yield Figure(f"{form}: peak memory, with the file's bytes", peak / MIB, "MiB")
    yield Figure(f"{form}: size of the file", size / MIB, "MiB")


BENCHMARK = Benchmark("reader", "a million rows, read", run)
