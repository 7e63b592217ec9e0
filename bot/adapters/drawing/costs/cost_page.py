"""Draw what was spent: a bar for each day or month, with a layer for each project or person."""

from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.lines import Line2D
from matplotlib.ticker import FixedLocator, FuncFormatter, MaxNLocator

from bot.adapters.drawing.curves.figure_page import to_png
from bot.adapters.drawing.series import Series
from bot.adapters.drawing.style import lettering, theme
from bot.adapters.drawing.style.header import Header
from bot.domain.drawing.figures import CostRequest, Drawing, Stack
from bot.domain.numbers import compact, dollars

BAR_WIDTH = 0.8
FEWEST_BARS = 7
"""A single bar as wide as the picture would look like a background."""
WIDE = 6.0 * 72
"""Approximate length of the horizontal axis, in points."""
REST = theme.MUTED


def draw_costs(request: CostRequest) -> Drawing:
    figure = make_costs(request)
    if figure is None:
        return Drawing(None, ("Nothing was spent, so there is nothing to draw.",))
    return Drawing(to_png(figure))


def make_costs(request: CostRequest) -> Figure | None:
    """The figure before rendering; None if nothing was spent."""
    if not request.bars or not any(usd > 0 for stack in request.stacks for usd in stack.usd):
        return None
    with mpl.rc_context(theme.style()):
        return _figure(request)


def _figure(request: CostRequest) -> Figure:
    legend = [(_sign(number, stack), f"{stack.name} {dollars(sum(stack.usd))}") for number, stack in _shown(request)]
    header = Header(request.title, request.subtitle, legend=legend, columns=3)
    height = theme.HEIGHT_INCHES
    layout = ConstrainedLayoutEngine(rect=(0, 0, 1, 1 - header.height / height), w_pad=0.08, h_pad=0.05)
    figure = Figure(figsize=(theme.WIDTH_INCHES, height), dpi=theme.DPI, layout=layout)
    figure.set_label(_described(request))
    header.draw(figure, height)
    axes = figure.subplots()
    _draw_bars(axes, request)
    _draw_labels(axes, request.bars)
    return figure


def _shown(request: CostRequest) -> list[tuple[int, Stack]]:
    """With the numbers of their colours, which are the same whatever the others spent."""
    return [(number, stack) for number, stack in enumerate(request.stacks) if sum(stack.usd) > 0]


def _draw_bars(axes: Axes, request: CostRequest) -> None:
    at, bottom = np.arange(len(request.bars), dtype=np.float64), np.zeros(len(request.bars))
    for number, stack in _shown(request):
        usd: Series = np.asarray(stack.usd, dtype=np.float64)
        style: dict[str, Any] = {"facecolor": _colour(number, stack), "edgecolor": theme.PANEL, "linewidth": 0.8}
        axes.bar(at, usd, BAR_WIDTH, bottom=bottom, zorder=3, **style)
        bottom = bottom + usd
    axes.grid(visible=False, axis="x")
    axes.set_ylim(0, float(bottom.max()) * 1.06)
    axes.yaxis.set_major_locator(MaxNLocator(nbins=5, steps=[1, 2, 5, 10], min_n_ticks=2))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda usd, _: _usd(usd)))


def _draw_labels(axes: Axes, bars: tuple[str, ...]) -> None:
    most = max(len(bars), FEWEST_BARS)
    middle, each = (len(bars) - 1) / 2, WIDE / most
    axes.set_xlim(middle - most / 2, middle + most / 2)
    middles, lengths = [number * each for number in range(len(bars))], [lettering.width(b, theme.LABEL) for b in bars]
    shown = lettering.without_overlap(middles, lengths, gap=theme.LABEL * 0.6)
    axes.xaxis.set_major_locator(FixedLocator(shown))
    axes.set_xticks(shown, [bars[number] for number in shown])
    axes.tick_params(axis="x", pad=7)  # the first label is as far left as the lowest of the other axis


def _usd(usd: float) -> str:
    """`$0`, `$0.005`, `$7.50`, `$12.5k`: ticks are sums of steps, so they are rounded first."""
    rounded = float(f"{usd:.9g}")
    if rounded != round(rounded) and rounded < 1_000:
        return f"${rounded:.2f}" if rounded >= 0.1 else f"${rounded:.3g}"
    return f"${compact(rounded)}"


def _sign(number: int, stack: Stack) -> Line2D:
    return Line2D([], [], linestyle="", marker="s", ms=11, mec=theme.BACKGROUND, color=_colour(number, stack))


def _colour(number: int, stack: Stack) -> str:
    return REST if stack.rest else theme.colour(number)


def _described(request: CostRequest) -> str:
    """The picture in words, for people who do not see it."""
    sums = [sum(stack.usd[number] for stack in request.stacks) for number in range(len(request.bars))]
    most = max(range(len(sums)), key=sums.__getitem__)
    layers = ", ".join(f"{stack.name} {dollars(sum(stack.usd))}" for _, stack in _shown(request))
    return (
        f"{request.title}: a bar for each of {len(request.bars)}, from {request.bars[0]} to {request.bars[-1]}, "
        f"{dollars(sum(sums))} together. The highest is {request.bars[most]} with {dollars(sums[most])}. {layers}."
    )
