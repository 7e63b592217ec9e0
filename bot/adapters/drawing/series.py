"""The numbers behind a curve: smoothed where they are noisy, thinned where there are more than pixels."""

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

Series = NDArray[np.float64]

MOST_POINTS = 5_000
BUCKETS = 1_000
LONG = 200
"""Rows from which a noisy column is smoothed."""
NOISY = 15.0
"""How many times its own range a noisy column travels."""
DECADES = 100.0
"""How far apart positive values are on a logarithmic axis, at least."""
LARGEST, SMALLEST = 1e100, 1e-100


def drawable(values: Series) -> Series:
    """What no axis can hold, infinities above all, becomes NaN, which leaves a gap; next to nothing becomes 0."""
    seen = np.where(np.abs(values) < LARGEST, values, np.nan)
    return np.where(np.abs(seen) < SMALLEST, 0.0, seen)


def noisy(values: Series) -> bool:
    """Whether a long series goes up and down so much that only an average shows its way."""
    seen = values[np.isfinite(values)]
    if seen.size <= LONG or (span := float(np.ptp(seen))) == 0:
        return False
    return float(np.abs(np.diff(seen)).sum()) > NOISY * span


def moving_mean(values: Series, window: int) -> Series:
    """The mean of the finite ones among the last `window` values; NaN where they are fewer than a quarter."""
    known = np.isfinite(values)
    count = _over(known * 1.0, window)
    return _over(np.where(known, values, 0.0), window) / np.where(count >= window / 4, count, np.nan)


def joined(x: Series, y: Series) -> tuple[Series, Series]:
    """Without the gaps, where there is one beside every point: a metric that is taken every few epochs."""
    known = np.isfinite(y)
    return (x[known], y[known]) if known.sum() > 1 and bool(alone(y)[known].all()) else (x, y)


def thinned(x: Series, y: Series) -> tuple[Series, Series]:
    """At most some `MOST_POINTS` points with the same outline: the lowest and the highest of each bucket."""
    if y.size <= MOST_POINTS:
        return x, y
    edges = np.linspace(0, y.size, BUCKETS + 1).astype(int)
    kept: list[int] = []
    for begin, end in pairwise(edges):
        bucket = y[begin:end]
        if np.isnan(bucket).all():
            kept.append(int(begin))
        else:
            kept += sorted({int(begin + np.nanargmin(bucket)), int(begin + np.nanargmax(bucket))})
    return x[kept], y[kept]


def alone(y: Series) -> NDArray[np.bool_]:
    """Which points have no neighbour to draw a line to."""
    known = np.isfinite(y)
    padded = np.concatenate(([False], known, [False]))
    return known & ~padded[:-2] & ~padded[2:]


def spans_decades(series: list[Series]) -> bool:
    """Whether the values are all positive and so far apart that a linear axis would hide the small ones."""
    values = np.concatenate([y[np.isfinite(y)] for y in series])
    return values.size > 1 and float(values.min()) > 0 and float(values.max()) > DECADES * float(values.min())


def _over(values: Series, window: int) -> Series:
    """Sums over the last `window` values."""
    sums = np.cumsum(values)
    sums[window:] -= sums[:-window].copy()
    return sums
