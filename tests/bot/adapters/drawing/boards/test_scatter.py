from matplotlib.axes import Axes
from matplotlib.figure import Figure

from bot.domain.drawing.figures import Cell
from bot.domain.model.trial import TrialState
from tests.bot.adapters.drawing.boards.samples import ANY_LR, ANY_MOMENTUM, OPTIMIZER, drawn, request, signs, stars

CELLS = [
    Cell((0.1, 0.5), TrialState.SUCCEEDED, 97.0),
    Cell((0.001, 0.9), TrialState.SUCCEEDED, 98.0),
    Cell((0.01, 0.2), TrialState.FAILED),
    Cell((0.5, 0.7), TrialState.RUNNING, 90.0),
]


def scattered(*cells: Cell) -> Figure:
    return drawn(request([ANY_LR, ANY_MOMENTUM], cells))


def dots(axes: Axes) -> list[list[float]]:
    return [] if not axes.collections else [list(map(float, at)) for at in axes.collections[0].get_offsets()]


def test_the_first_axis_goes_up_and_the_second_to_the_right() -> None:
    axes = scattered(*CELLS).axes[0]
    assert (axes.get_ylabel(), axes.get_yscale()) == ("lr", "log")
    assert (axes.get_xlabel(), axes.get_xscale()) == ("momentum", "linear")
    assert dots(axes) == [[0.5, 0.1], [0.9, 0.001]]


def test_states_are_told_apart_and_the_best_is_marked() -> None:
    axes = scattered(*CELLS).axes[0]
    assert signs(axes, TrialState.FAILED) == [(0.2, 0.01)]
    assert signs(axes, TrialState.RUNNING) == [(0.7, 0.5)]
    assert stars(axes) == [(0.9, 0.001)]


def test_the_better_points_are_on_top() -> None:
    cells = [Cell((0.1, n / 10), TrialState.SUCCEEDED, float(n * 7 % 10)) for n in range(10)]
    axes = drawn(request([ANY_LR, ANY_MOMENTUM], cells)).axes[0]
    values = {cell.at[1]: cell.value for cell in cells}
    order = [values[x] for x, _ in dots(axes)]
    assert order == sorted(order, key=lambda value: value or 0.0)


def test_choices_may_be_one_of_the_axes() -> None:
    cells = [Cell((name, 0.1 * n + 0.1), TrialState.SUCCEEDED, n) for n, name in enumerate(("adam", "sgd"))]
    axes = drawn(request([OPTIMIZER, ANY_LR], cells)).axes[0]
    assert [label.get_text() for label in axes.get_yticklabels()] == ["sgd", "adam", "rmsprop"]
    assert stars(axes) == [(0.2, 0.0)]


def test_before_anything_was_chosen_there_are_the_axes() -> None:
    figure = scattered()
    assert len(figure.axes) == 1
    assert [label.get_text() for label in figure.axes[0].get_yticklabels()] == ["0.0001", "0.001", "0.01", "0.1", "1"]
