"""Draw three or more axes: one line per point through its values, coloured by the metric."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import matplotlib.patheffects as effects
import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.figure import SubFigure
from matplotlib.ticker import NullLocator
from numpy.typing import NDArray

from bot.adapters.drawing.boards.colour_scale import ColourScale, draw_star
from bot.adapters.drawing.boards.state_marks import MARKS, draw_signs
from bot.adapters.drawing.boards.sweep_points import SweepPoints
from bot.adapters.drawing.series import Series
from bot.adapters.drawing.style import lettering, theme
from bot.adapters.drawing.style.ruler import Ruler
from bot.domain.model.space import Axis
from bot.domain.model.trial import TrialState
from bot.domain.parameters import Kind

WIDE, ABOVE = 6.3 * 72, 0.55
"""Approximate sizes: the width of all axes side by side in points, and in inches what is above them."""
MOST_AXES = 7
MOST_LINES = 1_500
"""With more points, a sample is drawn: more lines would hide each other."""
SMALLEST_NAME, LONGEST_NAME = 11.0, 16
BEST = 5
"""Lines drawn on top of all others."""


@dataclass(frozen=True, slots=True)
class _Column:
    """One vertical axis, and every point's height on it from 0 to 1."""

    ruler: Ruler
    heights: Series


def left_out(points: SweepPoints, importance: Mapping[str, float]) -> list[str]:
    """The parameters that do not fit: the least important, else the last."""
    names = [axis.name for axis in points.axes]
    shown = sorted(names, key=lambda name: -importance.get(name, 0.0))[:MOST_AXES]
    return [name for name in names if name not in shown]


def sampled(points: SweepPoints) -> bool:
    """Whether only a sample of the lines is drawn."""
    return len(points.axes) > 2 and len(points.cells) > MOST_LINES


def draw_parallel(
    figure: SubFigure, points: SweepPoints, *, height: float, without: Sequence[str], importance: Mapping[str, float]
) -> None:
    """Under each parameter's name stands how much the metric depends on it."""
    axes, colours = figure.subplots(), ColourScale(points)
    columns = [_column(axis, points, number) for number, axis in enumerate(points.axes) if axis.name not in without]
    metric = _metric(points)
    width = WIDE / (len(columns) + 0.9)
    heights = np.column_stack([column.heights for column in (*columns, metric)])
    _draw_lines(axes, points, heights, colours)
    for x, column in enumerate((*columns, metric)):
        _draw_axis(axes, x, column.ruler, (width, (height - ABOVE) * 72))
    _draw_names(axes, [column.ruler.name for column in (*columns, metric)], importance, width)
    axes.set_xlim(-0.4, len(columns) + 0.5)
    axes.set_ylim(-0.06, 1.02)
    axes.xaxis.set_major_locator(NullLocator())
    axes.yaxis.set_major_locator(NullLocator())
    axes.spines[:].set_visible(False)


def _column(axis: Axis, points: SweepPoints, number: int) -> _Column:
    column = points.column(number)
    ruler = Ruler(axis, column)
    return _Column(ruler, ruler.units(ruler.positions(column)))


def _metric(points: SweepPoints) -> _Column:
    """The last axis shows the metric."""
    known = points.values[np.isfinite(points.values)]
    low, high = (float(known.min()), float(known.max())) if known.size else (0.0, 1.0)
    ruler = Ruler(Axis(points.metric, Kind.FLOAT, low=low, high=high), known.tolist(), log=points.over_decades)
    return _Column(ruler, ruler.units(points.values))


def _draw_lines(axes: Axes, points: SweepPoints, heights: Series, scale: ColourScale) -> None:
    """Draw better points over worse ones, and the points that are not final below them all."""
    x = np.arange(heights.shape[1], dtype=np.float64)
    final = [index for index in points.ranked if points.final[index]]
    top, rest = final[:BEST], _sample(final[BEST:], MOST_LINES)
    alpha = 0.9 if len(rest) <= 60 else max(0.12, 0.9 * (60 / len(rest)) ** 0.5)
    for state in TrialState:
        members = np.flatnonzero(points.in_state(state) & ~points.final)
        _not_final(axes, state, heights[_sample(list(members), MOST_LINES // 5)], x)
    if rest:
        colours = scale(points.values[rest[::-1]])
        axes.add_collection(LineCollection(_segments(heights[rest[::-1]], x), colors=colours, lw=1.6, alpha=alpha))
    if top:
        _on_top(axes, heights[top[::-1]], x, scale(points.values[top[::-1]]))
    if points.best is not None:
        draw_star(axes, float(x[-1]), float(heights[points.best, -1]))


def _on_top(axes: Axes, heights: Series, x: Series, colours: NDArray[np.float64]) -> None:
    for line, colour in zip(heights, colours, strict=True):
        edge = [effects.Stroke(linewidth=5.0, foreground=theme.PANEL), effects.Normal()]
        axes.plot(x, line, color=colour, lw=theme.LINE, zorder=4, path_effects=edge, label="_top")


def _not_final(axes: Axes, state: TrialState, heights: Series, x: Series) -> None:
    """Draw faint lines with the state's sign at their end: one axis before the last if there is no value."""
    if not heights.size or state is TrialState.WAITING:
        return
    style: dict[str, Any] = {"colors": MARKS[state].colour, "lw": 1.1, "linestyles": "dotted"}
    alpha = 0.8 if len(heights) <= 30 else 0.25
    axes.add_collection(LineCollection(_segments(heights, x), alpha=alpha, zorder=1.8, **style))
    last = np.where(np.isfinite(heights[:, -1]), -1, -2)
    draw_signs(axes, state, x[last], heights[np.arange(len(heights)), last], zorder=5)


def _sample(ranked: Sequence[int], most: int) -> list[int]:
    """At most `most` of them, evenly spaced, in the same order."""
    return [ranked[n] for n in np.linspace(0, len(ranked) - 1, min(most, len(ranked))).astype(int)]


def _segments(heights: Series, x: Series) -> list[Series]:
    return [line[np.isfinite(line[:, 1])] for line in np.stack([np.broadcast_to(x, heights.shape), heights], axis=2)]


def _draw_axis(axes: Axes, x: int, ruler: Ruler, size_of: tuple[float, float]) -> None:
    """Draw one vertical axis with its labels. `size_of` is in points: the distance to the next one, and its length."""
    width, length = size_of
    axes.axvline(x, ymin=0.03, color=theme.MUTED, lw=1.4, zorder=3)
    behind = {"boxstyle": "round,pad=0.12", "facecolor": theme.PANEL, "edgecolor": "none", "alpha": 0.85}
    size = theme.LABEL - 1.5
    for value, label in ruler.ticks(length, size, horizontal=False):
        y = float(ruler.units(np.asarray([value]))[0])
        text = lettering.fitted(label, max(24.0, width - 14), size)
        axes.annotate(
            text,
            (x, y),
            (9, 0),
            textcoords="offset points",
            va="center",
            size=size,
            color=theme.TEXT,
            zorder=6,
            bbox=behind,
        )


def _draw_names(axes: Axes, names: Sequence[str], importance: Mapping[str, float], width: float) -> None:
    """Write the names above the axes, slanted if they are too long to stand side by side."""
    size: float = theme.LABEL
    widest = max(lettering.width(lettering.printable(name), 1, bold=True) for name in names)
    slanted = 0.95 * width / widest < SMALLEST_NAME
    if slanted:
        size, shorts = SMALLEST_NAME, lettering.labels(names, LONGEST_NAME)
    else:
        size, shorts = min(size, 0.95 * width / widest), list(map(lettering.printable, names))
    turn: dict[str, Any] = {"ha": "left", "rotation": 20, "rotation_mode": "anchor"} if slanted else {"ha": "center"}
    for x, (name, short) in enumerate(zip(names, shorts, strict=True)):
        share = f"{importance[name]:.0%}" if name in importance and x < len(names) - 1 else ""
        text = short + (f" {share}" if slanted else f"\n{share}") if share else short
        axes.text(x, 1.045, text, va="bottom", size=size, weight="bold", linespacing=1.1, **turn)
