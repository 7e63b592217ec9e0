"""Prepare a curve's numbers for drawing: smooth noisy ones, thin out more points than there are pixels."""

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

Series = NDArray[np.float64]

MOST_POINTS = 5_000
BUCKETS = 1_000
"""Of longer series, the lowest and the highest point in each of this many parts are drawn."""
LONG = 200
"""Only series with more rows are smoothed."""
NOISY = 15.0
"""A series is noisy if its steps add up to more than this many times its range."""
DECADES = 100.0
"""Positive values need a logarithmic axis if the largest is more than this many times the smallest."""
LARGEST, SMALLEST = 1e100, 1e-100


def drawable(values: Series) -> Series:
    """Turn infinities and numbers beyond `LARGEST` into NaN, which leaves a gap, and those below `SMALLEST` into 0."""
    bounded = np.where(np.abs(values) < LARGEST, values, np.nan)
    return np.where(np.abs(bounded) < SMALLEST, 0.0, bounded)


def noisy(values: Series) -> bool:
    """Whether a long series goes up and down so much that only an average shows its trend."""
    finite = values[np.isfinite(values)]
    if finite.size <= LONG or (span := float(np.ptp(finite))) == 0:
        return False
    return float(np.abs(np.diff(finite)).sum()) > NOISY * span


def moving_mean(values: Series, window: int) -> Series:
    """Mean of the finite values among the last `window`; NaN where fewer than a quarter are finite."""
    known = np.isfinite(values)
    count = _moving_sum(known * 1.0, window)
    return _moving_sum(np.where(known, values, 0.0), window) / np.where(count >= window / 4, count, np.nan)


def joined(x: Series, y: Series) -> tuple[Series, Series]:
    """Drop the gaps of a metric measured every few epochs, where no two neighbours have a value."""
    known = np.isfinite(y)
    return (x[known], y[known]) if known.sum() > 1 and bool(isolated(y)[known].all()) else (x, y)


def folded(x: Series, y: Series) -> tuple[Series, Series]:
    """Break the line where `x` goes back: there the next fold or phase begins."""
    back = np.flatnonzero(np.diff(x) < 0) + 1
    return (np.insert(x, back, x[back]), np.insert(y, back, np.nan)) if back.size else (x, y)


def thinned(x: Series, y: Series) -> tuple[Series, Series]:
    """Thin out more than `MOST_POINTS` points; the lowest and highest of each bucket keep the outline."""
    if y.size <= MOST_POINTS:
        return x, y
    edges = np.linspace(0, y.size, BUCKETS + 1).astype(int)
    chosen: list[int] = []
    for begin, end in pairwise(edges):
        bucket = y[begin:end]
        if np.isnan(bucket).all():
            chosen.append(int(begin))
        else:
            chosen += sorted({int(begin + np.nanargmin(bucket)), int(begin + np.nanargmax(bucket))})
    return x[chosen], y[chosen]


def isolated(y: Series) -> NDArray[np.bool_]:
    """Which points have no neighbour to draw a line to."""
    known = np.isfinite(y)
    padded = np.concatenate(([False], known, [False]))
    return known & ~padded[:-2] & ~padded[2:]


def spans_decades(series: list[Series]) -> bool:
    """Whether all values are positive and so far apart that a linear axis would hide the small ones."""
    values = np.concatenate([y[np.isfinite(y)] for y in series])
    return values.size > 1 and float(values.min()) > 0 and float(values.max()) > DECADES * float(values.min())


def _moving_sum(values: Series, window: int) -> Series:
    """Sums of the last `window` values."""
    sums = np.cumsum(values)
    sums[window:] -= sums[:-window].copy()
    return sums
