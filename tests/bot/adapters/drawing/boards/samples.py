"""Requests for pictures of sweeps, and what is in a picture."""

from collections.abc import Sequence
from itertools import product
from typing import Any

from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from bot.adapters.drawing.boards.board_page import make_board
from bot.domain.drawing.figures import BoardRequest, Cell
from bot.domain.model.space import Axis
from bot.domain.model.trial import TrialState
from bot.domain.parameters import Kind

LR = Axis("lr", Kind.FLOAT, (0.1, 0.01, 0.001))
MOMENTUM = Axis("momentum", Kind.FLOAT, (0.5, 0.1, 0.05))
OPTIMIZER = Axis("optimizer", Kind.CHOICE, ("sgd", "adam", "rmsprop"))
ANY_LR = Axis("lr", Kind.FLOAT, low=1e-4, high=1.0, log=True)
ANY_MOMENTUM = Axis("momentum", Kind.FLOAT, low=0.0, high=1.0)
NINE = (99.3, 99.2, 99.35, 99.1, 99.1, 99.1, 98.5, 98.1, 97.9)
"""The published sweep's accuracies, with one best."""


def request(axes: Sequence[Axis], cells: Sequence[Cell], **more: Any) -> BoardRequest:
    more = {"title": "mnist sweep k7q2mx", "subtitle": "main@a1b2c3d", "metric": "val_accuracy", **more}
    return BoardRequest(axes=tuple(axes), cells=tuple(cells), **more)


def grid(axes: Sequence[Axis], values: Sequence[float | TrialState | None]) -> list[Cell]:
    """A cell for each point, in order: its value, or its state where it has none."""
    points = product(*(axis.values for axis in axes))
    return [
        Cell(at, value) if isinstance(value, TrialState) else Cell(at, TrialState.SUCCEEDED, value)
        for at, value in zip(points, values, strict=True)
    ]


def drawn(asked: BoardRequest) -> Figure:
    figure, _ = make_board(asked)
    assert figure is not None
    FigureCanvasAgg(figure).draw()
    return figure


def texts(axes: Axes) -> list[str]:
    return [text.get_text() for text in axes.texts]


def stars(axes: Axes) -> list[tuple[float, float]]:
    found = [line for line in axes.get_lines() if line.get_label() == "_best"]
    return [(float(line.get_xdata()[0]), float(line.get_ydata()[0])) for line in found]


def signs(axes: Axes, state: TrialState) -> list[tuple[float, float]]:
    """Where the state's sign is."""
    lines = [line for line in axes.get_lines() if line.get_label() == f"_{state}"]
    return [(float(x), float(y)) for line in lines for x, y in zip(line.get_xdata(), line.get_ydata(), strict=True)]
