"""Numbers beside each other: all with the same decimals, and so many of them that the differences show."""

from collections.abc import Callable
from math import floor, log10

import numpy as np

from bot.adapters.drawing.series import Series

LARGE, SMALL = 1e6, 1e-3
"""Beyond these they are written with a power of ten."""
MOST_DECIMALS = 6
MOST_DIGITS = 6
MORE = 3
"""Decimals that may be added so that near values differ."""
APART = 0.8
"""The part of the different values that shall differ as written, too."""


def writer(values: Series) -> Callable[[float], str]:
    """How to write these values, and others of their kind."""
    known = np.unique(values[np.isfinite(values)])
    if known.size == 0:
        return "{:.4g}".format
    largest = float(np.abs(known).max())
    if largest >= LARGE or 0 < largest < SMALL:
        return f"{{:.{_enough(known, 'e', 2, 4)}e}}".format
    most = max(0, min(MOST_DECIMALS, MOST_DIGITS - _whole_digits(largest)))
    span, smallest = float(np.ptp(known)), float(np.abs(known[known != 0]).min(initial=largest))
    places = max(2 - floor(log10(span)), 1 - floor(log10(smallest))) if span > 0 else most
    least = min(most, max(0, places))
    return f"{{:.{_enough(known, 'f', least, min(most, least + MORE))}f}}".format


def _whole_digits(value: float) -> int:
    return max(1, floor(log10(value)) + 1) if value > 0 else 1


def _enough(known: Series, form: str, least: int, most: int) -> int:
    """Decimals: the fewest that keep the values apart, less those that are zero in all of them."""
    decimals = next((n for n in range(least, most) if _apart(known, form, n)), most)
    while decimals and all(_mantissa(value, form, decimals).endswith("0") for value in known):
        decimals -= 1
    return decimals


def _apart(known: Series, form: str, decimals: int) -> bool:
    """The best and the next to it, whichever end that is, and most of the others."""
    written = [f"{value:.{decimals}{form}}" for value in known]
    ends = known.size < 2 or (written[0] != written[1] and written[-1] != written[-2])
    return ends and len(set(written)) >= APART * known.size


def _mantissa(value: float, form: str, decimals: int) -> str:
    return f"{value:.{decimals}{form}}".split("e", maxsplit=1)[0]
