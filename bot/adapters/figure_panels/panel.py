"""One panel: some columns of every run, and the best epoch."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.ticker import EngFormatter, FuncFormatter, MaxNLocator, NullFormatter

from bot.adapters.figure_panels import theme
from bot.adapters.figure_panels.runs import Run
from bot.adapters.figure_panels.series import (
    MOST_POINTS,
    Series,
    alone,
    joined,
    moving_mean,
    noisy,
    spans_decades,
    thinned,
)
from bot.domain.panels import Kind, Panel, Role, role

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
    width: float = theme.LINE

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
            _mark(axes, [line for line in lines if line.run is run], in_words=run is best)


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
                if len(runs) == 1:
                    yield _Line(run, column, colours[column], styles[column])
                else:
                    thin = role(column) is Role.TRAIN and len(panel.columns) > 1
                    width = theme.THIN if thin else theme.LINE
                    yield _Line(run, column, theme.colour(run.place), styles[column], width)


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
        _stroke(axes, x, y, _Pen(line.colour, line.style, line.width, label=line.column))
        return
    _stroke(axes, x, y, _Pen(line.colour, width=theme.THIN, alpha=0.25))
    for window in windows[:-1]:
        _stroke(axes, x, moving_mean(y, window), _Pen(line.colour, width=theme.THIN, alpha=0.8))
    colour = theme.AVERAGE if len(windows) > 1 else line.colour
    _stroke(axes, x, moving_mean(y, windows[-1]), _Pen(colour, line.style, line.width, label=line.column))


def _stroke(axes: Axes, x: Series, y: Series, pen: "_Pen") -> None:
    """A line with gaps where `y` is NaN; points without a neighbour, and all where there are few, are marked."""
    x, y = joined(x, y)
    marked = np.isfinite(y) if y.size <= FEW else alone(y)
    places = np.flatnonzero(marked)
    if y.size > MOST_POINTS:
        x, y = thinned(x, y)
        places = np.flatnonzero(alone(y))
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
        markevery=places.tolist(),
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


def _mark(axes: Axes, lines: Sequence[_Line], *, in_words: bool) -> None:
    """A ring on the line that counts most, at the best epoch of its run; in words, too, for the best run."""
    line = _counting(lines)
    if line is None or line.run.best is None:
        return
    x, value = line.run.best.x, line.run.at_best(line.column)
    axes.plot([x], [value], "o", ms=theme.MARKER, mfc=theme.PANEL, mec=line.colour, mew=2.6, zorder=5, label="_best")
    if in_words:
        axes.axvline(x, color=theme.TEXT, linewidth=1.2, linestyle=(0, (2, 2)), alpha=0.55, zorder=1.5, label="_best")
        word = "best " if line.column == line.run.best.metric else ""
        text = f"{word}{value:.4g} at {line.run.table.x_label} {x:,.10g}"
        axes.set_title(text, loc="right", size=theme.LABEL, color=line.colour)


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
    axes.xaxis.set_major_locator(MaxNLocator(nbins=5, integer=whole, steps=STEPS))
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
