"""What a sweep goes over: the axes, and the trials' points by number, exactly as the trials derive them themselves."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import prod
from typing import Any

from bot.domain.parameters import Kind, Value
from trainer import space as trials_own


@dataclass(frozen=True, slots=True)
class Axis:
    """One parameter that is varied: over `values`, or, where there are none, anywhere from `low` to `high`."""

    name: str
    kind: Kind
    values: tuple[Value, ...] = ()
    low: float = 0.0
    high: float = 0.0
    log: bool = False

    @property
    def continuous(self) -> bool:
        return not self.values


@dataclass(frozen=True, slots=True)
class Space:
    """`encoded` is the JSON object that a trial gets as SWEEP_SPACE (`trainer/space.py`)."""

    axes: tuple[Axis, ...]
    encoded: Mapping[str, Any] = field(default_factory=dict)

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(axis.name for axis in self.axes)

    @property
    def varied(self) -> tuple[Axis, ...]:
        return tuple(axis for axis in self.axes if len(axis.values) != 1)

    @property
    def fixed(self) -> dict[str, Value]:
        """What all points have alike: it was written as a list of one value."""
        return {axis.name: axis.values[0] for axis in self.axes if len(axis.values) == 1}

    @property
    def size(self) -> int | None:
        """The number of points of the grid; None where an axis is continuous."""
        return None if any(axis.continuous for axis in self.axes) else prod(len(axis.values) for axis in self.axes)

    def point(self, number: int) -> dict[str, Value]:
        """The parameters of trial `number`, with its fold where there are folds. IndexError beyond the last."""
        return trials_own.point(self.encoded, number)
