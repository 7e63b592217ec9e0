"""Where a parameter's values lie on an axis of a picture, and what is written at it."""

from collections.abc import Iterable, Sequence
from math import ceil, floor, log10

import numpy as np
from matplotlib.axis import Axis as DrawnAxis
from matplotlib.axis import XAxis
from matplotlib.ticker import FixedFormatter, FixedLocator, MaxNLocator, NullFormatter, NullLocator

from bot.adapters.drawing.series import SMALLEST, Series, drawable
from bot.adapters.drawing.style import lettering, theme
from bot.domain.model.space import Axis
from bot.domain.parameters import Kind, Value

FAR = 30.0
"""How far apart positive values are on a logarithmic axis, at least."""
PAD = 0.06
LONGEST_LABEL = 14


class Ruler:
    """Numbers lie at their value, or its logarithm; everything else at 0, 1, 2, … in the order of the axis.

    `seen` are the values that occur; where `log` is None, they tell whether the axis is logarithmic.
    """

    def __init__(self, axis: Axis, seen: Iterable[Value], *, log: bool | None = None) -> None:
        self.name = axis.name
        self.numeric = axis.kind in (Kind.FLOAT, Kind.INT)
        self._names = list(dict.fromkeys((*axis.values, *seen)))
        places = _numbers(self._names) if self.numeric else np.arange(len(self._names), dtype=np.float64)
        places = places[np.isfinite(places)]
        self.values = places if axis.values or not self.numeric else None
        ends = np.append(places, _numbers([axis.low, axis.high])) if axis.continuous else places
        ends = ends[np.isfinite(ends)]
        positive = ends.size > 0 and float(ends.min()) > SMALLEST
        far = positive and (axis.log or float(ends.max()) >= FAR * float(ends.min()))
        self.log = self.numeric and positive and (far if log is None else log)
        self._whole = axis.kind is Kind.INT
        self.low, self.high = self._padded(ends)

    def places(self, column: Sequence[Value]) -> Series:
        """On the axis; NaN where a number is none that an axis can hold."""
        if self.numeric:
            return _numbers(column)
        index = {name: place for place, name in enumerate(self._names)}
        return np.asarray([index[value] for value in column], dtype=np.float64)

    def units(self, places: Series) -> Series:
        """From 0 at the axis's beginning to 1 at its end."""
        low, high = self._straight(np.asarray([self.low, self.high]))
        return np.asarray((self._straight(places) - low) / (high - low), dtype=np.float64)

    def ticks(self, length: float, size: float, *, lying: bool) -> list[tuple[float, str]]:
        """Places and labels that have room on an axis of so many points; `lying` where labels stand side by side."""
        places, labels = self._candidates()
        middles = (self.units(places) * length).tolist()
        rooms = [lettering.width(label, size) if lying else size for label in labels]
        kept = lettering.with_room(middles, rooms, gap=0.7 * size if lying else 0.35 * size)
        return [(float(places[index]), labels[index]) for index in kept]

    def draw(self, drawn: DrawnAxis, length: float) -> None:
        """Sets limits, scale and labels of an axis of a picture that is `length` points long."""
        lying = isinstance(drawn, XAxis)
        axes = drawn.axes
        (axes.set_xscale if lying else axes.set_yscale)("log" if self.log else "linear")
        (axes.set_xlim if lying else axes.set_ylim)(self.low, self.high)
        ticks = self.ticks(length, theme.LABEL, lying=lying)
        drawn.set_major_locator(FixedLocator([place for place, _ in ticks]))
        drawn.set_major_formatter(FixedFormatter([label for _, label in ticks]))
        drawn.set_minor_locator(NullLocator())
        drawn.set_minor_formatter(NullFormatter())
        drawn.set_label_text(theme.short(self.name))

    def _straight(self, places: Series) -> Series:
        return np.log10(places) if self.log else places

    def _padded(self, ends: Series) -> tuple[float, float]:
        if ends.size == 0:
            return 0.0, 1.0
        if not self.numeric:
            return -0.5, float(ends.max()) + 0.5
        low, high = (float(end) for end in self._straight(np.asarray([ends.min(), ends.max()])))
        largest = max(abs(low), abs(high))
        if high - low > max(SMALLEST, 1e-9 * largest):
            pad = PAD * (high - low)
        else:
            pad = 0.5 * largest if largest > SMALLEST and not self.log else 0.5
        return (10 ** (low - pad), 10 ** (high + pad)) if self.log else (low - pad, high + pad)

    def _candidates(self) -> tuple[Series, list[str]]:
        """The values themselves where there are few; else round numbers."""
        if not self.numeric:
            return np.arange(len(self._names), dtype=np.float64), lettering.labels(self._names, LONGEST_LABEL)
        if self.values is not None and self.values.size <= 12:
            return self.values, lettering.labels(self.values.tolist(), LONGEST_LABEL)
        places = self._decades() if self.log else self._round()
        places = places[(places >= self.low) & (places <= self.high)]
        return places, [f"{place:g}" for place in places]

    def _decades(self) -> Series:
        first, last = floor(log10(self.low)), ceil(log10(self.high))
        steps: tuple[int, ...] = (1,) if last - first > 3 else (1, 3)
        return np.asarray([step * 10.0**power for power in range(first, last + 1) for step in steps], dtype=np.float64)

    def _round(self) -> Series:
        locator = MaxNLocator(nbins=6, steps=(1, 2, 2.5, 5, 10), integer=self._whole, min_n_ticks=1)
        return np.asarray([round(float(place), 12) for place in locator.tick_values(self.low, self.high)])


def _numbers(column: Iterable[Value]) -> Series:
    """NaN for those that no axis can hold."""
    return drawable(np.asarray([_number(value) for value in column], dtype=np.float64))


def _number(value: Value) -> float:
    try:
        return float(value)
    except OverflowError:  # a whole number of 400 digits
        return np.nan
