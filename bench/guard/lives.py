"""Lives that go wrong at a known moment: hung, diverged, idle. Each has a seed."""

import math
import random
from collections.abc import Iterator
from dataclasses import dataclass

from bot.domain.guard.signs import Condition
from trainer.contract import format_metrics
from trainer.gpu_line import GpuUse, format_gpu

LASTS = 6_600.0
"""How long a run would take, in seconds: a little less than its time limit."""
PACES = (0.1, 1.0, 10.0, 60.0, 300.0)
"""Seconds between two rows of metrics."""
KINDS = (Condition.SILENT, Condition.LOSS_NOT_FINITE, Condition.LOSS_DIVERGED, Condition.GPU_IDLE)


@dataclass(frozen=True, slots=True)
class Life:
    """`wrong` is what is wrong from `since` on; None for a good one."""

    wrong: Condition | None
    since: float
    lines: tuple[tuple[float, str], ...]


def lives(count: int, seed: int) -> Iterator[Life]:
    """As many of each kind, at every pace in turn."""
    for number in range(count):
        drawn = random.Random(f"{seed}.{number}")
        for kind in (None, *KINDS):
            yield _life(kind, PACES[number % len(PACES)], drawn)


def _life(wrong: Condition | None, pace: float, drawn: random.Random) -> Life:
    since = drawn.uniform(300, LASTS / 3)
    ends = since if wrong is Condition.SILENT else LASTS
    lines = [(at, _row(at, wrong, since, drawn)) for at in _times(pace, ends)]
    lines += [(at, _gpu(at, wrong, since)) for at in _times(60.0, LASTS)]
    return Life(wrong, since, tuple(sorted(lines)))


def _times(pace: float, until: float) -> Iterator[float]:
    return (number * pace for number in range(1, int(until / pace) + 1))


def _row(at: float, wrong: Condition | None, since: float, drawn: random.Random) -> str:
    """A loss that falls, with noise. Mixed precision skips some of the first steps, and a step now and then."""
    loss = 0.1 + 2.0 * math.exp(-at / 1_000) * drawn.uniform(0.7, 1.3)
    if drawn.random() < (0.5 if at < 3 else 0.001):
        loss = math.nan
    if wrong is Condition.LOSS_NOT_FINITE and at >= since:
        loss = drawn.choice((math.nan, math.inf))
    if wrong is Condition.LOSS_DIVERGED and at >= since:
        loss = 1_000.0 + at
    return format_metrics({"step": at, "train_loss": loss, "val_accuracy": drawn.uniform(10, 90)})


def _gpu(at: float, wrong: Condition | None, since: float) -> str:
    idle = max(0.0, at - since) if wrong in (Condition.GPU_IDLE, Condition.SILENT) else 0.0
    return format_gpu(GpuUse(0 if idle else 90, 4_096, idle, used=True))
