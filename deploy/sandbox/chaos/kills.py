"""kill -9, again and again, at moments that nobody chose: while the bot starts, just after, and at its work."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from random import Random

from deploy.sandbox.chaos.compare_jobs import Account
from deploy.sandbox.chaos.harness import Load, Stage, stage

LOAD = Load(lines=120, burst=3, pause=0.05)
SETTLE_SECONDS = 180.0
_USUAL_START = 0.5


@dataclass(slots=True)
class Kills:
    """How many there were, and how many of them before the bot was ready."""

    done: int = 0
    starting: int = 0
    seconds: float = 0.0
    settled: float = 0.0
    """Seconds from the last kill until nothing was left to do."""


async def run(kills: int, seed: int, progress: Callable[[str], None]) -> tuple[Kills, Account]:
    """So many kills; then the bot is left alone."""
    random = Random(seed)
    async with stage(LOAD) as scene:
        await scene.bot.start()
        await scene.bot.ready()
        tally, began = Kills(), time.monotonic()

        def over() -> bool:
            return tally.done >= kills

        async with asyncio.TaskGroup() as group:
            group.create_task(scene.keep_asking(Random(seed + 1), over))
            while not over():
                await _one(scene, random, tally)
                progress(f"{tally.done} of {kills} kills")
        tally.seconds = time.monotonic() - began
        await scene.bot.ready()
        tally.settled = await scene.settled(SETTLE_SECONDS)
        return tally, await scene.account()


async def _one(scene: Stage, random: Random, tally: Kills) -> None:
    """Lets the bot live for a while, kills it, and starts the next."""
    moment = random.random()
    if moment < 0.4:
        await asyncio.sleep(random.uniform(0, _USUAL_START))
        tally.starting += 1
    else:
        await scene.bot.ready()
        await asyncio.sleep(random.uniform(0, 0.3) if moment < 0.9 else random.uniform(0.3, 2.0))
    await scene.bot.kill()
    tally.done += 1
    await scene.bot.start()
