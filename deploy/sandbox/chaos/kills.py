"""kill -9, again and again, at moments that nobody chose: while the bot starts, just after, and at its work."""

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
    """How many there were, and how many of them before the bot was ready."""

    done: int = 0
    starting: int = 0
    seconds: float = 0.0
    settled: float = 0.0
    """Seconds from the last kill until nothing was left to do."""


async def run(kills: int, seed: int, progress: Callable[[str], None]) -> tuple[KillTally, Comparison]:
    """So many kills; then the bot is left alone."""
    random = Random(seed)
    async with open_harness(LOAD) as harness:
        await harness.bot.start()
        await harness.bot.ready()
        tally, began = KillTally(), time.monotonic()

        def over() -> bool:
            return tally.done >= kills

        async with asyncio.TaskGroup() as group:
            group.create_task(harness.keep_asking(Random(seed + 1), over))
            while not over():
                await _one(harness, random, tally)
                progress(f"{tally.done} of {kills} kills")
        tally.seconds = time.monotonic() - began
        await harness.bot.ready()
        tally.settled = await harness.settled(SETTLE_SECONDS)
        return tally, await harness.account()


async def _one(harness: Harness, random: Random, tally: KillTally) -> None:
    """Lets the bot live for a while, kills it, and starts the next."""
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
