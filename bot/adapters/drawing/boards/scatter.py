"""Draw two axes, at least one of them without listed values: a coloured point for each trial."""

from matplotlib.figure import SubFigure

from bot.adapters.drawing.boards.colour_scale import ColourScale, draw_star
from bot.adapters.drawing.boards.state_marks import draw_signs
from bot.adapters.drawing.boards.sweep_points import SweepPoints
from bot.adapters.drawing.style import theme
from bot.adapters.drawing.style.ruler import Ruler
from bot.domain.model.trial import TrialState

WIDE, TALL = 4.8 * 72, 2.2 * 72
"""Approximate lengths of the two axes, in points."""
FEW, MANY = 100, 2_000


def draw_scatter(figure: SubFigure, points: SweepPoints, *, height: float) -> None:  # noqa: ARG001  it fills its part
    """The first axis is vertical, the second horizontal, as in the heatmap."""
    axes, colours = figure.subplots(), ColourScale(points)
    vertical, horizontal = (Ruler(axis, points.column(number)) for number, axis in enumerate(points.axes))
    y, x = vertical.positions(points.column(0)), horizontal.positions(points.column(1))
    horizontal.draw(axes.xaxis, WIDE)
    vertical.draw(axes.yaxis, TALL)
    for state in TrialState:
        members = points.in_state(state) & ~points.final
        draw_signs(axes, state, x[members], y[members], size=9.0 if len(points.cells) <= MANY else 4.0)
    order = [index for index in reversed(points.ranked) if points.final[index]]
    size = 130 if len(order) <= FEW else 45 if len(order) <= MANY else 12
    axes.scatter(x[order], y[order], s=size, c=colours(points.values[order]), linewidths=0, zorder=4)
    if colours.varies:
        colours.draw_bar(figure, ax=axes, aspect=25, pad=0.02)
    if points.best is not None:
        draw_star(axes, float(x[points.best]), float(y[points.best]))
    axes.set_title(theme.short(points.metric), loc="right", size=theme.LABEL, color=theme.MUTED)
