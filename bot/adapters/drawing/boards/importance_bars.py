"""Draw how much of the metric each parameter explains, one bar per parameter."""

from collections.abc import Mapping

from matplotlib.figure import SubFigure
from matplotlib.ticker import NullLocator

from bot.adapters.drawing.style import theme

MOST_BARS = 8
ROW = 0.34
"""Inches per bar."""
SMALLEST = 0.01
"""Share that the longest bar stands for, at least."""
COLOUR = theme.COLOURS[0]


def height(importance: Mapping[str, float]) -> float:
    """Inches."""
    return 0.65 + ROW * min(MOST_BARS, len(importance))


def draw_importance(figure: SubFigure, importance: Mapping[str, float], metric: str) -> None:
    """The most important parameter first."""
    axes = figure.subplots()
    most = sorted(importance.items(), key=lambda each: -each[1])[:MOST_BARS]
    names, shares = [theme.short(name) for name, _ in most], [share for _, share in most]
    bars = axes.barh(range(len(most)), shares, color=COLOUR, height=0.62)
    axes.bar_label(bars, [f"{share:.0%}" for share in shares], padding=6, size=theme.LABEL, color=theme.TEXT)
    axes.set_yticks(range(len(most)), names)
    axes.invert_yaxis()
    axes.set_xlim(0, 1.13 * max(*shares, SMALLEST))
    axes.xaxis.set_major_locator(NullLocator())
    axes.grid(visible=False)
    title = f"What {theme.short(metric)} depends on"
    axes.set_title(title, loc="left", size=theme.PANEL_TITLE, weight="bold")
