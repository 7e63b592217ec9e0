"""How each trial ends, by its number alone. The bot's card and table are compared with it."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import cached_property
from random import Random
from typing import Any

from trainer.contract import ExitCode, Trouble, format_metrics, format_trouble
from trainer.space import point

EPOCHS = 10
METRIC = "val_accuracy"
HEADER = f"epoch,train_loss,val_loss,{METRIC}"
LOW, HIGH = -4, 0
"""The learning rate's exponents, to base 10."""
MOST_MOMENTUM = 0.99
DIVERGED_AFTER = 3
_TRACEBACK = ("Traceback (most recent call last):", '  File "train.py", line 88, in main', "    raise error")


class Fate(StrEnum):
    """How a trial ends. There are three ways to fail, each reported in another place: by a raised error in the log, by
    the entrypoint's last line, by the container's reason."""

    SUCCEEDED = "succeeded"
    DIVERGED = "diverged"
    NOT_INSTALLED = "not installed"
    OUT_OF_MEMORY = "out of memory"
    WITHOUT_METRICS = "without metrics"


SHARES = {Fate.DIVERGED: 0.03, Fate.NOT_INSTALLED: 0.02, Fate.OUT_OF_MEMORY: 0.01, Fate.WITHOUT_METRICS: 0.005}


@dataclass(frozen=True, slots=True)
class ExpectedTrial:
    """One trial as it should be shown. `values` are its metric by epoch, from 1."""

    number: int
    lr: float
    momentum: float
    fate: Fate
    values: tuple[float, ...]

    @property
    def failed(self) -> bool:
        return self.fate not in (Fate.SUCCEEDED, Fate.WITHOUT_METRICS)

    @property
    def best(self) -> tuple[float, int] | None:
        """The best value and the first epoch that reached it."""
        if not self.values:
            return None
        top = max(self.values)
        return top, self.values.index(top) + 1

    @property
    def exit_code(self) -> int:
        codes = {Fate.DIVERGED: 1, Fate.NOT_INSTALLED: ExitCode.INSTALL_FAILED, Fate.OUT_OF_MEMORY: 137}
        return codes.get(self.fate, 0)

    @property
    def reason(self) -> str:
        """The container's reason."""
        out = "OutOfMemoryError: Container killed due to memory usage"
        return out if self.fate is Fate.OUT_OF_MEMORY else ""

    @property
    def failure_detail(self) -> str:
        """What people should read about the failure, besides its kind."""
        match self.fate:
            case Fate.DIVERGED:
                return f"FloatingPointError: the loss is not finite at step {1_000 + self.number}"
            case Fate.NOT_INSTALLED:
                return f"pip ended with 1 after {self.number % 50} s: no answer from the index"
            case _:
                return ""

    @property
    def csv(self) -> bytes:
        """`metrics.csv`; empty if the trial leaves none."""
        if not self.values:
            return b""
        rows = [f"{epoch},{3 / epoch:.4f},{4 / epoch:.4f},{value!r}" for epoch, value in enumerate(self.values, 1)]
        return "\n".join([HEADER, *rows, ""]).encode()

    @property
    def metric_lines(self) -> list[str]:
        """The lines it prints, one per epoch."""
        return [
            format_metrics({"epoch": epoch, "epochs": EPOCHS, METRIC: value})
            for epoch, value in enumerate(self.values, 1)
        ]

    @property
    def last_lines(self) -> list[str]:
        """The lines it prints at its end."""
        if self.fate is Fate.DIVERGED:
            return [*_TRACEBACK, self.failure_detail]
        if self.fate is Fate.NOT_INSTALLED:
            return ["signalbox: installing", format_trouble(Trouble(ExitCode.INSTALL_FAILED, self.failure_detail))]
        return ["signalbox: uploaded"]


@dataclass(frozen=True)
class Grid:
    """`rows` learning rates at equal ratios, by `columns` momenta at equal distances."""

    rows: int
    columns: int
    seed: int = 0
    places: tuple[int, ...] = ()
    """Where on the grid each trial is, by number; empty if they are in order."""

    @property
    def text(self) -> str:
        """The grid as a person types it."""
        return f"lr=0.0001..1:log:{self.rows} momentum=0..{MOST_MOMENTUM}:{self.columns}"

    @property
    def trials(self) -> int:
        return self.rows * self.columns

    def ordered(self, space: Mapping[str, Any]) -> "Grid":
        """The same grid, with its trials in the order that a sweep's `SWEEP_SPACE` has."""
        numbers: dict[Any, int] = {}
        points = [point(space, number) for number in range(self.trials)]
        for name in ("momentum", "lr"):  # by size: the n-th smallest value is row or column n
            values = sorted({each[name] for each in points}, key=float)
            numbers |= {(name, value): place for place, value in enumerate(values)}
        at = [numbers["lr", each["lr"]] * self.columns + numbers["momentum", each["momentum"]] for each in points]
        return replace(self, places=tuple(at))

    @cached_property
    def expected(self) -> tuple[ExpectedTrial, ...]:
        """The trials, by number."""
        return tuple(self._trial(number) for number in range(self.trials))

    def _trial(self, number: int) -> ExpectedTrial:
        row, column = divmod(self.places[number] if self.places else number, self.columns)
        random = Random(f"{self.seed}/{number}")
        across, down = row / (self.rows - 1), column / (self.columns - 1)
        top = 96 * math.exp(-3 * (across - 0.63) ** 2 - (down - 0.8) ** 2) + random.uniform(0, 3)
        best = random.randint(EPOCHS // 2, EPOCHS)
        fate = _fate(random.random())
        return ExpectedTrial(
            number=number,
            lr=10 ** (LOW + (HIGH - LOW) * across),
            momentum=MOST_MOMENTUM * down,
            fate=fate,
            values=_values(fate, round(top, 6), best),
        )


def _fate(drawn: float) -> Fate:
    for fate, share in SHARES.items():
        if drawn < share:
            return fate
        drawn -= share
    return Fate.SUCCEEDED


def _values(fate: Fate, top: float, best: int) -> tuple[float, ...]:
    """Rise to the best epoch and fall again. A trial that diverges looks better than all others before it does."""
    if fate is Fate.DIVERGED:
        return (99.9,) * DIVERGED_AFTER
    if fate is not Fate.SUCCEEDED:
        return ()
    return tuple(round(top * (1 - 0.02 * abs(epoch - best)), 6) for epoch in range(1, EPOCHS + 1))
