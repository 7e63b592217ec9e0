import random

import pytest
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection

from bot.adapters.drawing.boards.board_page import make_board
from bot.domain.drawing.figures import Cell
from bot.domain.model.space import Axis
from bot.domain.model.trial import TrialState
from bot.domain.parameters import Kind
from tests.bot.adapters.drawing.boards.samples import (
    ANY_LR,
    ANY_MOMENTUM,
    LR,
    MOMENTUM,
    OPTIMIZER,
    drawn,
    grid,
    request,
    signs,
    stars,
    texts,
)

THREE = (ANY_LR, ANY_MOMENTUM, OPTIMIZER)


def sampled(count: int) -> list[Cell]:
    dice = random.Random(5)
    return [
        Cell(
            (10 ** dice.uniform(-4, 0), dice.random(), dice.choice(OPTIMIZER.values)),
            TrialState.SUCCEEDED,
            dice.random(),
        )
        for _ in range(count)
    ]


def lines(axes: Axes) -> int:
    bundles = [each for each in axes.collections if isinstance(each, LineCollection)]
    return sum(len(bundle.get_segments()) for bundle in bundles) + len(on_top(axes))


def on_top(axes: Axes) -> list[list[float]]:
    return [list(map(float, line.get_ydata())) for line in axes.get_lines() if line.get_label() == "_top"]


def test_a_line_for_each_point_through_its_axes_to_the_metric() -> None:
    axes = drawn(request(THREE, sampled(60))).axes[0]
    assert lines(axes) == 60
    assert [name for name in texts(axes) if name in ("lr", "momentum", "optimizer", "val_accuracy")] == [
        "lr",
        "momentum",
        "optimizer",
        "val_accuracy",
    ]
    assert {"0.0001", "1", "sgd", "adam", "rmsprop"} <= set(texts(axes))


@pytest.mark.parametrize("maximize", [True, False])
def test_the_best_few_are_on_top_and_the_best_has_a_star(maximize: bool) -> None:
    cells = sampled(60)
    axes = drawn(request(THREE, cells, maximize=maximize)).axes[0]
    ends = [line[-1] for line in on_top(axes)]
    assert len(ends) == 5
    assert ends == sorted(ends, reverse=not maximize)
    assert stars(axes) == [(3, ends[-1])]


def test_signs_are_at_the_end_of_a_line() -> None:
    axes = (LR, MOMENTUM, Axis("augment", Kind.BOOLEAN, (True, False)))
    cells = grid(axes, [98.0, *[TrialState.FAILED] * 2, *[TrialState.WAITING] * 15])
    cells[3] = Cell(cells[3].at, TrialState.RUNNING, 97.0)
    drawn_axes = drawn(request(axes, cells)).axes[0]
    assert {x for x, _ in signs(drawn_axes, TrialState.FAILED)} == {2}
    assert [x for x, _ in signs(drawn_axes, TrialState.RUNNING)] == [3]
    assert lines(drawn_axes) == 4


def test_of_ten_thousand_lines_a_sample_is_drawn_and_that_is_said() -> None:
    figure = drawn(request(THREE, sampled(10_000)))
    assert 1_000 < lines(figure.axes[0]) <= 1_505
    assert "a sample of 10,000 lines, the best on top" in [text.get_text() for text in figure.texts]


def test_there_is_room_for_so_many_axes_and_the_least_important_go() -> None:
    axes = [Axis(f"parameter_{n}", Kind.FLOAT, low=0.0, high=1.0) for n in range(10)]
    cells = [Cell(tuple(0.1 * n for _ in axes), TrialState.SUCCEEDED, n) for n in range(5)]
    importance = {axis.name: 0.0 if n in (3, 5, 7) else 0.125 for n, axis in enumerate(axes)}
    figure, remarks = make_board(request(axes, cells, importance=importance))
    assert figure is not None
    assert remarks == ("The picture has room for 7 parameters; left out: parameter_3, parameter_5, parameter_7.",)
    assert not any("parameter_3" in text for text in texts(figure.axes[0]))
    assert any("parameter_4" in text for text in texts(figure.axes[0]))


def test_before_anything_was_chosen_there_are_the_axes() -> None:
    axes = drawn(request(THREE, [])).axes[0]
    assert (lines(axes), stars(axes)) == (0, [])
    assert {"sgd", "0.01"} <= set(texts(axes))
