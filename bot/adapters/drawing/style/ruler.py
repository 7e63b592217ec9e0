"""Map a parameter's values to positions on a drawn axis, and choose the axis's labels."""

from collections.abc import Iterable, Sequence
from math import ceil, floor, log10

import numpy as np
from matplotlib.axis import Axis as DrawnAxis
from matplotlib.axis import XAxis
from matplotlib.ticker import FixedFormatter, FixedLocator, MaxNLocator, NullFormatter, NullLocator

from bot.adapters.drawing.series import SMALLEST, Series, drawable
from bot.adapters.drawing.style import lettering, theme
from bot.domain.model.space import Axis
from bot.domain.numbers import told_apart
from bot.domain.parameters import Kind, Value

FAR = 30.0
"""Positive values may get a logarithmic axis if the largest is at least this many times the smallest."""
PAD = 0.06
"""Free space at each end, as a share of the axis."""
LONGEST_LABEL = 14


class Ruler:
    """Puts numbers at their value or its logarithm, and anything else at 0, 1, 2, … in the order of the axis.

    `seen` are the values that occur. If `log` is None, the values decide whether the axis is logarithmic.
    """

    def __init__(self, axis: Axis, seen: Iterable[Value], *, log: bool | None = None) -> None:
        self.name = axis.name
        self.numeric = axis.kind in (Kind.FLOAT, Kind.INT)
        self._names = list(dict.fromkeys((*axis.values, *seen)))
        positions = _numbers(self._names) if self.numeric else np.arange(len(self._names), dtype=np.float64)
        positions = positions[np.isfinite(positions)]
        self.values = positions if axis.values or not self.numeric else None
        ends = np.append(positions, _numbers([axis.low, axis.high])) if axis.continuous else positions
        ends = ends[np.isfinite(ends)]
        positive = ends.size > 0 and float(ends.min()) > SMALLEST
        far = positive and (axis.log or (float(ends.max()) >= FAR * float(ends.min()) and not _evenly_spaced(ends)))
        self.log = self.numeric and positive and (far if log is None else log)
        self._whole = axis.kind is Kind.INT
        self.low, self.high = self._padded(ends)

    def positions(self, column: Sequence[Value]) -> Series:
        """Each value's position on the axis; NaN for numbers too large to draw."""
        if self.numeric:
            return _numbers(column)
        index = {name: position for position, name in enumerate(self._names)}
        return np.asarray([index[value] for value in column], dtype=np.float64)

    def units(self, positions: Series) -> Series:
        """Positions scaled from 0 at the start of the axis to 1 at its end."""
        low, high = self._linear(np.asarray([self.low, self.high]))
        return np.asarray((self._linear(positions) - low) / (high - low), dtype=np.float64)

    def ticks(self, length: float, size: float, *, horizontal: bool) -> list[tuple[float, str]]:
        """Positions and labels that fit on an axis `length` points long, in letters of `size` points."""
        positions, labels = self._candidates()
        middles = (self.units(positions) * length).tolist()
        lengths = [lettering.width(label, size) if horizontal else size for label in labels]
        chosen = lettering.without_overlap(middles, lengths, gap=0.7 * size if horizontal else 0.35 * size)
        return [(float(positions[index]), labels[index]) for index in chosen]

    def draw(self, drawn: DrawnAxis, length: float) -> None:
        """Set the limits, scale and labels of a drawn axis `length` points long."""
        horizontal = isinstance(drawn, XAxis)
        axes = drawn.axes
        (axes.set_xscale if horizontal else axes.set_yscale)("log" if self.log else "linear")
        (axes.set_xlim if horizontal else axes.set_ylim)(self.low, self.high)
        ticks = self.ticks(length, theme.LABEL, horizontal=horizontal)
        drawn.set_major_locator(FixedLocator([position for position, _ in ticks]))
        drawn.set_major_formatter(FixedFormatter([label for _, label in ticks]))
        drawn.set_minor_locator(NullLocator())
        drawn.set_minor_formatter(NullFormatter())
        drawn.set_label_text(theme.short(self.name))

    def _linear(self, positions: Series) -> Series:
        return np.log10(positions) if self.log else positions

    def _padded(self, ends: Series) -> tuple[float, float]:
        if ends.size == 0:
            return 0.0, 1.0
        if not self.numeric:
            return -0.5, float(ends.max()) + 0.5
        low, high = (float(end) for end in self._linear(np.asarray([ends.min(), ends.max()])))
        largest = max(abs(low), abs(high))
        if high - low > max(SMALLEST, 1e-9 * largest):
            pad = PAD * (high - low)
        else:
            pad = 0.5 * largest if largest > SMALLEST and not self.log else 0.5
        return (10 ** (low - pad), 10 ** (high + pad)) if self.log else (low - pad, high + pad)

    def _candidates(self) -> tuple[Series, list[str]]:
        """The values themselves if there are few, else round numbers."""
        if not self.numeric:
            return np.arange(len(self._names), dtype=np.float64), lettering.labels(self._names, LONGEST_LABEL)
        if self.values is not None and self.values.size <= 12:
            return self.values, lettering.labels(self.values.tolist(), LONGEST_LABEL)
        positions = self._decades() if self.log else self._round()
        positions = positions[(positions >= self.low) & (positions <= self.high)]
        return positions, told_apart(positions.tolist(), short=True)

    def _decades(self) -> Series:
        first, last = floor(log10(self.low)), ceil(log10(self.high))
        steps: tuple[int, ...] = (1,) if last - first > 3 else (1, 3)
        return np.asarray([step * 10.0**power for power in range(first, last + 1) for step in steps], dtype=np.float64)

    def _round(self) -> Series:
        locator = MaxNLocator(nbins=6, steps=(1, 2, 2.5, 5, 10), integer=self._whole, min_n_ticks=1)
        return np.asarray([round(float(tick), 12) for tick in locator.tick_values(self.low, self.high)])


def _evenly_spaced(values: Series) -> bool:
    """Whether there are several steps, and they are as equal as those of seeds from 1 to 100."""
    steps = np.diff(np.unique(values))
    return steps.size > 1 and float(steps.max()) < 1.5 * float(steps.min())


def _numbers(column: Iterable[Value]) -> Series:
    """NaN for numbers too large to draw."""
    return drawable(np.asarray([_number(value) for value in column], dtype=np.float64))


def _number(value: Value) -> float:
    try:
        return float(value)
    except OverflowError:  # an integer of 400 digits
        return np.nan
