"""The picture of a sweep: a header, what came of its points, and under it importance and the curves of the best."""

import textwrap
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import matplotlib as mpl
from matplotlib.figure import Figure, SubFigure
from matplotlib.layout_engine import ConstrainedLayoutEngine

from bot.adapters.drawing.boards import heatmap, one_axis, parallel_coordinates, scatter
from bot.adapters.drawing.boards.best_curves import Overlay
from bot.adapters.drawing.boards.importance_bars import draw_importance
from bot.adapters.drawing.boards.importance_bars import height as importance_height
from bot.adapters.drawing.boards.state_marks import legend_of
from bot.adapters.drawing.boards.sweep_points import Points
from bot.adapters.drawing.curves.figure_page import rendered
from bot.adapters.drawing.style import theme
from bot.adapters.drawing.style.header import SUBTITLE_WIDTH, Header
from bot.domain.drawing.figures import BoardRequest, Drawing


@dataclass(frozen=True, slots=True)
class Section:
    """A part of the picture, as wide as the whole; `height` in inches."""

    height: float
    draw: Callable[[SubFigure], None]


def draw_board(request: BoardRequest) -> Drawing:
    """The request as a PNG."""
    figure, remarks = board_of(request)
    return Drawing(None if figure is None else rendered(figure), remarks)


def board_of(request: BoardRequest) -> tuple[Figure | None, tuple[str, ...]]:
    """The figure, not yet rendered, or None where nothing varies; and what is to be said of it."""
    if not request.axes:
        return None, ("Nothing varies in this sweep, so there is nothing to draw.",)
    points = Points.of(request)
    overlay, remarks = Overlay.of(request)
    with mpl.rc_context(theme.style()):
        sections = [_of_points(points, request)]
        if request.importance:
            draw = partial(draw_importance, importance=request.importance, metric=request.metric)
            sections.append(Section(importance_height(request.importance), draw))
        if overlay is not None:
            sections.append(Section(overlay.height, overlay.draw))
        return _figure(request, points, sections), (*_left_out(points, request), *remarks)


def _of_points(points: Points, request: BoardRequest) -> Section:
    if len(points.axes) == 1:
        return Section(one_axis.HEIGHT, partial(one_axis.draw_curve, points=points))
    if len(points.axes) > 2:
        without = parallel_coordinates.left_out(points, request.importance)
        return Section(
            parallel_coordinates.HEIGHT, partial(parallel_coordinates.draw_parallel, points=points, without=without)
        )
    if heatmap.fits(points):
        return Section(heatmap.height(points), partial(heatmap.draw_heatmap, points=points))
    return Section(scatter.HEIGHT, partial(scatter.draw_scattered, points=points))


def _left_out(points: Points, request: BoardRequest) -> list[str]:
    without = parallel_coordinates.left_out(points, request.importance)
    if not without:
        return []
    return [f"The picture has room for {parallel_coordinates.MOST_AXES} parameters; not in it: {', '.join(without)}."]


def _figure(request: BoardRequest, points: Points, sections: list[Section]) -> Figure:
    header = Header(
        request.title, request.subtitle, notes=[*_best(points), *_sampled(points)], legend=legend_of(points), columns=4
    )
    height = header.height + sum(section.height for section in sections)
    layout = ConstrainedLayoutEngine(rect=(0, 0, 1, 1 - header.height / height), w_pad=0.1, h_pad=0.08, hspace=0)
    figure = Figure(figsize=(theme.WIDTH_INCHES, height), dpi=theme.DPI, layout=layout)
    header.draw(figure, height)
    grid = figure.add_gridspec(len(sections), 1, height_ratios=[section.height for section in sections])
    for place, section in enumerate(sections):
        section.draw(figure.add_subfigure(grid[place]))
    return figure


def _best(points: Points) -> list[str]:
    if points.best is None:
        return []
    value = points.written(points.values[points.best])
    said = f"★ best {theme.short(points.metric)} {value} at {points.said(points.best)}"
    return textwrap.wrap(said, SUBTITLE_WIDTH, max_lines=2, placeholder=" …")


def _sampled(points: Points) -> list[str]:
    return [f"a sample of {len(points.cells):,} lines, the best on top"] if parallel_coordinates.sampled(points) else []
