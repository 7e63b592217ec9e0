import math

import numpy as np
import pytest

from bot.adapters.drawing.style.ruler import Ruler
from bot.domain.model.space import Axis
from bot.domain.parameters import Kind
from tests.bot.adapters.drawing.boards.samples import ANY_LR, ANY_MOMENTUM, LR, OPTIMIZER

LONG, SIZE = 480, 13


def ticks(ruler: Ruler) -> list[str]:
    return [label for _, label in ruler.ticks(LONG, SIZE, horizontal=True)]


def test_values_over_decades_lie_by_their_logarithm() -> None:
    ruler = Ruler(LR, [])
    low, middle, high = ruler.units(ruler.positions([0.001, 0.01, 0.1]))
    assert middle - low == pytest.approx(high - middle)
    assert 0 < low < high < 1
    assert ticks(ruler) == ["0.001", "0.01", "0.1"]


def test_near_values_lie_by_their_value() -> None:
    ruler = Ruler(Axis("layers", Kind.INT, (1, 2, 4)), [])
    low, middle, high = ruler.units(ruler.positions([1, 2, 4]))
    assert high - middle == pytest.approx(2 * (middle - low))


def test_a_range_is_as_it_was_declared() -> None:
    assert (Ruler(ANY_LR, []).log, Ruler(ANY_MOMENTUM, []).log) == (True, False)
    assert ticks(Ruler(ANY_LR, [0.5])) == ["0.0001", "0.001", "0.01", "0.1", "1"]
    assert ticks(Ruler(ANY_MOMENTUM, [0.5])) == ["0", "0.2", "0.4", "0.6", "0.8", "1"]


def test_choices_lie_side_by_side_in_their_order() -> None:
    ruler = Ruler(OPTIMIZER, ["adam"])
    assert ruler.positions(["sgd", "adam", "rmsprop"]).tolist() == [0, 1, 2]
    assert ticks(ruler) == ["sgd", "adam", "rmsprop"]


def test_of_many_labels_those_with_room_are_shown() -> None:
    ruler = Ruler(Axis("note", Kind.STRING, tuple(f"a note {n}" for n in range(100))), [])
    assert 3 < len(ticks(ruler)) < 12


@pytest.mark.parametrize("values", [(5,), (0,), (1e308, 1.0), (5e-324, 1.0), (10**400, 1), (-1, 1000)])
def test_strange_numbers_leave_an_axis_that_can_be_drawn(values: tuple[float, ...]) -> None:
    ruler = Ruler(Axis("n", Kind.FLOAT, values), [])
    units = ruler.units(ruler.positions(list(values)))
    assert ruler.low < ruler.high
    assert math.isfinite(ruler.high - ruler.low)
    assert np.all((units[np.isfinite(units)] > 0) & (units[np.isfinite(units)] < 1))
