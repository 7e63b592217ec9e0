"""A flood of log lines from many jobs at once. In batches, because the stand-in keeps every line in memory."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass

from deploy.sandbox.chaos.compare_jobs import Comparison
from deploy.sandbox.chaos.harness import Load, open_harness

LOAD = Load(lines=5_000, burst=250, pause=0.2)
JOBS_PER_BATCH = 50
SETTLE_SECONDS = 300.0


@dataclass(frozen=True, slots=True)
class FloodResult:
    """`seconds`: from each batch's first command until everything was done, summed over the batches."""

    batches: int
    seconds: float


async def run(lines: int, progress: Callable[[str], None]) -> tuple[FloodResult, list[Comparison]]:
    """Print `lines` lines, rounded up to whole jobs."""
    jobs = -(-lines // LOAD.lines)
    sizes = [min(JOBS_PER_BATCH, jobs - done) for done in range(0, jobs, JOBS_PER_BATCH)]
    seconds, comparisons = 0.0, []
    for number, size in enumerate(sizes, 1):
        progress(f"batch {number} of {len(sizes)}: {size} jobs with {LOAD.lines:,} lines each")
        took, comparison = await _batch(size)
        seconds += took
        comparisons.append(comparison)
    return FloodResult(len(sizes), seconds), comparisons


async def _batch(jobs: int) -> tuple[float, Comparison]:
    async with open_harness(LOAD) as harness:
        await harness.bot.start()
        await harness.bot.ready()
        began = time.monotonic()
        await asyncio.gather(*(harness.ask("/train branch:main seed:0") for _ in range(jobs)))
        await harness.settle(SETTLE_SECONDS)
        return time.monotonic() - began, await harness.compare()
