"""Everything that a network does to requests, by a seeded schedule, while jobs run; then it stops, and all settles."""

import asyncio
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from random import Random
from typing import Any

from deploy.sandbox.chaos.compare_jobs import Comparison
from deploy.sandbox.chaos.harness import Harness, Load, open_harness

LOAD = Load(lines=120, burst=3, pause=0.05)
SETTLE_SECONDS = 180.0
EXPIRED_SECONDS = 3.0
"""How long at a time no credentials are good."""

BEFORE, AFTER = {"when": "before"}, {"when": "after"}
_NO_ANSWER: tuple[Mapping[str, Any], ...] = (
    *({"fault": "reset", **when} for when in (BEFORE, AFTER)),
    *({"fault": "hang", "seconds": 2, **when} for when in (BEFORE, AFTER)),
    *({"fault": "status", "status": status, **when} for status in (500, 502, 503) for when in (BEFORE, AFTER)),
    *({"fault": "html", "status": status, **when} for status in (200, 502) for when in (BEFORE, AFTER)),
    {"fault": "truncated", **AFTER},
    {"fault": "slow", "seconds": 1.5, **BEFORE},
)
DISCORD: tuple[Mapping[str, Any], ...] = (
    *_NO_ANSWER,
    {"fault": "429", "retry_after": 0.5},
    {"fault": "global429", "retry_after": 0.5},
    {"fault": "proxy429", "retry_after": 1},
)
AWS: tuple[Mapping[str, Any], ...] = (*_NO_ANSWER, {"fault": "429"}, {"fault": "expired"})
PATHS = ("", r"/messages$", r"/messages/\d+$", r"/threads$", r"/callback$", r"@original$")
"""Of Discord's requests; the first is any."""
ACTIONS = ("SubmitJob", "ListJobs", "DescribeJobs", "FilterLogEvents", "ReceiveMessage", "PutObject", "GetObject", "*")
_ALL_CREDENTIALS = {"action": "*", "fault": "expired", "times": 1_000_000}


@dataclass(frozen=True, slots=True)
class InjectedFaults:
    """How many requests went wrong in which way: `Discord 503 after`."""

    counts: Mapping[str, int]
    settled: float
    """Seconds from the last fault until nothing was left to do."""

    @property
    def total(self) -> int:
        return sum(self.counts.values())


async def run(seconds: float, seed: int, progress: Callable[[str], None]) -> tuple[InjectedFaults, Comparison]:
    """Faults for so long; then none."""
    async with open_harness(LOAD) as harness:
        await harness.bot.start()
        await harness.bot.ready()
        ends = time.monotonic() + seconds
        async with asyncio.TaskGroup() as group:
            group.create_task(harness.keep_asking(Random(seed + 1), lambda: time.monotonic() > ends))
            await _break(harness, Random(seed), ends, progress)
        await harness.no_faults()
        settled = await harness.settled(SETTLE_SECONDS)
        return InjectedFaults(await _counts(harness), settled), await harness.account()


async def _break(harness: Harness, random: Random, ends: float, progress: Callable[[str], None]) -> None:
    """Arms one fault after the other; now and then the gateway goes, or no credentials are good for a while."""
    while time.monotonic() < ends:
        harness.bot.check()
        moment = random.random()
        if moment < 0.02:
            await harness.aws("faults", _ALL_CREDENTIALS)
            await asyncio.sleep(EXPIRED_SECONDS)
            await harness.no_faults()
        elif moment < 0.05:
            await harness.discord("gateway", {"action": "drop", "resumable": random.random() < 0.5})
        elif moment < 0.5:
            await harness.aws("faults", {**random.choice(AWS), "action": random.choice(ACTIONS)})
        else:
            await harness.discord("faults", {**random.choice(DISCORD), "path": random.choice(PATHS)})
        progress(f"{ends - time.monotonic():.0f} s of faults to go")
        await asyncio.sleep(random.uniform(0.05, 0.4))


async def _counts(harness: Harness) -> Mapping[str, int]:
    counts = Counter(f"Discord {_named(entry)}" for entry in await harness.discord("ledger?kind=fault"))
    counts += Counter(f"AWS {_named(entry)}" for entry in await harness.aws("ledger?kind=fault"))
    for entry in await harness.discord("ledger?kind=gateway.drop"):
        counts[f"Discord {entry['kind']}"] += 1
    return dict(sorted(counts.items()))


def _named(entry: Mapping[str, Any]) -> str:
    kind = entry["status"] if entry["fault"] == "status" else entry["fault"]
    return f"{kind} {entry['when']}"
