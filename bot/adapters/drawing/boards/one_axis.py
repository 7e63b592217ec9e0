"""Draw one axis: the metric over the parameter."""

from typing import Any

import matplotlib.patheffects as effects
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import SubFigure
from matplotlib.ticker import MaxNLocator, NullFormatter

from bot.adapters.drawing.boards.colour_scale import draw_star
from bot.adapters.drawing.boards.state_marks import draw_signs
from bot.adapters.drawing.boards.sweep_points import SweepPoints
from bot.adapters.drawing.series import Series
from bot.adapters.drawing.style import theme
from bot.adapters.drawing.style.numbers import Ticks
from bot.adapters.drawing.style.ruler import Ruler
from bot.domain.model.trial import TrialState

LENGTH = 5.8 * 72
"""Approximate length of the horizontal axis, in points."""
FEW = 12
"""Up to this many points, each one has its value beside it."""
MOST_JOINED = 200
"""Up to this many points, a line joins them."""
FOOT = 0.035
"""Height of the points without a value, as a share of the vertical axis."""
COLOUR = theme.COLOURS[0]


def draw_one_axis(figure: SubFigure, points: SweepPoints, *, height: float) -> None:  # noqa: ARG001  it fills its part
    axes = figure.subplots()
    ruler = Ruler(points.axes[0], points.column(0))
    x = ruler.positions(points.column(0))
    axes.set_yscale("log" if points.over_decades else "linear")
    _values(axes, points, x, joined=ruler.numeric and not points.axes[0].continuous)
    ruler.draw(axes.xaxis, LENGTH)
    _set_scale(axes, points)
    _without_value(axes, points, x)
    axes.set_ylabel(theme.short(points.metric))
    if points.best is not None:
        draw_star(axes, float(x[points.best]), float(points.values[points.best]))


def _values(axes: Axes, points: SweepPoints, x: Series, *, joined: bool) -> None:
    """Draw the final points, joined by a line if no two share a position."""
    order = np.flatnonzero(points.final)
    order = order[np.argsort(x[order], kind="stable")]
    distinct = np.unique(x[order]).size == order.size
    line = "-" if joined and distinct and order.size <= MOST_JOINED else "none"
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
        down = np.minimum(error, 0.9 * value) if points.over_decades else error  # a logarithmic axis has no 0
        axes.errorbar(x[spread], value, [down, error], fmt="none", ecolor=COLOUR, elinewidth=1.6, capsize=5)
    if order.size <= FEW and distinct:
        _numbers(axes, points, x)


def _numbers(axes: Axes, points: SweepPoints, x: Series) -> None:
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
        offset = 11 if best else 7
        axes.annotate(
            points.format_value(points.values[index]),
            where,
            (0, offset),
            textcoords="offset points",
            va="bottom",
            **style,
        )


def _set_scale(axes: Axes, points: SweepPoints) -> None:
    """Leave room for the numbers above and the points without a value below."""
    axes.grid(visible=False, axis="x")
    if not points.final.any():
        axes.set_yticks([])
    if points.over_decades:
        axes.yaxis.set_minor_formatter(NullFormatter())
    elif points.final.any():
        axes.yaxis.set_major_locator(MaxNLocator(nbins=5, steps=(1, 2, 2.5, 5, 10)))
    axes.yaxis.set_major_formatter(Ticks())
    axes.margins(y=0.16)


def _without_value(axes: Axes, points: SweepPoints, x: Series) -> None:
    """Draw the points that are not final: at their value if they have reported one, else at the bottom."""
    across = axes.get_xaxis_transform()
    for state in TrialState:
        members = points.in_state(state) & ~points.final
        reported = members & np.isfinite(points.values)
        faint: dict[str, Any] = {"alpha": 0.35} if members.sum() > MOST_JOINED else {}
        draw_signs(axes, state, x[reported], points.values[reported], zorder=2.2, **faint)
        foot = x[members & ~reported]
        draw_signs(axes, state, foot, np.full(foot.size, FOOT), transform=across, **faint)
