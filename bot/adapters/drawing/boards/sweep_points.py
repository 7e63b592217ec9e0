"""A sweep's points as columns of numbers, and which one is best."""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from bot.adapters.drawing.series import Series, drawable, spans_decades
from bot.adapters.drawing.style.numbers import formatter
from bot.domain.drawing.figures import BoardRequest, Cell
from bot.domain.model.space import Axis
from bot.domain.model.trial import TrialState
from bot.domain.numbers import told_apart
from bot.domain.parameters import Value, shown

FEW = 5
"""The best points, whose values are told apart."""


@dataclass(frozen=True)
class SweepPoints:
    """All points of a request. `axes` are the axes that vary; values that are not finite count as missing."""

    axes: tuple[Axis, ...]
    axis_indices: tuple[int, ...]
    """Where the axes stand in `Cell.at`."""
    cells: tuple[Cell, ...]
    metric: str
    maximize: bool

    @classmethod
    def from_request(cls, request: BoardRequest) -> "SweepPoints":
        """Leave out axes with a single value, unless there are no others."""
        varied = [index for index, axis in enumerate(request.axes) if len(axis.values) != 1]
        indices = tuple(varied or range(min(1, len(request.axes))))
        axes = tuple(request.axes[index] for index in indices)
        return cls(axes, indices, request.cells, request.metric, request.maximize)

    def column(self, number: int) -> list[Value]:
        """Every point's value on this axis."""
        index = self.axis_indices[number]
        return [cell.at[index] for cell in self.cells]

    @cached_property
    def values(self) -> Series:
        """NaN for points without a value."""
        values = [np.nan if cell.value is None else cell.value for cell in self.cells]
        return drawable(np.asarray(values, dtype=np.float64))

    @cached_property
    def deviations(self) -> Series:
        """NaN for points without a deviation."""
        deviations = [np.nan if cell.deviation is None else cell.deviation for cell in self.cells]
        return drawable(np.asarray(deviations, dtype=np.float64))

    @cached_property
    def states(self) -> tuple[TrialState, ...]:
        """A success whose value is not finite becomes MISSING."""
        return tuple(
            TrialState.MISSING
            if cell.state is TrialState.SUCCEEDED and cell.value is not None and not np.isfinite(value)
            else cell.state
            for cell, value in zip(self.cells, self.values, strict=True)
        )

    def in_state(self, state: TrialState) -> NDArray[np.bool_]:
        return np.asarray([each is state for each in self.states], dtype=bool)

    @cached_property
    def final(self) -> NDArray[np.bool_]:
        """Which points succeeded with a value. These are coloured by it."""
        return self.in_state(TrialState.SUCCEEDED) & np.isfinite(self.values)

    @cached_property
    def ranked(self) -> list[int]:
        """Indices of the points with a value, without failed ones, best first as in `tally`. Equals stay in order."""
        sign = -1 if self.maximize else 1
        found = np.flatnonzero(np.isfinite(self.values) & ~self.in_state(TrialState.FAILED))
        return [int(index) for index in found[np.argsort(sign * self.values[found], kind="stable")]]

    @property
    def best(self) -> int | None:
        return self.ranked[0] if self.ranked else None

    @property
    def over_decades(self) -> bool:
        """Whether the metric is a loss whose values only a logarithmic scale can show together."""
        return not self.maximize and spans_decades([self.values])

    @cached_property
    def format_value(self) -> Callable[[float], str]:
        """Formats values alike everywhere in the picture."""
        return formatter(self.values)

    @property
    def counts(self) -> Mapping[TrialState, int]:
        """How many points that are not final are in each state, in the order of the states."""
        counted = Counter(state for state, final in zip(self.states, self.final, strict=True) if not final)
        return {state: counted[state] for state in TrialState if counted[state]}

    def describe(self, index: int) -> str:
        """`lr=0.1 momentum=0.5`; of drawn numbers three digits, or what tells them from the others."""
        return " ".join(f"{axis.name}={self._text(number, index)}" for number, axis in enumerate(self.axes))

    def _text(self, number: int, index: int) -> str:
        own = self.cells[index].at[self.axis_indices[number]]
        if not self.axes[number].continuous or not isinstance(own, float):
            return shown(own)
        few = [self.cells[other].at[self.axis_indices[number]] for other in self.ranked[:FEW]]
        return told_apart([own, *(value for value in few if isinstance(value, float))])[0]
