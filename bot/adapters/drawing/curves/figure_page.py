"""The whole picture: a header, and panels in two columns under it.

`Figure` with the Agg canvas, never pyplot, which would keep every figure alive.
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

from bot.adapters.drawing.curves.curve_panel import draw_panel, smoothed
from bot.adapters.drawing.curves.run_curves import Run, read, winner
from bot.adapters.drawing.style import theme
from bot.adapters.drawing.style.header import Entry, Header
from bot.domain.drawing.figures import Drawing, FigureRequest
from bot.domain.drawing.panel_layout import MOST_PANELS, Panel, arrange

SMALLEST_HEIGHT, ROW_HEIGHT = 4.67, 2.9
"""Inches: of the whole picture, and of a row of panels where there are several."""


def draw(request: FigureRequest) -> Drawing:
    """The request as a PNG."""
    figure, remarks = figure_of(request)
    if figure is None:
        return Drawing(None, remarks)
    return Drawing(rendered(figure), remarks)


def rendered(figure: Figure) -> bytes:
    """As a PNG."""
    png = io.BytesIO()
    with mpl.rc_context(theme.style()), warnings.catch_warnings():  # labels are made when they are drawn
        warnings.filterwarnings("ignore", message="(?s)Glyph .* missing")
        FigureCanvasAgg(figure)
        figure.savefig(png, format="png", metadata={"Software": None})
    return png.getvalue()


def figure_of(request: FigureRequest) -> tuple[Figure | None, tuple[str, ...]]:
    """The figure, not yet rendered, or None where there is nothing to draw; and what is to be said of the files."""
    runs, remarks = read(request)
    if not runs:
        return None, tuple(remarks)
    panels = arrange(dict.fromkeys(column for run in runs for column in run.table.columns))
    if len(panels) > MOST_PANELS:
        rest = ", ".join(panel.title for panel in panels[MOST_PANELS:])
        remarks.append(f"The picture has room for {MOST_PANELS} panels; not in it: {rest}.")
    with mpl.rc_context(theme.style()):
        return _figure(request, runs, panels[:MOST_PANELS]), tuple(remarks)


def _figure(request: FigureRequest, runs: Sequence[Run], panels: Sequence[Panel]) -> Figure:
    header = Header(request.title, request.subtitle, notes=[_note(runs, panels)], legend=_legend(runs))
    rows = ceil(len(panels) / 2)
    height = max(SMALLEST_HEIGHT, header.height + rows * ROW_HEIGHT)
    below = (0, 0, 1, 1 - header.height / height)
    layout = ConstrainedLayoutEngine(rect=below, w_pad=0.1, h_pad=0.08, wspace=0.02, hspace=0.03)
    figure = Figure(figsize=(theme.WIDTH_INCHES, height), dpi=theme.DPI, layout=layout)
    header.draw(figure, height)
    best = winner(runs, maximize=request.maximize)
    for place, (axes, panel) in enumerate(zip(_grid(figure, len(panels)), panels, strict=True)):
        draw_panel(axes, panel, runs, best)
        if place >= len(panels) - (1 if len(panels) % 2 else 2):
            axes.set_xlabel(runs[0].table.x_label)
    return figure


def _grid(figure: Figure, count: int) -> list[Axes]:
    """Axes in reading order, two in a row; the last of an odd number has a row for itself."""
    grid = figure.add_gridspec(ceil(count / 2), 2)
    odd = count % 2
    pairs = [figure.add_subplot(grid[place // 2, place % 2]) for place in range(count - odd)]
    return pairs + ([figure.add_subplot(grid[count // 2, :])] if odd else [])


def _note(runs: Sequence[Run], panels: Sequence[Panel]) -> str:
    windows = sorted({window for panel in panels for window in smoothed(panel, runs)})
    if not windows:
        return ""
    means = "mean of " + " and of ".join(str(window) for window in windows)
    return f"faint: every row   strong: {means}"


def _legend(runs: Sequence[Run]) -> list[Entry]:
    """Names the jobs, where there are some."""
    if len(runs) < 2:
        return []
    return [(Line2D([], [], color=theme.colour(run.place), linewidth=4), run.label) for run in runs]
