"""One axis: the value over the parameter."""

from typing import Any

import matplotlib.patheffects as effects
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import SubFigure
from matplotlib.ticker import FuncFormatter, MaxNLocator, NullFormatter

from bot.adapters.drawing.boards.point_columns import Points
from bot.adapters.drawing.curves.series import Series
from bot.adapters.drawing.style import theme
from bot.adapters.drawing.style.marks import scatter
from bot.adapters.drawing.style.ruler import Ruler
from bot.adapters.drawing.style.shade import star
from bot.domain.model.trial import TrialState

HEIGHT = 4.4
LENGTH = 6.6 * 72
"""Points, of the horizontal axis, about."""
FEW = 12
"""Points up to which each has its number beside it."""
MOST_JOINED = 200
FOOT = 0.035
"""Where the points without a value lie, as a part of the vertical axis."""
COLOUR = theme.COLOURS[0]


def draw_curve(figure: SubFigure, points: Points) -> None:
    axes = figure.subplots()
    ruler = Ruler(points.axes[0], points.column(0))
    x = ruler.places(points.column(0))
    axes.set_yscale("log" if points.over_decades else "linear")
    _values(axes, points, x, joined=ruler.numeric and not points.axes[0].continuous)
    ruler.draw(axes.xaxis, LENGTH)
    _scale(axes, points)
    _without_value(axes, points, x)
    axes.set_ylabel(theme.short(points.metric))
    if points.best is not None:
        star(axes, float(x[points.best]), float(points.values[points.best]))


def _values(axes: Axes, points: Points, x: Series, *, joined: bool) -> None:
    """The points that are compared; in a line where each has a place of its own."""
    order = np.flatnonzero(points.final)
    order = order[np.argsort(x[order], kind="stable")]
    own_places = np.unique(x[order]).size == order.size
    line = "-" if joined and own_places and order.size <= MOST_JOINED else "none"
    size = 9.0 if order.size <= MOST_JOINED else 4.0
    style: dict[str, Any] = {
        "color": COLOUR,
        "alpha": 1.0 if order.size <= MOST_JOINED else 0.5,
        "label": "_values",
        "zorder": 2.5,
    }
    axes.plot(x[order], points.values[order], marker="o", ms=size, mew=0, linestyle=line, lw=theme.LINE, **style)
    spread = order[np.isfinite(points.deviations[order])]
    if spread.size:
        value, error = points.values[spread], points.deviations[spread]
        down = np.minimum(error, 0.9 * value) if points.over_decades else error  # a logarithmic axis ends above 0
        axes.errorbar(x[spread], value, [down, error], fmt="none", ecolor=COLOUR, elinewidth=1.6, capsize=5)
    if order.size <= FEW and own_places:
        _numbers(axes, points, x)


def _numbers(axes: Axes, points: Points, x: Series) -> None:
    for index in np.flatnonzero(points.final):
        best = index == points.best
        style: dict[str, Any] = {
            "size": theme.LABEL,
            "ha": "center",
            "weight": "bold" if best else "normal",
            "zorder": 8,
        }
        style["path_effects"] = [effects.withStroke(linewidth=4, foreground=theme.PANEL)]
        where = (float(x[index]), float(points.values[index] + np.nan_to_num(points.deviations[index])))
        up = 11 if best else 7
        axes.annotate(
            points.written(points.values[index]), where, (0, up), textcoords="offset points", va="bottom", **style
        )


def _scale(axes: Axes, points: Points) -> None:
    """Room for the numbers above and for the points without a value below."""
    axes.grid(visible=False, axis="x")
    if not points.final.any():
        axes.set_yticks([])
    if points.over_decades:
        axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
        axes.yaxis.set_minor_formatter(NullFormatter())
    elif points.final.any():
        axes.yaxis.set_major_locator(MaxNLocator(nbins=5, steps=(1, 2, 2.5, 5, 10)))
    axes.margins(y=0.13)


def _without_value(axes: Axes, points: Points, x: Series) -> None:
    """At the foot; what a point has told so far is where it belongs."""
    across = axes.get_xaxis_transform()
    for state in TrialState:
        there = points.of_state(state) & ~points.final
        told = there & np.isfinite(points.values)
        fewer: dict[str, Any] = {"alpha": 0.35} if there.sum() > MOST_JOINED else {}
        scatter(axes, state, x[told], points.values[told], zorder=2.2, **fewer)
        foot = x[there & ~told]
        scatter(axes, state, foot, np.full(foot.size, FOOT), transform=across, **fewer)
