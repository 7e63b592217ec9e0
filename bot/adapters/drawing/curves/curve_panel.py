"""Draw one panel: some columns of every run, with the best epochs marked."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator, NullFormatter

from bot.adapters.drawing.curves.run_curves import RunCurves
from bot.adapters.drawing.series import Series, folded, isolated, joined, moving_mean, noisy, spans_decades, thinned
from bot.adapters.drawing.style import lettering, theme
from bot.adapters.drawing.style.numbers import Ticks
from bot.domain.drawing.panel_layout import Panel, PanelKind, Split, split_of
from bot.domain.numbers import written

WINDOWS = (10, 100)
"""Rows that the moving averages cover."""
FEW = 20
"""Up to this many points, each one is marked."""
BESIDE = 0.75
"""Inches beside a panel, for the labels of its axis."""
EVERY = 0.2
"""With several runs, markers are about this share of the panel apart, and not beside each other."""
DASHED = (0, (3.2, 1.3))
STEPS = (1, 2, 2.5, 5, 10)
"""Steps between the numbers on an axis, times a power of ten."""
Style: TypeAlias = Any


@dataclass(frozen=True, slots=True)
class _Line:
    """One column of one run, and its style."""

    run: RunCurves
    column: str
    colour: str
    style: Style
    several: bool
    """Whether other runs share the panel, which then shows less of each."""

    @property
    def width(self) -> float:
        return theme.SEVERAL if self.several else theme.LINE

    @property
    def label(self) -> str:
        return theme.short(self.column)


def draw_panel(axes: Axes, panel: Panel, runs: Sequence[RunCurves], best: RunCurves | None) -> None:
    """Draw on empty axes. Every run's best epoch is marked; that of `best` is also written above the panel."""
    lines = list(_lines(panel, runs))
    windows = smoothing_windows(panel, runs)
    for line in lines:
        _draw(axes, line, windows)
    _scale(axes, panel, lines)
    axes.set_title(_title(panel, axes), loc="left", size=theme.PANEL_TITLE, weight="bold")
    if len(runs) == 1:
        _legend(axes, lines)
    for run in runs:
        if run.best is not None and (panel.kind is not PanelKind.OTHER or run.best.metric in panel.columns):
            _mark_best(axes, panel, [line for line in lines if line.run is run], write=run is best)


def smoothing_windows(panel: Panel, runs: Sequence[RunCurves]) -> tuple[int, ...]:
    """Windows of the moving averages this panel needs: none if no line is noisy, only the wider for several lines."""
    lines = [(run, column) for run in runs for column in panel.columns if column in run.table.columns]
    if not any(noisy(run.y(column)) for run, column in lines):
        return ()
    return WINDOWS if len(lines) == 1 else WINDOWS[-1:]


def _lines(panel: Panel, runs: Sequence[RunCurves]) -> Iterator[_Line]:
    """A single run has a colour per column; several runs have a colour, a line style and a marker each."""
    styles = _styles(panel)
    colours = _colours(panel)
    for run in runs:
        for column in panel.columns:
            if column not in run.table.columns:
                continue
            if len(runs) == 1:
                yield _Line(run, column, colours[column], styles[column], several=False)
            else:
                yield _Line(run, column, theme.colour(run.index), theme.line_style(run.index), several=True)


def _styles(panel: Panel) -> dict[str, Style]:
    """Validation is dashed if the panel also shows another split."""
    others = {split_of(column) for column in panel.columns} - {Split.VALIDATION}
    return {column: DASHED if split_of(column) is Split.VALIDATION and others else "solid" for column in panel.columns}


def _colours(panel: Panel) -> dict[str, str]:
    """Validation has the same colour in every panel. Of two columns of one split, the second has another."""
    by_split = {Split.TRAIN: 0, Split.VALIDATION: 1, Split.TEST: 2}
    first = {split_of(column): column for column in reversed(panel.columns)}
    fixed = {first[split]: index for split, index in by_split.items() if split in first}
    free = [index for index in range(len(panel.columns) + len(by_split)) if index not in fixed.values()]
    rest = [column for column in panel.columns if column not in fixed]
    indices = fixed | dict(zip(rest, free, strict=False))
    return {column: theme.colour(index) for column, index in indices.items()}


def _draw(axes: Axes, line: _Line, windows: Sequence[int]) -> None:
    x, y = line.run.x, line.run.y(line.column)
    if line.several:
        _mark(axes, line, moving_mean(y, windows[-1]) if windows else y)
    if not windows:
        _stroke(
            axes, x, y, _LineStyle(line.colour, line.style, line.width, label=line.column, mark_few=not line.several)
        )
        return
    _stroke(axes, x, y, _LineStyle(line.colour, width=theme.THIN, alpha=0.1 if line.several else 0.25))
    for window in windows[:-1]:
        _stroke(axes, x, moving_mean(y, window), _LineStyle(line.colour, width=theme.THIN, alpha=0.8))
    colour = theme.AVERAGE if len(windows) > 1 else line.colour
    _stroke(axes, x, moving_mean(y, windows[-1]), _LineStyle(colour, line.style, line.width, label=line.column))


def _mark(axes: Axes, line: _Line, y: Series) -> None:
    """Draw the run's marker here and there, as line styles look alike in short pieces."""
    known = np.flatnonzero(np.isfinite(y))
    if known.size:
        every = max(1, round(EVERY * known.size))
        chosen = known[(line.run.index * every // len(theme.MARKERS)) % known.size :: every]
        look: dict[str, Any] = {"marker": theme.marker(line.run.index), "ms": 7.0, "mew": 0.8, "mec": theme.PANEL}
        axes.plot(line.run.x[chosen], y[chosen], linestyle="none", color=line.colour, zorder=3.5, label="_mark", **look)


def _stroke(axes: Axes, x: Series, y: Series, look: "_LineStyle") -> None:
    """Draw a line with gaps where `y` is NaN. Isolated points are marked, and so are all points if there are few."""
    x, y = thinned(*folded(*joined(x, y)))
    marked = np.isfinite(y) if look.mark_few and y.size <= FEW else isolated(y)
    axes.plot(
        x,
        y,
        color=look.colour,
        linestyle=look.style,
        linewidth=look.width,
        alpha=look.alpha,
        label=look.label or "_",
        marker="o",
        markersize=2.2 * look.width,
        markevery=np.flatnonzero(marked).tolist(),
        zorder=2 + look.alpha,
    )


def _legend(axes: Axes, lines: Sequence[_Line]) -> None:
    """Name the columns of a single run if there are several."""
    first = {line.label: line for line in reversed(lines)}
    if len(first) < 2:
        return
    handles = [
        Line2D([], [], color=line.colour, linestyle=line.style, linewidth=line.width)
        for line in reversed(first.values())
    ]
    axes.legend(handles, list(reversed(first)), handlelength=1.8, labelspacing=0.3, borderaxespad=0.3)


def _mark_best(axes: Axes, panel: Panel, lines: Sequence[_Line], *, write: bool) -> None:
    """Draw a ring at the run's best epoch on its most important line. With `write`, name it above the panel, too."""
    line = _most_important(lines)
    if line is None or not math.isfinite(x := line.run.best_x):
        return
    value = line.run.value_at_best(line.column)
    axes.plot([x], [value], "o", ms=theme.MARKER, mfc=theme.PANEL, mec=line.colour, mew=2.6, zorder=5, label="_best")
    if write:
        axes.axvline(x, color=theme.TEXT, linewidth=1.2, linestyle=(0, (2, 2)), alpha=0.55, zorder=1.5, label="_best")
        room = _width(axes) - lettering.width(_title(panel, axes), theme.PANEL_TITLE, bold=True) - 14
        axes.set_title(_best_text(value, line, room), loc="right", size=theme.LABEL, color=theme.TEXT)


def _width(axes: Axes) -> float:
    """Approximate width of a panel in points."""
    spec = axes.get_subplotspec()
    columns = 1 if spec is None else spec.get_gridspec().ncols
    return (theme.WIDTH_INCHES / columns - BESIDE) * 72


def _title(panel: Panel, axes: Axes) -> str:
    return lettering.fitted(panel.title, _width(axes), theme.PANEL_TITLE, bold=True)


def _best_text(value: float, line: _Line, room: float) -> str:
    """The longest description of the best epoch that fits into `room` points."""
    best = line.run.best
    if best is None:
        return ""
    at, prefix = f"{line.run.best_x:,.10g}", "best " if line.column == best.metric else ""
    number = written(value)
    full = f"{prefix}{number} at {line.run.table.x_label} {at}"
    candidates = (full, f"{prefix}{number} at {at}", f"{number} at {at}", number)
    return next((text for text in candidates if lettering.width(text, theme.LABEL) <= room), "")


def _most_important(lines: Sequence[_Line]) -> _Line | None:
    """Of the lines with a value at the best epoch: the metric's own, else validation, else the first."""

    def rank(line: _Line) -> tuple[bool, bool]:
        own = line.run.best is not None and line.column == line.run.best.metric
        return not own, split_of(line.column) is not Split.VALIDATION

    known = [line for line in lines if math.isfinite(line.run.value_at_best(line.column))]
    return min(known, key=rank, default=None)


def _scale(axes: Axes, panel: Panel, lines: Sequence[_Line]) -> None:
    x = np.concatenate([line.run.x for line in lines])
    whole = bool(np.all(x == np.round(x)))
    axes.xaxis.set_major_locator(MaxNLocator(nbins=5, integer=whole, min_n_ticks=1, steps=STEPS))
    axes.xaxis.set_major_formatter(Ticks())
    y = [line.run.y(line.column) for line in lines]
    if panel.kind is PanelKind.LOSS and spans_decades(y):
        axes.set_yscale("log")
        axes.yaxis.set_minor_formatter(NullFormatter())
    else:
        axes.yaxis.set_major_locator(MaxNLocator(nbins=5, steps=STEPS))
    axes.yaxis.set_major_formatter(Ticks())


@dataclass(frozen=True, slots=True)
class _LineStyle:
    """How to draw a line. Without a label it is not in the legend."""

    colour: str
    style: Style = "solid"
    width: float = theme.LINE
    alpha: float = 1.0
    label: str = ""
    mark_few: bool = False
    """Whether to mark every point if there are at most `FEW`."""
