import numpy as np
import pytest
from matplotlib.axes import Axes

from bot.domain.drawing.figures import Cell
from bot.domain.model.space import Axis
from bot.domain.model.trial import TrialState
from bot.domain.parameters import Kind
from tests.bot.adapters.drawing.boards.samples import ANY_LR, LR, OPTIMIZER, drawn, grid, request, signs, stars, texts

FIVE = Axis("lr", Kind.FLOAT, (0.1, 0.03, 0.01, 0.003, 0.001))


def curve(axis: Axis, *values: float | TrialState, **more: object) -> Axes:
    return drawn(request([axis], grid([axis], values), **more)).axes[0]


def points(axes: Axes) -> list[tuple[float, float]]:
    (line,) = [line for line in axes.get_lines() if line.get_label() == "_values"]
    return [(float(x), float(y)) for x, y in zip(line.get_xdata(), line.get_ydata(), strict=True)]


def test_the_value_over_the_parameter_in_the_order_of_the_axis() -> None:
    axes = curve(FIVE, 97.1, 98.2, 98.31, TrialState.FAILED, 96.2)
    assert points(axes) == [(0.001, 96.2), (0.01, 98.31), (0.03, 98.2), (0.1, 97.1)]
    assert (axes.get_xscale(), axes.get_xlabel(), axes.get_ylabel()) == ("log", "lr", "val_accuracy")
    assert [label.get_text() for label in axes.get_xticklabels()] == ["0.001", "0.003", "0.01", "0.03", "0.1"]


def test_the_best_is_marked_and_each_has_its_number() -> None:
    axes = curve(FIVE, 97.1, 98.2, 98.31, TrialState.FAILED, 96.2)
    assert stars(axes) == [(0.01, 98.31)]
    assert sorted(texts(axes)) == ["96.20", "97.10", "98.20", "98.31"]


def test_those_without_a_value_are_at_the_foot() -> None:
    axes = curve(FIVE, 97.1, 98.2, TrialState.RUNNING, TrialState.FAILED, TrialState.WAITING)
    feet = [signs(axes, state) for state in (TrialState.RUNNING, TrialState.FAILED, TrialState.WAITING)]
    assert [[x for x, _ in each] for each in feet] == [[0.01], [0.003], [0.001]]
    assert all(0 < y < 0.1 for each in feet for _, y in each)


def test_choices_have_no_line_between_them() -> None:
    axes = curve(OPTIMIZER, 0.0971, 0.0982, 0.0831, metric="val_loss", maximize=False)
    (line,) = [line for line in axes.get_lines() if line.get_label() == "_values"]
    assert (line.get_linestyle(), stars(axes)) == ("None", [(2, 0.0831)])
    assert [label.get_text() for label in axes.get_xticklabels()] == ["sgd", "adam", "rmsprop"]


def test_of_folds_the_deviation_is_a_bar_also_below_nothing() -> None:
    cells = [Cell(cell.at, cell.state, cell.value, 5.0) for cell in grid([LR], [1e-4, 1.0, 10.0])]
    axes = drawn(request([LR], cells, maximize=False)).axes[0]
    assert axes.get_yscale() == "log"
    assert len(axes.containers) == 1


def test_before_anything_has_ended_there_is_the_axis() -> None:
    axes = curve(FIVE, *[TrialState.WAITING] * 5)
    assert [x for x, _ in signs(axes, TrialState.WAITING)] == list(FIVE.values)
    assert stars(axes) == []


@pytest.mark.parametrize("count", [0, 1, 10_000])
def test_any_number_of_points_of_a_range(count: int) -> None:
    at = np.geomspace(1e-4, 1.0, count)
    cells = [Cell((float(x),), TrialState.SUCCEEDED, float(n)) for n, x in enumerate(at)]
    axes = drawn(request([ANY_LR], cells)).axes[0]
    assert len(points(axes)) == count
    assert len(texts(axes)) <= 12
