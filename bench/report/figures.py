"""The figures that a benchmark returns, with their targets."""

import math
from collections.abc import Coroutine, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Protocol


class Verdict(StrEnum):
    GOOD = "good"
    MISSED = "missed"
    NO_TARGET = ""
    """Shown only to explain the other figures."""


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured value in `unit`. `at_least` and `at_most` are its target."""

    what: str
    measured: float
    unit: str
    at_most: float | None = None
    at_least: float | None = None

    @property
    def verdict(self) -> Verdict:
        if self.at_most is None and self.at_least is None:
            return Verdict.NO_TARGET
        low = self.at_least is not None and self.measured < self.at_least
        high = self.at_most is not None and self.measured > self.at_most
        return Verdict.MISSED if low or high else Verdict.GOOD


@dataclass(frozen=True, slots=True)
class Result:
    """`remarks` explain how the figures were measured, where a figure alone would mislead. `lines` are a table of what
    was measured, if single figures don't show it: cells by column, in every line the same columns."""

    figures: Sequence[Figure]
    remarks: Sequence[str] = ()
    lines: Sequence[Mapping[str, str]] = ()


class RunBenchmark(Protocol):
    def __call__(self, *, small: bool) -> Coroutine[Any, Any, Result]:
        """`small` runs a short form for tests. Its figures mean little."""


@dataclass(frozen=True, slots=True)
class Benchmark:
    """`name` is typed after `python -m bench`; `about` is the heading of its table."""

    name: str
    about: str
    run: RunBenchmark


def percentile(values: Sequence[float], percent: float) -> float:
    """Return the nearest-rank percentile. Raises ValueError if there are no values."""
    if not values:
        raise ValueError("no values to take a percentile of")
    rank = math.ceil(len(values) * percent / 100)
    return sorted(values)[max(0, rank - 1)]
