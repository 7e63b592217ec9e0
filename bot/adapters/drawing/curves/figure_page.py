"""Draw a picture of one or several jobs: a header, and one or two panels below it.

This uses `Figure` with the Agg canvas, never pyplot, which would keep every figure alive.
"""

import io
import warnings
from collections.abc import Sequence
from typing import Any

import matplotlib as mpl
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.lines import Line2D

from bot.adapters.drawing.curves.curve_panel import draw_panel, smoothing_windows
from bot.adapters.drawing.curves.described import described
from bot.adapters.drawing.curves.run_curves import Read, RunCurves, best_run, read_runs
from bot.adapters.drawing.style import theme
from bot.adapters.drawing.style.header import Entry, Header
from bot.domain.drawing.figures import Drawing, FigureRequest
from bot.domain.drawing.panel_layout import Panel, arrange, most_important, single, wanted_panels
from bot.domain.text import as_spelled

NAMED = 5
"""Metrics left out that are named."""


def draw_figure(request: FigureRequest) -> Drawing:
    read = read_runs(request)
    figure, remarks = _made(request, read)
    return Drawing(None if figure is None else to_png(figure), remarks, read.best)


def to_png(figure: Figure) -> bytes:
    """The picture, with its label as alternative text."""
    png = io.BytesIO()
    with mpl.rc_context(theme.style()), warnings.catch_warnings():  # matplotlib makes labels while it draws
        warnings.filterwarnings("ignore", message="(?s)Glyph .* missing")
        FigureCanvasAgg(figure)
        figure.savefig(png, format="png", metadata={"Software": None, "Description": figure.get_label()})
    return png.getvalue()


def make_figure(request: FigureRequest) -> tuple[Figure | None, tuple[str, ...]]:
    """The figure before rendering (None if there is nothing to draw), and remarks about the files."""
    return _made(request, read_runs(request))


def _made(request: FigureRequest, read: Read) -> tuple[Figure | None, tuple[str, ...]]:
    runs, remarks = read.runs, list(read.remarks)
    if not runs:
        return None, tuple(remarks)
    columns = list(dict.fromkeys(column for run in runs for column in run.table.columns))
    panels, unknown = _panels(request, runs, columns)
    remarks += unknown
    remarks += _left_out([column for column in columns if not any(column in panel.columns for panel in panels)])
    with mpl.rc_context(theme.style()):
        return _figure(request, runs, panels), tuple(remarks)


def _panels(request: FigureRequest, runs: Sequence[RunCurves], columns: Sequence[str]) -> tuple[list[Panel], list[str]]:
    """What to draw, and a remark on wanted columns that no file has."""
    wanted = [as_spelled(column, columns) for column in request.wanted]
    unknown = [column for column in wanted if column not in columns]
    remarks = [f"No file has {', '.join(unknown)}."] if unknown else []
    found = wanted_panels(arrange(columns), wanted)
    if not found:
        metric = next((run.best.metric for run in runs if run.best), request.metric)
        found = most_important(arrange(columns), metric)
    if len(runs) > 1:
        found = [single(panel, request.metric, wanted) for panel in found]
    return found, remarks


def _left_out(columns: Sequence[str]) -> list[str]:
    if not columns:
        return []
    named = ", ".join(columns[:NAMED]) + (f" and {len(columns) - NAMED} more" if len(columns) > NAMED else "")
    return [f"Not in the picture: {named}. The option metrics: shows others."]


def _figure(request: FigureRequest, runs: Sequence[RunCurves], panels: Sequence[Panel]) -> Figure:
    best = best_run(runs, maximize=request.maximize)
    header = Header(request.title, request.subtitle, notes=[_note(runs, panels)], legend=_legend(runs, best))
    height = theme.HEIGHT_INCHES
    below = (0, 0, 1, 1 - header.height / height)
    layout = ConstrainedLayoutEngine(rect=below, w_pad=0.08, h_pad=0.05, wspace=0.02, hspace=0.03)
    figure = Figure(figsize=(theme.WIDTH_INCHES, height), dpi=theme.DPI, layout=layout)
    figure.set_label(described(request, runs, panels, best))
    header.draw(figure, height)
    for axes, panel in zip(figure.subplots(1, len(panels), squeeze=False)[0], panels, strict=True):
        draw_panel(axes, panel, runs, best)
        axes.set_xlabel(runs[0].table.x_label)
    return figure


def _note(runs: Sequence[RunCurves], panels: Sequence[Panel]) -> str:
    """Explain the smoothed lines; "" if there are none."""
    windows = sorted({window for panel in panels for window in smoothing_windows(panel, runs)})
    if not windows:
        return ""
    means = "mean of " + " and of ".join(str(window) for window in windows)
    return f"faint: every row   strong: {means}"


def _legend(runs: Sequence[RunCurves], best: RunCurves | None) -> list[Entry]:
    """The jobs' names, if there are several jobs, with a star for the best."""
    if len(runs) < 2:
        return []
    return [(_sign(run.index), f"★ {run.label}" if run is best else run.label) for run in runs]


def _sign(index: int) -> Line2D:
    look: dict[str, Any] = {"color": theme.colour(index), "linestyle": theme.line_style(index)}
    return Line2D([], [], linewidth=theme.LINE, marker=theme.marker(index), ms=7, mec=theme.BACKGROUND, **look)
