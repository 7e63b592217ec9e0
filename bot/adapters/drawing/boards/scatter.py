"""Two axes, of which one has no list of values: a point where each trial was, coloured by what came of it."""

from matplotlib.figure import SubFigure

from bot.adapters.drawing.boards.point_columns import Points
from bot.adapters.drawing.style import theme
from bot.adapters.drawing.style.marks import scatter
from bot.adapters.drawing.style.ruler import Ruler
from bot.adapters.drawing.style.shade import Shade, star
from bot.domain.model.trial import TrialState

HEIGHT = 5.4
WIDE, TALL = 5.6 * 72, 4.2 * 72
"""Points, of the two axes, about."""
FEW, MANY = 100, 2_000


def draw_scattered(figure: SubFigure, points: Points) -> None:
    """The first axis goes up, the second to the right, as in the heatmap."""
    axes, shade = figure.subplots(), Shade(points)
    up, right = (Ruler(axis, points.column(number)) for number, axis in enumerate(points.axes))
    y, x = up.places(points.column(0)), right.places(points.column(1))
    right.draw(axes.xaxis, WIDE)
    up.draw(axes.yaxis, TALL)
    for state in TrialState:
        there = points.of_state(state) & ~points.final
        scatter(axes, state, x[there], y[there], size=9.0 if len(points.cells) <= MANY else 4.0)
    order = [index for index in reversed(points.ranked) if points.final[index]]
    size = 130 if len(order) <= FEW else 45 if len(order) <= MANY else 12
    axes.scatter(x[order], y[order], s=size, c=shade(points.values[order]), linewidths=0, zorder=4)
    if shade.varies:
        shade.scale(figure, ax=axes, aspect=25, pad=0.02)
    if points.best is not None:
        star(axes, float(x[points.best]), float(y[points.best]))
    axes.set_title(theme.short(points.metric), loc="right", size=theme.LABEL, color=theme.MUTED)
