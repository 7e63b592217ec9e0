"""Format numbers shown side by side: all with the same decimals, just enough to show their differences."""

import re
from collections.abc import Callable
from math import floor, log10

import numpy as np
from matplotlib.ticker import Formatter

from bot.adapters.drawing.series import Series
from bot.domain.numbers import compact, written

LARGE, SMALL = 1e9, 1e-3
"""Outside this range, numbers are written with a power of ten."""
_EXPONENT = re.compile(r"e\+?(-?)0*(?=\d)")
MOST_DECIMALS = 6
MOST_DIGITS = 6
EXTRA_DECIMALS = 3
"""Decimals that may be added so that close values look different."""
DISTINCT = 0.8
"""The share of different values that must also look different."""


def formatter(values: Series) -> Callable[[float], str]:
    """A function that formats these values and similar ones."""
    known = np.unique(values[np.isfinite(values)])
    if known.size == 0:
        return written
    largest = float(np.abs(known).max())
    if largest >= LARGE or 0 < largest < SMALL:
        power_of_ten = f"{{:.{_decimals(known, 'e', 2, 4)}e}}"
        return lambda value: _EXPONENT.sub(r"e\1", power_of_ten.format(value))
    most = max(0, min(MOST_DECIMALS, MOST_DIGITS - _whole_digits(largest)))
    span, smallest = float(np.ptp(known)), float(np.abs(known[known != 0]).min(initial=largest))
    decimals = max(2 - floor(log10(span)), 1 - floor(log10(smallest))) if span > 0 else most
    fewest = min(most, max(0, decimals))
    return f"{{:,.{_decimals(known, 'f', fewest, min(most, fewest + EXTRA_DECIMALS))}f}}".format


class Ticks(Formatter):
    """Labels of an axis: its ticks exactly, with k or M for large numbers."""

    def __call__(self, value: float, pos: int | None = None) -> str:  # noqa: ARG002  matplotlib's signature
        return compact(float(f"{value:.9g}"), 9)  # ticks are sums of steps: 0.30000000000000004


def _whole_digits(value: float) -> int:
    return max(1, floor(log10(value)) + 1) if value > 0 else 1


def _decimals(known: Series, form: str, fewest: int, most: int) -> int:
    """The fewest decimals that keep the values distinct, without trailing zeros common to all."""
    decimals = next((n for n in range(fewest, most) if _distinct(known, form, n)), most)
    while decimals and all(_mantissa(value, form, decimals).endswith("0") for value in known):
        decimals -= 1
    return decimals


def _distinct(known: Series, form: str, decimals: int) -> bool:
    """Whether the two best values look different, at whichever end they are, and so do most of the others."""
    written = [f"{value:.{decimals}{form}}" for value in known]
    ends = known.size < 2 or (written[0] != written[1] and written[-1] != written[-2])
    return ends and len(set(written)) >= DISTINCT * known.size


def _mantissa(value: float, form: str, decimals: int) -> str:
    return f"{value:.{decimals}{form}}".split("e", maxsplit=1)[0]
