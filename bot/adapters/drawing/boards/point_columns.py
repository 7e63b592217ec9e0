"""The points of a sweep as columns of numbers, and which of them is the best."""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from bot.adapters.drawing.curves.series import Series, drawable, spans_decades
from bot.adapters.drawing.style.numbers import writer
from bot.domain.drawing.figures import BoardRequest, Cell
from bot.domain.model.space import Axis
from bot.domain.model.trial import TrialState
from bot.domain.parameters import Value, shown


@dataclass(frozen=True)
class Points:
    """`cells` are of the request, `axes` those over which something varies; a value that is no number is none."""

    axes: tuple[Axis, ...]
    places: tuple[int, ...]
    """Of the axes, in `Cell.at`."""
    cells: tuple[Cell, ...]
    metric: str
    maximize: bool

    @classmethod
    def of(cls, request: BoardRequest) -> "Points":
        """An axis of one value is none, unless there is no other."""
        varied = [place for place, axis in enumerate(request.axes) if len(axis.values) != 1]
        kept = tuple(varied or range(min(1, len(request.axes))))
        axes = tuple(request.axes[place] for place in kept)
        return cls(axes, kept, request.cells, request.metric, request.maximize)

    def column(self, number: int) -> list[Value]:
        """Every point's value on that axis."""
        place = self.places[number]
        return [cell.at[place] for cell in self.cells]

    @cached_property
    def values(self) -> Series:
        """NaN where there is none."""
        told = [np.nan if cell.value is None else cell.value for cell in self.cells]
        return drawable(np.asarray(told, dtype=np.float64))

    @cached_property
    def deviations(self) -> Series:
        told = [np.nan if cell.deviation is None else cell.deviation for cell in self.cells]
        return drawable(np.asarray(told, dtype=np.float64))

    @cached_property
    def states(self) -> tuple[TrialState, ...]:
        """A success whose value is no number has no metrics."""
        return tuple(
            TrialState.MISSING
            if cell.state is TrialState.SUCCEEDED and cell.value is not None and not np.isfinite(value)
            else cell.state
            for cell, value in zip(self.cells, self.values, strict=True)
        )

    def of_state(self, state: TrialState) -> NDArray[np.bool_]:
        return np.asarray([each is state for each in self.states], dtype=bool)

    @cached_property
    def final(self) -> NDArray[np.bool_]:
        """Which ones have ended well, with a value: those that have a colour by it."""
        return self.of_state(TrialState.SUCCEEDED) & np.isfinite(self.values)

    @cached_property
    def ranked(self) -> list[int]:
        """All with a value but the failed ones, as `tally` compares them; the best first, of equals the first first."""
        sign = -1 if self.maximize else 1
        found = np.flatnonzero(np.isfinite(self.values) & ~self.of_state(TrialState.FAILED))
        return [int(index) for index in found[np.argsort(sign * self.values[found], kind="stable")]]

    @property
    def best(self) -> int | None:
        return self.ranked[0] if self.ranked else None

    @property
    def over_decades(self) -> bool:
        """Whether the values are those of a loss that only a logarithmic scale can show together."""
        return not self.maximize and spans_decades([self.values])

    @cached_property
    def written(self) -> Callable[[float], str]:
        """How their values are written, alike in all places."""
        return writer(self.values)

    @property
    def counts(self) -> Mapping[TrialState, int]:
        """Of the points that have no colour by their value, by state, in the order of the states."""
        counted = Counter(state for state, final in zip(self.states, self.final, strict=True) if not final)
        return {state: counted[state] for state in TrialState if counted[state]}

    def said(self, index: int) -> str:
        """The point in words: `lr=0.1 momentum=0.5`."""
        at = self.cells[index].at
        return " ".join(f"{axis.name}={shown(at[n])}" for axis, n in zip(self.axes, self.places, strict=True))
