"""Inject every kind of network fault, on a seeded schedule, while jobs run; then stop and wait until all is done."""

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
"""How long all credentials are rejected at a time."""

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
"""Patterns of Discord's paths; the first matches any."""
ACTIONS = ("SubmitJob", "ListJobs", "DescribeJobs", "FilterLogEvents", "ReceiveMessage", "PutObject", "GetObject", "*")
_ALL_CREDENTIALS = {"action": "*", "fault": "expired", "times": 1_000_000}


@dataclass(frozen=True, slots=True)
class InjectedFaults:
    """How many requests failed, by kind of fault: `Discord 503 after`."""

    counts: Mapping[str, int]
    settled: float
    """Seconds from the last fault until everything was done."""

    @property
    def total(self) -> int:
        return sum(self.counts.values())


async def run(seconds: float, seed: int, progress: Callable[[str], None]) -> tuple[InjectedFaults, Comparison]:
    """Inject faults for `seconds`, then none."""
    async with open_harness(LOAD) as harness:
        await harness.bot.start()
        await harness.bot.ready()
        ends = time.monotonic() + seconds
        async with asyncio.TaskGroup() as group:
            group.create_task(harness.keep_asking(Random(seed + 1), lambda: time.monotonic() > ends))
            await _inject(harness, Random(seed), ends, progress)
        await harness.clear_faults()
        settled = await harness.settle(SETTLE_SECONDS)
        return InjectedFaults(await _counts(harness), settled), await harness.compare()


async def _inject(harness: Harness, random: Random, ends: float, progress: Callable[[str], None]) -> None:
    """Add one fault after another. Now and then drop the gateway, or reject all credentials for a while."""
    while time.monotonic() < ends:
        harness.bot.check()
        moment = random.random()
        if moment < 0.02:
            await harness.aws.add_fault(_ALL_CREDENTIALS)
            await asyncio.sleep(EXPIRED_SECONDS)
            await harness.clear_faults()
        elif moment < 0.05:
            await harness.discord.post("gateway", {"action": "drop", "resumable": random.random() < 0.5})
        elif moment < 0.5:
            await harness.aws.add_fault({**random.choice(AWS), "action": random.choice(ACTIONS)})
        else:
            await harness.discord.add_fault({**random.choice(DISCORD), "path": random.choice(PATHS)})
        progress(f"{ends - time.monotonic():.0f} s of faults to go")
        await asyncio.sleep(random.uniform(0.05, 0.4))


async def _counts(harness: Harness) -> Mapping[str, int]:
    counts = Counter(f"Discord {_label(entry)}" for entry in await harness.discord.ledger("fault"))
    counts += Counter(f"AWS {_label(entry)}" for entry in await harness.aws.ledger("fault"))
    for entry in await harness.discord.ledger("gateway.drop"):
        counts[f"Discord {entry['kind']}"] += 1
    return dict(sorted(counts.items()))


def _label(entry: Mapping[str, Any]) -> str:
    kind = entry["status"] if entry["fault"] == "status" else entry["fault"]
    return f"{kind} {entry['when']}"
