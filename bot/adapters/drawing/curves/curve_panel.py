"""One panel: some columns of every run, and the best epoch."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.ticker import EngFormatter, FuncFormatter, MaxNLocator, NullFormatter

from bot.adapters.drawing.curves.run_curves import Run
from bot.adapters.drawing.series import Series, alone, joined, moving_mean, noisy, spans_decades, thinned
from bot.adapters.drawing.style import theme
from bot.domain.drawing.panel_layout import Kind, Panel, Role, role

WINDOWS = (10, 100)
FEW = 20
"""Points up to which each one is marked."""
LARGE = 10_000
"""From here on an axis counts in k and M."""
DASHED = (0, (3.2, 1.3))
STEPS = (1, 2, 2.5, 5, 10)
"""Of the numbers on an axis, times a power of ten."""
Style: TypeAlias = Literal["solid"] | tuple[float, tuple[float, ...]]


@dataclass(frozen=True, slots=True)
class _Line:
    """One column of one run, and how it looks."""

    run: Run
    column: str
    colour: str
    style: Style
    several: bool
    """Whether other runs share the panel, which then has less to show of each."""

    @property
    def width(self) -> float:
        return theme.THIN if self.several and role(self.column) is Role.TRAIN else theme.LINE

    @property
    def label(self) -> str:
        return theme.short(self.column)


def draw_panel(axes: Axes, panel: Panel, runs: Sequence[Run], best: Run | None) -> None:
    """Draws on empty axes. `best` is the run whose best epoch is named in words; each run's is marked."""
    lines = list(_lines(panel, runs))
    windows = smoothed(panel, runs)
    for line in lines:
        _draw(axes, line, windows)
    _scale(axes, panel, lines)
    axes.set_title(theme.short(panel.title), loc="left", size=theme.PANEL_TITLE, weight="bold")
    _legend(axes, lines, several=len(runs) > 1)
    for run in runs:
        if run.best is not None and (panel.kind is not Kind.OTHER or run.best.metric in panel.columns):
            _mark(axes, panel, [line for line in lines if line.run is run], in_words=run is best)


def smoothed(panel: Panel, runs: Sequence[Run]) -> tuple[int, ...]:
    """The windows of the moving averages that this panel needs; the wider alone where it has several lines."""
    lines = [(run, column) for run in runs for column in panel.columns if column in run.table.columns]
    if not any(noisy(run.y(column)) for run, column in lines):
        return ()
    return WINDOWS if len(lines) == 1 else WINDOWS[-1:]


def _lines(panel: Panel, runs: Sequence[Run]) -> Iterator[_Line]:
    """One run has a colour for each column, several have one each."""
    styles = _styles(panel)
    colours = _colours(panel)
    for run in runs:
        for column in panel.columns:
            if column in run.table.columns:
                colour = colours[column] if len(runs) == 1 else theme.colour(run.place)
                yield _Line(run, column, colour, styles[column], several=len(runs) > 1)


def _styles(panel: Panel) -> dict[str, Style]:
    """Validation is dashed where it is beside the training."""
    beside = {role(column) for column in panel.columns} - {Role.VALIDATION}
    return {column: DASHED if role(column) is Role.VALIDATION and beside else "solid" for column in panel.columns}


def _colours(panel: Panel) -> dict[str, str]:
    """Validation has the same colour in every panel."""
    own = {Role.TRAIN: 0, Role.VALIDATION: 1, Role.TEST: 2}
    fixed = {column: own[kind] for column in panel.columns if (kind := role(column)) in own}
    free = [place for place in range(len(panel.columns) + len(own)) if place not in fixed.values()]
    rest = [column for column in panel.columns if column not in fixed]
    places = fixed | dict(zip(rest, free, strict=False))
    return {column: theme.colour(place) for column, place in places.items()}


def _draw(axes: Axes, line: _Line, windows: Sequence[int]) -> None:
    x, y = line.run.x, line.run.y(line.column)
    if not windows:
        _stroke(axes, x, y, _Pen(line.colour, line.style, line.width, label=line.column, points=not line.several))
        return
    _stroke(axes, x, y, _Pen(line.colour, width=theme.THIN, alpha=0.1 if line.several else 0.25))
    for window in windows[:-1]:
        _stroke(axes, x, moving_mean(y, window), _Pen(line.colour, width=theme.THIN, alpha=0.8))
    colour = theme.AVERAGE if len(windows) > 1 else line.colour
    _stroke(axes, x, moving_mean(y, windows[-1]), _Pen(colour, line.style, line.width, label=line.column))


def _stroke(axes: Axes, x: Series, y: Series, pen: "_Pen") -> None:
    """A line with gaps where `y` is NaN; points without a neighbour are marked, and all where there are few."""
    x, y = thinned(*joined(x, y))
    marked = np.isfinite(y) if pen.points and y.size <= FEW else alone(y)
    axes.plot(
        x,
        y,
        color=pen.colour,
        linestyle=pen.style,
        linewidth=pen.width,
        alpha=pen.alpha,
        label=pen.label or "_",
        marker="o",
        markersize=2.2 * pen.width,
        markevery=np.flatnonzero(marked).tolist(),
        zorder=2 + pen.alpha,
    )


def _legend(axes: Axes, lines: Sequence[_Line], *, several: bool) -> None:
    """Names the columns, where there are some; with several runs only the style tells them apart."""
    first = {line.label: line for line in reversed(lines)}
    if len(first) < 2:
        return
    handles = [
        Line2D([], [], color=theme.MUTED if several else line.colour, linestyle=line.style, linewidth=line.width)
        for line in reversed(first.values())
    ]
    axes.legend(handles, list(reversed(first)), handlelength=1.8, labelspacing=0.3, borderaxespad=0.3)


def _mark(axes: Axes, panel: Panel, lines: Sequence[_Line], *, in_words: bool) -> None:
    """A ring on the line that counts most, at the best epoch of its run; in words, too, for the best run."""
    line = _counting(lines)
    if line is None or not math.isfinite(x := line.run.best_x):
        return
    value = line.run.at_best(line.column)
    axes.plot([x], [value], "o", ms=theme.MARKER, mfc=theme.PANEL, mec=line.colour, mew=2.6, zorder=5, label="_best")
    if in_words:
        axes.axvline(x, color=theme.TEXT, linewidth=1.2, linestyle=(0, (2, 2)), alpha=0.55, zorder=1.5, label="_best")
        said = _said(value, line, room=_room(axes) - round(1.3 * len(theme.short(panel.title))))
        axes.set_title(said, loc="right", size=theme.LABEL, color=line.colour)


def _room(axes: Axes) -> int:
    """How many characters go above a panel."""
    place = axes.get_subplotspec()
    return 66 if place is not None and len(place.colspan) == 2 else 33


def _said(value: float, line: _Line, room: int) -> str:
    """The best epoch in as many words as there is room for."""
    best = line.run.best
    if best is None:
        return ""
    at, word = f"{line.run.best_x:,.10g}", "best " if line.column == best.metric else ""
    full = f"{word}{value:.4g} at {line.run.table.x_label} {at}"
    shorter = (full, f"{word}{value:.4g} at {at}", f"{value:.4g} at {at}", f"{value:.4g}")
    return next((text for text in shorter if len(text) <= room), "")


def _counting(lines: Sequence[_Line]) -> _Line | None:
    """The metric's own line, else the validation's, else the first; of those with a value at the best epoch."""

    def weight(line: _Line) -> tuple[bool, bool]:
        own = line.run.best is not None and line.column == line.run.best.metric
        return not own, role(line.column) is not Role.VALIDATION

    known = [line for line in lines if math.isfinite(line.run.at_best(line.column))]
    return min(known, key=weight, default=None)


def _scale(axes: Axes, panel: Panel, lines: Sequence[_Line]) -> None:
    x = np.concatenate([line.run.x for line in lines])
    whole = bool(np.all(x == np.round(x)))
    axes.xaxis.set_major_locator(MaxNLocator(nbins=5, integer=whole, min_n_ticks=1, steps=STEPS))
    if x.size and float(np.abs(x).max()) >= LARGE:
        axes.xaxis.set_major_formatter(EngFormatter(sep=""))
    y = [line.run.y(line.column) for line in lines]
    if panel.kind is Kind.LOSS and spans_decades(y):
        axes.set_yscale("log")
        axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
        axes.yaxis.set_minor_formatter(NullFormatter())
        return
    axes.yaxis.set_major_locator(MaxNLocator(nbins=5, steps=STEPS))
    if max((float(np.nanmax(np.abs(each))) for each in y if np.isfinite(each).any()), default=0.0) >= LARGE:
        axes.yaxis.set_major_formatter(EngFormatter(sep=""))


@dataclass(frozen=True, slots=True)
class _Pen:
    """How to draw a line; one without a label is not in the legend."""

    colour: str
    style: Style = "solid"
    width: float = theme.LINE
    alpha: float = 1.0
    label: str = ""
    points: bool = False
    """Whether points are marked where there are few."""
