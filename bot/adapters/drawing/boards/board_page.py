"""Draw a picture of a sweep: a header, its points, then importance bars and the curves of the best trials."""

import textwrap
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import matplotlib as mpl
from matplotlib.figure import Figure, SubFigure
from matplotlib.layout_engine import ConstrainedLayoutEngine

from bot.adapters.drawing.boards import heatmap, one_axis, parallel_coordinates, scatter
from bot.adapters.drawing.boards.best_curves import BestCurves
from bot.adapters.drawing.boards.importance_bars import draw_importance
from bot.adapters.drawing.boards.importance_bars import height as importance_height
from bot.adapters.drawing.boards.state_marks import state_legend
from bot.adapters.drawing.boards.sweep_points import SweepPoints
from bot.adapters.drawing.curves.figure_page import to_png
from bot.adapters.drawing.style import theme
from bot.adapters.drawing.style.header import SUBTITLE_WIDTH, Header
from bot.domain.drawing.figures import BoardRequest, Drawing


@dataclass(frozen=True, slots=True)
class Section:
    """A full-width part of the picture. `height` is in inches."""

    height: float
    draw: Callable[[SubFigure], None]


def draw_board(request: BoardRequest) -> Drawing:
    figure, remarks = make_board(request)
    return Drawing(None if figure is None else to_png(figure), remarks)


def make_board(request: BoardRequest) -> tuple[Figure | None, tuple[str, ...]]:
    """The figure before rendering (None if nothing varies), and remarks."""
    if not request.axes:
        return None, ("Nothing varies in this sweep, so there is nothing to draw.",)
    points = SweepPoints.from_request(request)
    curves, remarks = BestCurves.from_request(request)
    with mpl.rc_context(theme.style()):
        sections = [_points_section(points, request)]
        if request.importance:
            draw = partial(draw_importance, importance=request.importance, metric=request.metric)
            sections.append(Section(importance_height(request.importance), draw))
        if curves is not None:
            sections.append(Section(curves.height, curves.draw))
        return _figure(request, points, sections), (*_left_out_remarks(points, request), *remarks)


def _points_section(points: SweepPoints, request: BoardRequest) -> Section:
    """Choose how to draw the points by the number of axes, and whether their values are listed."""
    if len(points.axes) == 1:
        return Section(one_axis.HEIGHT, partial(one_axis.draw_one_axis, points=points))
    if len(points.axes) > 2:
        without = parallel_coordinates.left_out(points, request.importance)
        return Section(
            parallel_coordinates.HEIGHT, partial(parallel_coordinates.draw_parallel, points=points, without=without)
        )
    if heatmap.fits(points):
        return Section(heatmap.height(points), partial(heatmap.draw_heatmap, points=points))
    return Section(scatter.HEIGHT, partial(scatter.draw_scatter, points=points))


def _left_out_remarks(points: SweepPoints, request: BoardRequest) -> list[str]:
    without = parallel_coordinates.left_out(points, request.importance)
    if not without:
        return []
    return [f"The picture has room for {parallel_coordinates.MOST_AXES} parameters; left out: {', '.join(without)}."]


def _figure(request: BoardRequest, points: SweepPoints, sections: list[Section]) -> Figure:
    header = Header(
        request.title,
        request.subtitle,
        notes=[*_best_note(points), *_sample_note(points)],
        legend=state_legend(points),
        columns=4,
    )
    height = header.height + sum(section.height for section in sections)
    layout = ConstrainedLayoutEngine(rect=(0, 0, 1, 1 - header.height / height), w_pad=0.1, h_pad=0.08, hspace=0)
    figure = Figure(figsize=(theme.WIDTH_INCHES, height), dpi=theme.DPI, layout=layout)
    header.draw(figure, height)
    grid = figure.add_gridspec(len(sections), 1, height_ratios=[section.height for section in sections])
    for row, section in enumerate(sections):
        section.draw(figure.add_subfigure(grid[row]))
    return figure


def _best_note(points: SweepPoints) -> list[str]:
    if points.best is None:
        return []
    value = points.format_value(points.values[points.best])
    text = f"★ best {theme.short(points.metric)} {value} at {points.describe(points.best)}"
    return textwrap.wrap(text, SUBTITLE_WIDTH, max_lines=2, placeholder=" …")


def _sample_note(points: SweepPoints) -> list[str]:
    return [f"a sample of {len(points.cells):,} lines, the best on top"] if parallel_coordinates.sampled(points) else []
