"""What a benchmark gives: figures, each with its target where it has one."""

import math
from collections.abc import Coroutine, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Protocol


class Verdict(StrEnum):
    GOOD = "good"
    MISSED = "missed"
    TOLD = ""
    """No target: told to explain the others."""


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured value in `unit`. With `at_least` or `at_most` it is held to a target."""

    what: str
    measured: float
    unit: str
    at_most: float | None = None
    at_least: float | None = None

    @property
    def verdict(self) -> Verdict:
        if self.at_most is None and self.at_least is None:
            return Verdict.TOLD
        low = self.at_least is not None and self.measured < self.at_least
        high = self.at_most is not None and self.measured > self.at_most
        return Verdict.MISSED if low or high else Verdict.GOOD


@dataclass(frozen=True, slots=True)
class Result:
    """`remarks` say how it was measured, where a figure alone would mislead."""

    figures: Sequence[Figure]
    remarks: Sequence[str] = ()


class Run(Protocol):
    def __call__(self, *, small: bool) -> Coroutine[Any, Any, Result]:
        """`small` is a short form for tests, whose figures mean little."""


@dataclass(frozen=True, slots=True)
class Benchmark:
    name: str
    about: str
    run: Run


def percentile(values: Sequence[float], percent: float) -> float:
    """The nearest-rank percentile; ValueError where there are no values."""
    if not values:
        raise ValueError("a percentile of no values was asked for")
    rank = math.ceil(len(values) * percent / 100)
    return sorted(values)[max(0, rank - 1)]
