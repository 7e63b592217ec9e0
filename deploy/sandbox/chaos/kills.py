"""Kill the bot again and again, at random moments: while it starts, right after, and while it works."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from random import Random

from deploy.sandbox.chaos.compare_jobs import Comparison
from deploy.sandbox.chaos.harness import Harness, Load, open_harness

LOAD = Load(lines=120, burst=3, pause=0.05)
SETTLE_SECONDS = 180.0
_USUAL_START = 0.5


@dataclass(slots=True)
class KillTally:
    """Kills so far, and how many of them came before the bot was ready."""

    done: int = 0
    starting: int = 0
    seconds: float = 0.0
    settled: float = 0.0
    """Seconds from the last kill until everything was done."""


async def run(kills: int, seed: int, progress: Callable[[str], None]) -> tuple[KillTally, Comparison]:
    """Kill the bot `kills` times, then leave it alone until everything is done."""
    random = Random(seed)
    async with open_harness(LOAD) as harness:
        await harness.bot.start()
        await harness.bot.ready()
        tally, began = KillTally(), time.monotonic()

        def done() -> bool:
            return tally.done >= kills

        async with asyncio.TaskGroup() as group:
            group.create_task(harness.keep_asking(Random(seed + 1), done))
            while not done():
                await _kill_once(harness, random, tally)
                progress(f"{tally.done} of {kills} kills")
        tally.seconds = time.monotonic() - began
        await harness.bot.ready()
        tally.settled = await harness.settle(SETTLE_SECONDS)
        return tally, await harness.compare()


async def _kill_once(harness: Harness, random: Random, tally: KillTally) -> None:
    """Let the bot run for a while, kill it, and start the next one."""
    moment = random.random()
    if moment < 0.4:
        await asyncio.sleep(random.uniform(0, _USUAL_START))
        tally.starting += 1
    else:
        await harness.bot.ready()
        await asyncio.sleep(random.uniform(0, 0.3) if moment < 0.9 else random.uniform(0.3, 2.0))
    await harness.bot.kill()
    tally.done += 1
    await harness.bot.start()
