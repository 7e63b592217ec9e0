"""Draw a picture of one or several jobs: a header, and panels in two columns below it.

This uses `Figure` with the Agg canvas, never pyplot, which would keep every figure alive.
"""

import io
import warnings
from collections.abc import Sequence
from math import ceil

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.lines import Line2D

from bot.adapters.drawing.curves.curve_panel import draw_panel, smoothing_windows
from bot.adapters.drawing.curves.run_curves import RunCurves, best_run, read_runs
from bot.adapters.drawing.style import theme
from bot.adapters.drawing.style.header import Entry, Header
from bot.domain.drawing.figures import Drawing, FigureRequest
from bot.domain.drawing.panel_layout import MOST_PANELS, Panel, arrange

SMALLEST_HEIGHT, ROW_HEIGHT = 4.67, 2.9
"""Inches: the whole picture, and one row of panels if there are several."""


def draw_figure(request: FigureRequest) -> Drawing:
    figure, remarks = make_figure(request)
    if figure is None:
        return Drawing(None, remarks)
    return Drawing(to_png(figure), remarks)


def to_png(figure: Figure) -> bytes:
    png = io.BytesIO()
    with mpl.rc_context(theme.style()), warnings.catch_warnings():  # matplotlib makes labels while it draws
        warnings.filterwarnings("ignore", message="(?s)Glyph .* missing")
        FigureCanvasAgg(figure)
        figure.savefig(png, format="png", metadata={"Software": None})
    return png.getvalue()


def make_figure(request: FigureRequest) -> tuple[Figure | None, tuple[str, ...]]:
    """The figure before rendering (None if there is nothing to draw), and remarks about the files."""
    runs, remarks = read_runs(request)
    if not runs:
        return None, tuple(remarks)
    panels = arrange(dict.fromkeys(column for run in runs for column in run.table.columns))
    if len(panels) > MOST_PANELS:
        rest = ", ".join(panel.title for panel in panels[MOST_PANELS:])
        remarks.append(f"The picture has room for {MOST_PANELS} panels; left out: {rest}.")
    with mpl.rc_context(theme.style()):
        return _figure(request, runs, panels[:MOST_PANELS]), tuple(remarks)


def _figure(request: FigureRequest, runs: Sequence[RunCurves], panels: Sequence[Panel]) -> Figure:
    header = Header(request.title, request.subtitle, notes=[_note(runs, panels)], legend=_legend(runs))
    rows = ceil(len(panels) / 2)
    height = max(SMALLEST_HEIGHT, header.height + rows * ROW_HEIGHT)
    below = (0, 0, 1, 1 - header.height / height)
    layout = ConstrainedLayoutEngine(rect=below, w_pad=0.1, h_pad=0.08, wspace=0.02, hspace=0.03)
    figure = Figure(figsize=(theme.WIDTH_INCHES, height), dpi=theme.DPI, layout=layout)
    header.draw(figure, height)
    best = best_run(runs, maximize=request.maximize)
    for index, (axes, panel) in enumerate(zip(_grid(figure, len(panels)), panels, strict=True)):
        draw_panel(axes, panel, runs, best)
        if index >= len(panels) - (1 if len(panels) % 2 else 2):
            axes.set_xlabel(runs[0].table.x_label)
    return figure


def _grid(figure: Figure, count: int) -> list[Axes]:
    """Axes in reading order, two per row; the last of an odd number gets a whole row."""
    grid = figure.add_gridspec(ceil(count / 2), 2)
    odd = count % 2
    pairs = [figure.add_subplot(grid[index // 2, index % 2]) for index in range(count - odd)]
    return pairs + ([figure.add_subplot(grid[count // 2, :])] if odd else [])


def _note(runs: Sequence[RunCurves], panels: Sequence[Panel]) -> str:
    """Explain the smoothed lines; "" if there are none."""
    windows = sorted({window for panel in panels for window in smoothing_windows(panel, runs)})
    if not windows:
        return ""
    means = "mean of " + " and of ".join(str(window) for window in windows)
    return f"faint: every row   strong: {means}"


def _legend(runs: Sequence[RunCurves]) -> list[Entry]:
    """The jobs' names, if there are several jobs."""
    if len(runs) < 2:
        return []
    return [(Line2D([], [], color=theme.colour(run.index), linewidth=4), run.label) for run in runs]
