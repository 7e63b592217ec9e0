"""Very many log lines, of many jobs at once, in pieces: the stand-in keeps all that was ever printed in memory."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass

from deploy.sandbox.chaos.compare_jobs import Comparison
from deploy.sandbox.chaos.harness import Load, open_harness

LOAD = Load(lines=5_000, burst=250, pause=0.2)
JOBS_A_PIECE = 50
SETTLE_SECONDS = 300.0


@dataclass(frozen=True, slots=True)
class FloodResult:
    """`seconds` from the first command of each piece until it had settled, together."""

    pieces: int
    seconds: float


async def run(lines: int, progress: Callable[[str], None]) -> tuple[FloodResult, list[Comparison]]:
    """So many lines, rounded up to whole jobs."""
    jobs = -(-lines // LOAD.lines)
    sizes = [min(JOBS_A_PIECE, jobs - done) for done in range(0, jobs, JOBS_A_PIECE)]
    seconds, accounts = 0.0, []
    for number, size in enumerate(sizes, 1):
        progress(f"piece {number} of {len(sizes)}: {size} jobs of {LOAD.lines:,} lines")
        took, account = await _piece(size)
        seconds += took
        accounts.append(account)
    return FloodResult(len(sizes), seconds), accounts


async def _piece(jobs: int) -> tuple[float, Comparison]:
    async with open_harness(LOAD) as harness:
        await harness.bot.start()
        await harness.bot.ready()
        began = time.monotonic()
        await asyncio.gather(*(harness.ask("/train branch:main seed:0") for _ in range(jobs)))
        await harness.settled(SETTLE_SECONDS)
        return time.monotonic() - began, await harness.account()
