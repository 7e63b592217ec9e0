"""Draw a picture of a sweep: a header, and its points below it."""

from datetime import UTC, datetime
from functools import partial
from typing import Protocol

import matplotlib as mpl
from matplotlib.figure import Figure, SubFigure
from matplotlib.layout_engine import ConstrainedLayoutEngine

from bot.adapters.drawing.boards import heatmap, one_axis, parallel_coordinates, scatter
from bot.adapters.drawing.boards.state_marks import WORDS, state_legend
from bot.adapters.drawing.boards.sweep_points import SweepPoints
from bot.adapters.drawing.curves.figure_page import to_png
from bot.adapters.drawing.style import lettering, theme
from bot.adapters.drawing.style.header import INSIDE, Header
from bot.domain.drawing.figures import BoardRequest, Drawing
from bot.domain.model.trial import TrialState


class Draw(Protocol):
    """Draws the points into a part of the picture that is `height` inches high."""

    def __call__(self, figure: SubFigure, points: SweepPoints, *, height: float) -> None: ...


def draw_board(request: BoardRequest) -> Drawing:
    figure, remarks = make_board(request)
    return Drawing(None if figure is None else to_png(figure), remarks)


def make_board(request: BoardRequest) -> tuple[Figure | None, tuple[str, ...]]:
    """The figure before rendering (None if there is nothing to show), and remarks."""
    if not request.axes:
        return None, ("Nothing varies in this sweep, so there is nothing to draw.",)
    points = SweepPoints.from_request(request)
    if points.cells and points.best is None and not any(points.counts.get(state) for state in _OPEN):
        return None, (f"No trial reported {request.metric}, so there is nothing to draw.",)
    with mpl.rc_context(theme.style()):
        kind, draw = _kind(points, request)
        return _figure(request, points, kind, draw), tuple(_left_out_remarks(points, request))


_OPEN = (TrialState.WAITING, TrialState.RUNNING, TrialState.SUCCEEDED)
"""States of trials that may report a value yet. A success is read a little later."""


def _kind(points: SweepPoints, request: BoardRequest) -> tuple[str, Draw]:
    """Choose how to draw the points by the number of axes, and whether their values are listed."""
    if len(points.axes) == 1:
        return "points", one_axis.draw_one_axis
    if len(points.axes) > 2:
        without = parallel_coordinates.left_out(points, request.importance)
        draw = partial(parallel_coordinates.draw_parallel, without=without, importance=request.importance)
        return "parallel coordinates", draw
    return ("heatmap", heatmap.draw_heatmap) if heatmap.fits(points) else ("scatter plot", scatter.draw_scatter)


def _left_out_remarks(points: SweepPoints, request: BoardRequest) -> list[str]:
    without = parallel_coordinates.left_out(points, request.importance)
    if not without:
        return []
    return [f"The picture has room for {parallel_coordinates.MOST_AXES} parameters; left out: {', '.join(without)}."]


def _figure(request: BoardRequest, points: SweepPoints, kind: str, draw: Draw) -> Figure:
    header = Header(
        request.title,
        "   ".join([request.subtitle, *_importance_note(points, request)]),
        notes=[*_best_note(points), *_sample_note(points)],
        legend=state_legend(points),
        columns=4,
        corner="" if request.as_of is None else f"as of {datetime.fromtimestamp(request.as_of, UTC):%H:%M} UTC",
    )
    height = theme.HEIGHT_INCHES
    layout = ConstrainedLayoutEngine(rect=(0, 0, 1, 1 - header.height / height), w_pad=0.08, h_pad=0.05, hspace=0)
    figure = Figure(figsize=(theme.WIDTH_INCHES, height), dpi=theme.DPI, layout=layout)
    figure.set_label(_described(request, points, kind))
    header.draw(figure, height)
    draw(figure.add_subfigure(figure.add_gridspec(1, 1)[0]), points, height=height - header.height)
    return figure


def _best_note(points: SweepPoints) -> list[str]:
    if points.best is None:
        return []
    return lettering.wrapped(f"★ best {_best(points, points.best)}", INSIDE, theme.SUBTITLE, 2)


def _best(points: SweepPoints, index: int) -> str:
    value = points.format_value(points.values[index])
    short = value.rstrip("0").rstrip(".") if "." in value and "e" not in value else value
    return f"{points.metric} {short} at {points.describe(index)}"


def _sample_note(points: SweepPoints) -> list[str]:
    return [f"a sample of {len(points.cells):,} lines, the best on top"] if parallel_coordinates.sampled(points) else []


def _importance_note(points: SweepPoints, request: BoardRequest) -> list[str]:
    if len(points.axes) < 3 or not request.importance:
        return []
    return [f"%: how much {points.metric} depends on it"]


def _described(request: BoardRequest, points: SweepPoints, kind: str) -> str:
    """The picture in words, for people who do not see it."""
    names = ", ".join(axis.name for axis in points.axes)
    sentences = [f"{request.title}: {kind} of {points.metric} over {names}, {len(points.cells):,} points."]
    if points.best is not None:
        sentences.append(f"Best {_best(points, points.best)}.")
    counts = ", ".join(f"{count:,} {WORDS[state]}" for state, count in points.counts.items())
    return " ".join([*sentences, f"{counts}." if counts else ""]).strip()
