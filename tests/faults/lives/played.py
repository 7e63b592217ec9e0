"""Many worlds, side by side in processes, and what was found in all of them."""

import asyncio
import math
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field

import structlog

from tests.faults.lives.switches import Guard
from tests.faults.lives.verdict import Verdict
from tests.faults.lives.world import PER_WORLD, World


@dataclass
class Played:
    """Of one world, or of many."""

    lives: int = 0
    accepted: int = 0
    machine_seconds: float = 0.0
    verdict: Verdict = field(default_factory=Verdict)

    def add(self, other: "Played") -> None:
        self.lives += other.lives
        self.accepted += other.accepted
        self.machine_seconds += other.machine_seconds
        self.verdict.add(other.verdict)


def play(seed: int, number: int, without: Guard | None = None) -> Played:
    """One world, from beginning to end."""
    return told(World(seed, number, without=without))


def told(world: World) -> Played:
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(50), cache_logger_on_first_use=False)
    judge = asyncio.run(world.play())
    accepted = sum(1 for each in world.people.all if each.job_id)
    return Played(len(world.people.all), accepted, judge.machine_seconds, judge.verdict)


def play_many(seed: int, lives: int, without: Guard | None, *, processes: int) -> Iterator[Played]:
    """World by world, in order."""
    pool = ProcessPoolExecutor(processes)
    try:
        for future in [pool.submit(play, seed, number, without) for number in range(math.ceil(lives / PER_WORLD))]:
            yield future.result()
    finally:
        pool.shutdown(cancel_futures=True)


def in_all(seed: int, lives: int, without: Guard | None, *, processes: int) -> Played:
    found = Played()
    for each in play_many(seed, lives, without, processes=processes):
        found.add(each)
    return found
