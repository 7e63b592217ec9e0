"""What the job's entrypoint costs while it watches many metrics files, of which one grows."""

import asyncio
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

import psutil

from bench.report.figures import Benchmark, Figure, Result
from bench.stages.foreign_code import commit

FILES = 1_000
SECONDS = 20.0
MIB = 1024 * 1024
READY, ENDED = "all files are there", "no more rows"
SCRIPT = f'''
"""Leaves many tables, then adds a row to one of them each second."""
import os
import time

count, seconds = int(os.environ["FILES"]), float(os.environ["SECONDS"])
for number in range(count):
    os.makedirs(f"runs/{{number % 50}}", exist_ok=True)
    with open(f"runs/{{number % 50}}/{{number}}.csv", "w") as file:
        file.write("epoch,loss\\n" + "".join(f"{{epoch}},{{1 / epoch}}\\n" for epoch in range(1, 101)))
time.sleep(5)
print("{READY}", flush=True)
began = time.time()
with open("metrics.csv", "w", buffering=1) as file:
    file.write("epoch,val_loss\\n")
    for epoch in range(1, int(seconds) + 1):
        file.write(f"{{epoch}},{{1 / epoch}}\\n")
        time.sleep(max(0, began + epoch - time.time()))
print("{ENDED}", flush=True)
'''


async def run(*, small: bool) -> Result:
    """Run the real entrypoint with a folder in place of S3."""
    count, seconds = (50, 3.0) if small else (FILES, SECONDS)
    cpu, wall, memory, rows = await asyncio.to_thread(measure, count, seconds)
    return Result(
        figures(cpu, wall, memory, rows),
        (
            f"{count:,} tables of 100 rows, and one that grows by a row a second for {seconds:.0f} s.",
            "The entrypoint's own process, with all that it does meanwhile: rows, results, files to keep.",
        ),
    )


def figures(cpu: float, wall: float, memory: int, rows: int) -> Sequence[Figure]:
    return (
        Figure("CPU of the entrypoint while it watches", 100 * cpu / wall, "% of a core", at_most=10),
        Figure("CPU a second", 1000 * cpu / wall, "ms"),
        Figure("peak memory of the entrypoint", memory / MIB, "MiB"),
        Figure("rows shown on the card meanwhile", rows, "rows"),
    )


def measure(count: int, seconds: float) -> tuple[float, float, int, int]:
    """Return CPU seconds, seconds, peak bytes and the rows that were printed for the card."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with _entrypoint(folder, {"FILES": str(count), "SECONDS": str(seconds)}) as process:
            try:
                return _watch(process)
            finally:
                process.kill()


def _watch(process: "subprocess.Popen[str]") -> tuple[float, float, int, int]:
    """Raises RuntimeError if the job ends before its rows."""
    measured = psutil.Process(process.pid)
    before, began, memory, rows = 0.0, 0.0, 0, 0
    assert process.stdout is not None
    for line in process.stdout:
        memory = max(memory, measured.memory_info().rss)
        rows += "@metrics" in line and "val_loss" in line
        if READY in line:
            before, began, rows = _cpu(measured), time.monotonic(), 0
        if ENDED in line:
            return _cpu(measured) - before, time.monotonic() - began, memory, rows
    raise RuntimeError(f"the job ended too soon, with {process.wait()}")


def _cpu(process: psutil.Process) -> float:
    times = process.cpu_times()
    return float(times.user + times.system)


def _entrypoint(folder: Path, environment: Mapping[str, str]) -> "subprocess.Popen[str]":
    code = folder / "code"
    sha = commit(code, {"train.py": SCRIPT})
    (folder / "results").mkdir()
    ours = {
        "REPOSITORY_URL": code.as_uri(),
        "BRANCH_NAME": "main",
        "COMMIT_ID": sha,
        "JOB_ID": "bench",
        "OUTPUT_URI": f"{(folder / 'results').as_uri()}/",
        "WORK_DIR": str(folder / "work"),
        "METRIC": "val_loss",
        "AWS_EC2_METADATA_DISABLED": "true",
        **environment,
    }
    command = [sys.executable, "-m", "trainer.entrypoint", "--", sys.executable, "train.py"]
    return subprocess.Popen(
        command, env={**os.environ, **ours}, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )


BENCHMARK = Benchmark("watch", "the entrypoint while it watches a thousand files", run)
