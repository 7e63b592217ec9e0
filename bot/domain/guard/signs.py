"""What the guard sees of one run, and what is wrong with it."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum

from bot.domain.guard.limits import GuardLimits
from bot.domain.guard.losses import Losses
from trainer.gpu_line import GpuUse


class Stage(StrEnum):
    """What the engine does with the run, as far as the guard is concerned."""

    WAITING = "waiting"
    STARTING = "starting"
    RUNNING = "running"


class Condition(StrEnum):
    """What may be wrong. `bot/domain/texts/guard_texts.py` has what people read about each."""

    SILENT = "silent"
    LOSS_NOT_FINITE = "loss not finite"
    LOSS_DIVERGED = "loss diverged"
    GPU_IDLE = "gpu idle"
    OVERTIME = "overtime"
    NO_MACHINE = "no machine"
    NOT_STARTING = "not starting"

    @property
    def ends_at_once(self) -> bool:
        """True if it needs no warning: the time limit was one."""
        return self is Condition.OVERTIME


@dataclass(frozen=True, slots=True)
class Found:
    """One condition that holds. `seconds` is for how long it has; `name` and `value` are those of a loss."""

    condition: Condition
    seconds: float = 0.0
    name: str = ""
    value: float = 0.0


@dataclass(frozen=True, slots=True)
class Signs:
    """One run at one time. Durations are sums of short steps while the bot could see the run: see `counters.py`."""

    stage: Stage
    stage_seconds: float = 0.0
    """How long it has been in this stage, in this attempt."""
    quiet_seconds: float = 0.0
    """For how long it has shown no sign of life, while its log could be read."""
    timeout_seconds: float = 0.0
    """Of an attempt; 0 if nobody knows."""
    losses: Losses = field(default_factory=Losses)
    gpu: GpuUse | None = None
    """What the entrypoint measured last; None on machines without one."""


def wrong(signs: Signs, limits: GuardLimits) -> Iterator[Found]:
    """What is wrong with it."""
    stage, seconds = signs.stage, signs.stage_seconds
    if stage is Stage.WAITING and _beyond(seconds, limits.waiting_seconds):
        yield Found(Condition.NO_MACHINE, seconds)
    if stage is Stage.STARTING and _beyond(seconds, limits.starting_seconds):
        yield Found(Condition.NOT_STARTING, seconds)
    over = signs.timeout_seconds and limits.overtime_seconds
    if stage is not Stage.WAITING and over and seconds > signs.timeout_seconds + limits.overtime_seconds:
        yield Found(Condition.OVERTIME, seconds)  # the engine counts from the container's start, which may never come
    if stage is not Stage.RUNNING:
        return
    if _beyond(signs.quiet_seconds, limits.silent_seconds):
        yield Found(Condition.SILENT, signs.quiet_seconds)
    losses = signs.losses
    if losses.not_finite(limits.nan_rows):
        yield Found(Condition.LOSS_NOT_FINITE, (losses.at - losses.bad.since) / 1_000, losses.name, losses.value)
    if limits.diverged_factor and losses.diverged(limits.nan_rows):
        yield Found(Condition.LOSS_DIVERGED, (losses.at - losses.high.since) / 1_000, losses.name, losses.value)
    if (idle := _idle(signs)) and _beyond(idle, limits.gpu_idle_seconds):
        yield Found(Condition.GPU_IDLE, idle)


def _idle(signs: Signs) -> float:
    """How long its GPUs have been idle; 0 before training has begun: the command may be fetching its data."""
    gpu = signs.gpu
    begun = gpu is not None and (gpu.used or signs.losses.reported)
    return gpu.idle_seconds if gpu is not None and begun else 0.0


def _beyond(seconds: float, limit: float) -> bool:
    return limit > 0 and seconds >= limit
