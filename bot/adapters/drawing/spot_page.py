"""Draw spot prices: a line of steps for each zone, cut off above the cheap ones, and the price on demand."""

from collections.abc import Iterator
from itertools import chain
from typing import Any

import matplotlib as mpl
from matplotlib import patheffects as effects
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.lines import Line2D
from matplotlib.ticker import FuncFormatter, MaxNLocator

from bot.adapters.drawing.curves.figure_page import to_png
from bot.adapters.drawing.style import lettering, theme
from bot.adapters.drawing.style.header import Entry, Header
from bot.domain.drawing.figures import Drawing, SpotRequest

NAMED = 5
"""The cheapest zones have a colour and a name. The others are grey."""
ABOVE_LOWEST, ABOVE_NAMED = 1.6, 1.12
"""The picture reaches up to that many times the lowest price, or the highest one of the named zones now."""
WITHIN = 1.8
"""The line on demand is drawn where it stands if that makes the picture no more than so much taller."""
_HOUR, _DAY = 3_600.0, 86_400.0
_DAYS_FROM = 4 * _DAY
_WIDER = 1.5
"""The cheapest zone's line, beside the others."""
_WIDE = 0.05
"""USD from the lower to the upper edge: the ticks are then 0.01 apart or more, and two decimals show them."""


def draw_spot(request: SpotRequest) -> Drawing:
    if not request.zones:
        return Drawing(None, ("There are no prices to draw.",))
    return Drawing(to_png(make_spot(request)))


def make_spot(request: SpotRequest) -> Figure:
    """The figure before rendering."""
    with mpl.rc_context(theme.style()):
        header = Header(request.title, request.subtitle, legend=list(_legend(request)))
        height = theme.HEIGHT_INCHES
        layout = ConstrainedLayoutEngine(rect=(0, 0, 1, 1 - header.height / height), w_pad=0.08, h_pad=0.05)
        figure = Figure(figsize=(theme.WIDTH_INCHES, height), dpi=theme.DPI, layout=layout)
        figure.set_label(_described(request))
        header.draw(figure, height)
        _draw(figure.subplots(), request)
    return figure


def _draw(axes: Axes, request: SpotRequest) -> None:
    unit = _DAY if request.until - request.since >= _DAYS_FROM else _HOUR
    for index, (_, steps) in reversed(list(enumerate(request.zones))):
        ago = [(request.until - at) / unit for at, _ in steps] + [0.0]
        usd = [each for _, each in steps] + [steps[-1][1]]
        axes.step(ago, usd, where="post", **_look(index))
    low, top = _limits(request)
    axes.set_ylim(low, top)
    _draw_on_demand(axes, request, top)
    axes.set_xlim((request.until - request.since) / unit, 0)
    axes.set_xlabel("days ago" if unit == _DAY else "hours ago")
    axes.xaxis.set_major_locator(MaxNLocator(nbins=6, integer=True, steps=(1, 2, 3, 6, 10)))
    axes.yaxis.set_major_locator(
        MaxNLocator(nbins=5, steps=(1, 2, 5, 10))
    )  # no ticks of 0.025, which two decimals hide
    decimals = 2 if top - low > _WIDE else 3
    axes.yaxis.set_major_formatter(FuncFormatter(lambda usd, _: f"${usd:.{decimals}f}"))


def _draw_on_demand(axes: Axes, request: SpotRequest, top: float) -> None:
    """The line, or in words at the upper edge that it is above it."""
    usd = request.on_demand
    if usd is None:
        return
    if usd < top:
        axes.axhline(usd, color=theme.TEXT, linewidth=1.6, linestyle=(0, (5, 3)), zorder=2.4, label="_on_demand")
        text, at, place = f"on demand ${usd:.3f}", usd, "bottom"
    else:
        text, at, place = f"on demand ${usd:.3f} ↑", top, "top"
    axes.annotate(
        text,
        (0.01, at),
        (0, 3 if place == "bottom" else -5),
        xycoords=("axes fraction", "data"),
        textcoords="offset points",
        size=theme.LABEL,
        color=theme.TEXT,
        va=place,
        zorder=6,
        path_effects=[effects.withStroke(linewidth=4, foreground=theme.PANEL)],
    )


def _limits(request: SpotRequest) -> tuple[float, float]:
    """From a little below the lowest price to a little above the cheap zones; as far as on demand, if that is near."""
    every = list(chain.from_iterable((usd for _, usd in steps) for _, steps in request.zones))
    low = min(every)
    named = max(steps[-1][1] for _, steps in request.zones[:NAMED])
    top = max(low * ABOVE_LOWEST, named * ABOVE_NAMED)
    top = min(top, max(every) * ABOVE_NAMED)
    if request.on_demand is not None and request.on_demand * ABOVE_NAMED <= top * WITHIN:
        top = max(top, request.on_demand * ABOVE_NAMED)
    return low - 0.08 * (top - low), top


def _look(index: int) -> dict[str, Any]:
    if index >= NAMED:
        return {"color": theme.MUTED, "linewidth": theme.THIN, "alpha": 0.45, "zorder": 2.1, "label": "_other"}
    width = theme.LINE * _WIDER if index == 0 else theme.SEVERAL
    look = {"color": theme.colour(index), "linewidth": width, "linestyle": theme.line_style(index)}
    return {**look, "zorder": 3.5 - 0.1 * index, "label": "_named"}


def _legend(request: SpotRequest) -> Iterator[Entry]:
    for index, (name, steps) in enumerate(request.zones[:NAMED]):
        star = "★ " if index == 0 else ""
        yield _sign(index), lettering.printable(f"{star}{name} ${steps[-1][1]:.3f}")
    more = len(request.zones) - NAMED
    if more > 0:
        yield _sign(NAMED), f"{more} more zone{'s' if more > 1 else ''}"


def _sign(index: int) -> Line2D:
    look = {key: value for key, value in _look(index).items() if key not in ("zorder", "label")}
    return Line2D([], [], **look)


def _described(request: SpotRequest) -> str:
    """The picture in words, for people who do not see it."""
    name, steps = request.zones[0]
    said = f"{request.title}: lines of steps for {len(request.zones)} zones. Cheapest now {name} at ${steps[-1][1]:.3f}"
    return f"{said}, on demand ${request.on_demand:.3f}." if request.on_demand is not None else f"{said}."
