"""The whole picture: a header, and panels in two columns under it.

`Figure` with the Agg canvas, never pyplot, which would keep every figure alive.
"""

import io
import textwrap
import warnings
from collections.abc import Sequence
from math import ceil

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.lines import Line2D

from bot.adapters.figure_panels import theme
from bot.adapters.figure_panels.panel import draw_panel, smoothed
from bot.adapters.figure_panels.runs import Run, read, winner
from bot.domain.figures import Drawing, FigureRequest
from bot.domain.panels import MOST_PANELS, Panel, arrange

SMALLEST_HEIGHT, ROW_HEIGHT = 4.67, 2.9
"""Inches: of the whole picture, and of a row of panels where there are several."""
MARGIN = 0.16
TITLE_WIDTH, SUBTITLE_WIDTH, LEGEND_WIDTH = 48, 68, 29
"""Characters in a line."""


def draw(request: FigureRequest) -> Drawing:
    """The request as a PNG."""
    figure, remarks = figure_of(request)
    if figure is None:
        return Drawing(None, remarks)
    png = io.BytesIO()
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph .* missing")
        FigureCanvasAgg(figure)
        figure.savefig(png, format="png", metadata={"Software": None})
    return Drawing(png.getvalue(), remarks)


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
    header = _Header(request, runs, note=_note(runs, panels))
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


class _Header:
    """The lines above the panels, from the top down; sizes in inches."""

    def __init__(self, request: FigureRequest, runs: Sequence[Run], *, note: str) -> None:
        self._title = textwrap.shorten(request.title, TITLE_WIDTH, placeholder=" …") or "metrics"
        wrapped = textwrap.wrap(request.subtitle, SUBTITLE_WIDTH, max_lines=2, placeholder=" …")
        self._lines = wrapped + ([note] if note else [])
        self._runs = runs if len(runs) > 1 else ()
        longest = max((len(run.label) for run in self._runs), default=0)
        self._legend_columns = 2 if longest <= LEGEND_WIDTH and len(self._runs) > 1 else 1

    @property
    def height(self) -> float:
        return 2 * MARGIN + 0.28 + 0.27 * len(self._lines) + 0.27 * self._legend_rows

    @property
    def _legend_rows(self) -> int:
        return ceil(len(self._runs) / self._legend_columns)

    def draw(self, figure: Figure, height: float) -> None:
        left, top = MARGIN / theme.WIDTH_INCHES, height - MARGIN
        figure.text(left, top / height, self._title, size=theme.TITLE, weight="bold", va="top")
        top -= 0.38
        for line in self._lines:
            figure.text(left, top / height, line, size=theme.SUBTITLE, color=theme.MUTED, va="top")
            top -= 0.27
        if self._runs:
            self._draw_legend(figure, left, (top + (0.04 if not self._lines else -0.03)) / height)

    def _draw_legend(self, figure: Figure, left: float, top: float) -> None:
        width = LEGEND_WIDTH if self._legend_columns == 2 else SUBTITLE_WIDTH - 6
        legend = figure.legend(
            [Line2D([], [], color=theme.colour(run.place), linewidth=4) for run in self._runs],
            [textwrap.shorten(run.label, width, placeholder=" …") for run in self._runs],
            loc="upper left",
            bbox_to_anchor=(left, top),
            ncols=self._legend_columns,
            borderpad=0,
            borderaxespad=0,
            handlelength=1.2,
            labelspacing=0.35,
        )
        legend.set_in_layout(False)
