"""What comes of each trial, by its number alone: what the bot's board and table are compared with."""

import math
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from random import Random

from trainer.contract import ExitCode, Trouble, format_metrics, format_trouble

EPOCHS = 10
METRIC = "val_accuracy"
HEADER = f"epoch,train_loss,val_loss,{METRIC}"
LOW, HIGH = -4, 0
"""The learning rate's exponents."""
MOST_MOMENTUM = 0.99
DIVERGED_AFTER = 3
_TRACEBACK = ("Traceback (most recent call last):", '  File "train.py", line 88, in main', "    raise error")


class Fate(StrEnum):
    """How a trial ends. In the middle three ways to fail, each told elsewhere: by a raised error, by the entrypoint's
    word, by the container's reason."""

    WELL = "well"
    DIVERGED = "diverged"
    NOT_INSTALLED = "not installed"
    OUT_OF_MEMORY = "out of memory"
    WITHOUT_METRICS = "without metrics"


SHARES = {Fate.DIVERGED: 0.03, Fate.NOT_INSTALLED: 0.02, Fate.OUT_OF_MEMORY: 0.01, Fate.WITHOUT_METRICS: 0.005}


@dataclass(frozen=True, slots=True)
class Known:
    """One trial. `values` are its metric by epoch, from 1."""

    number: int
    lr: float
    momentum: float
    fate: Fate
    values: tuple[float, ...]

    @property
    def failed(self) -> bool:
        return self.fate not in (Fate.WELL, Fate.WITHOUT_METRICS)

    @property
    def best(self) -> tuple[float, int] | None:
        """The best value and its epoch, the first of equals."""
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
        """The container's."""
        out = "OutOfMemoryError: Container killed due to memory usage"
        return out if self.fate is Fate.OUT_OF_MEMORY else ""

    @property
    def told(self) -> str:
        """What people are to read of its failure, besides its kind."""
        match self.fate:
            case Fate.DIVERGED:
                return f"FloatingPointError: the loss is not finite at step {1_000 + self.number}"
            case Fate.NOT_INSTALLED:
                return f"pip ended with 1 after {self.number % 50} s: no answer from the index"
            case _:
                return ""

    @property
    def csv(self) -> bytes:
        """`metrics.csv`; empty where it leaves none."""
        if not self.values:
            return b""
        rows = [f"{epoch},{3 / epoch:.4f},{4 / epoch:.4f},{value!r}" for epoch, value in enumerate(self.values, 1)]
        return "\n".join([HEADER, *rows, ""]).encode()

    @property
    def rows(self) -> list[str]:
        """What it prints, epoch by epoch."""
        return [
            format_metrics({"epoch": epoch, "epochs": EPOCHS, METRIC: value})
            for epoch, value in enumerate(self.values, 1)
        ]

    @property
    def last_lines(self) -> list[str]:
        """What it prints at its end."""
        if self.fate is Fate.DIVERGED:
            return [*_TRACEBACK, self.told]
        if self.fate is Fate.NOT_INSTALLED:
            return ["signalbox: installing", format_trouble(Trouble(ExitCode.INSTALL_FAILED, self.told))]
        return ["signalbox: uploaded"]


@dataclass(frozen=True)
class Grid:
    """`rows` learning rates, at equal ratios, by `columns` momenta, at equal distances."""

    rows: int
    columns: int
    seed: int = 0

    @property
    def text(self) -> str:
        """As it is typed."""
        return f"lr=0.0001..1:log:{self.rows} momentum=0..{MOST_MOMENTUM}:{self.columns}"

    @property
    def trials(self) -> int:
        return self.rows * self.columns

    @cached_property
    def known(self) -> tuple[Known, ...]:
        """By number."""
        return tuple(self._known(number) for number in range(self.trials))

    def _known(self, number: int) -> Known:
        row, column = divmod(number, self.columns)
        random = Random(f"{self.seed}/{number}")
        across, down = row / (self.rows - 1), column / (self.columns - 1)
        top = 96 * math.exp(-3 * (across - 0.63) ** 2 - (down - 0.8) ** 2) + random.uniform(0, 3)
        best = random.randint(EPOCHS // 2, EPOCHS)
        fate = _fate(random.random())
        return Known(
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
    return Fate.WELL


def _values(fate: Fate, top: float, best: int) -> tuple[float, ...]:
    """Up to the best epoch and down again; before it diverges, a trial looks better than all others."""
    if fate is Fate.DIVERGED:
        return (99.9,) * DIVERGED_AFTER
    if fate is not Fate.WELL:
        return ()
    return tuple(round(top * (1 - 0.02 * abs(epoch - best)), 6) for epoch in range(1, EPOCHS + 1))
