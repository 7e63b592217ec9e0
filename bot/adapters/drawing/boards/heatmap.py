"""Draw two axes of listed values as a table, its cells coloured by each point's result."""

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.figure import SubFigure
from matplotlib.patches import Rectangle

from bot.adapters.drawing.boards.colour_scale import ColourScale, draw_star, text_on
from bot.adapters.drawing.boards.state_marks import WORDS, background, draw_signs, text_colour
from bot.adapters.drawing.boards.sweep_points import SweepPoints
from bot.adapters.drawing.style import lettering, theme
from bot.domain.model.space import Axis
from bot.domain.model.trial import TrialState

LARGEST, SMALLEST, SMALLEST_STAR = 22.0, 8.5, 7.0
"""Font sizes in a cell; smaller text would not be readable."""
LONGEST_ROW, LONGEST_COLUMN = 16, 14
"""Characters of a label."""
FAINT = 0.4
"""Share of the colour of a value that is not final."""
SPARSE = 4
"""A heatmap has at most this many cells per point."""
SCALE, TITLE = 0.95, 0.3
"""Inches: the width of the colour bar on the right, and the height of its title above."""
POINTS_PER_INCH = 72.0


def fits(points: SweepPoints) -> bool:
    """Whether both axes have listed values and the table would not be nearly empty."""
    listed = [set(axis.values) for axis in points.axes]
    size = len(listed[0]) * len(listed[1])
    known = all(listed[number].issuperset(points.column(number)) for number in range(2))
    return known and 0 < size <= SPARSE * max(len(points.cells), 1)


def draw_heatmap(figure: SubFigure, points: SweepPoints, *, height: float) -> None:
    table = _Table.for_points(points, height)
    colours = ColourScale(points)
    axes = figure.add_axes(table.box)
    _draw_backgrounds(axes, points, colours, table)
    _draw_labels(axes, points, table)
    sizes = _FontSizes.for_points(points, table)
    _write_cells(axes, points, colours, table, sizes)
    if points.best is not None:
        lines = sizes.lines(points, points.best)
        used = lettering.LINE * sum(size for _, size, _ in lines)
        free = (table.cell[1] - used) / 2 if lines else 0.0
        _mark_best(axes, _positions(points)[points.best], table, free, hides_text=bool(lines))
    if colours.varies:
        left, bottom, wide, tall = table.box
        colours.draw_bar(figure, cax=figure.add_axes((left + wide + 0.025, bottom, 0.02, tall)))


@dataclass(frozen=True, slots=True)
class _Table:
    """The table's measures in inches. The first axis is vertical, the second horizontal."""

    rows: int
    columns: int
    left: float
    below: float
    tall: float
    turned: bool
    """Whether the column labels are rotated."""

    @classmethod
    def for_points(cls, points: SweepPoints, height: float) -> "_Table":
        """The table in a part that is `height` inches high."""
        down, right = points.axes
        rows, columns = len(down.values), len(right.values)
        left = 0.62 + _longest(down, LONGEST_ROW) / POINTS_PER_INCH
        pitch = (theme.WIDTH_INCHES - left - SCALE) / columns
        longest = _longest(right, LONGEST_COLUMN) / POINTS_PER_INCH
        turned = longest > 0.92 * pitch and pitch > 1.5 * theme.LABEL / POINTS_PER_INCH
        below = 0.4 + (0.72 * longest + 0.15 if turned else 0.25)
        return cls(rows, columns, left, below, height - below - TITLE, turned)

    @property
    def height(self) -> float:
        return self.below + self.tall + TITLE

    @property
    def wide(self) -> float:
        return theme.WIDTH_INCHES - self.left - SCALE

    @property
    def box(self) -> tuple[float, float, float, float]:
        """Left, bottom, width and height as shares of the section."""
        across, up = theme.WIDTH_INCHES, self.height
        return self.left / across, self.below / up, self.wide / across, self.tall / up

    @property
    def cell(self) -> tuple[float, float]:
        """Width and height in points."""
        return self.wide / self.columns * POINTS_PER_INCH, self.tall / self.rows * POINTS_PER_INCH


def _longest(axis: Axis, length: int) -> float:
    """Width of the widest label, in points."""
    return max(lettering.width(label, theme.LABEL) for label in lettering.labels(axis.values, length))


def _positions(points: SweepPoints) -> list[tuple[int, int]]:
    """Row and column of each point."""
    (down, right), (first, second) = points.axes, points.axis_indices
    rows = {value: row for row, value in enumerate(down.values)}
    columns = {value: column for column, value in enumerate(right.values)}
    return [(rows[cell.at[first]], columns[cell.at[second]]) for cell in points.cells]


def _on_top(points: SweepPoints) -> dict[tuple[int, int], int]:
    """The point to show in each cell, by row and column. If several share a cell: the best, else the last."""
    positions = _positions(points)
    last = {position: index for index, position in enumerate(positions)}
    return last | {positions[index]: index for index in reversed(points.ranked)}


def _draw_backgrounds(axes: Axes, points: SweepPoints, colours: ColourScale, table: _Table) -> None:
    pixels = np.zeros((table.rows, table.columns, 4))
    coloured = colours(points.values)
    for position, index in _on_top(points).items():
        pixels[position] = coloured[index] if points.final[index] else _not_final(points, index, coloured[index])
    axes.imshow(pixels, aspect="auto", interpolation="nearest" if min(table.cell) >= 1 else "antialiased")
    axes.grid(visible=False)
    axes.spines[:].set_visible(False)
    if (gap := min(3.0, min(table.cell) / 12)) > 0.5:
        style: dict[str, Any] = {"color": theme.BACKGROUND, "linewidth": gap, "zorder": 1.5}
        axes.hlines(np.arange(table.rows + 1) - 0.5, -0.5, table.columns - 0.5, **style)
        axes.vlines(np.arange(table.columns + 1) - 0.5, -0.5, table.rows - 0.5, **style)


def _not_final(points: SweepPoints, index: int, coloured: Any) -> Any:
    """A tint of the state, or of the last value of a trial that was stopped early."""
    state = points.states[index]
    if state is not TrialState.PRUNED or not np.isfinite(points.values[index]):
        return (*background(state), 1)
    return (*(FAINT * coloured[:3] + (1 - FAINT) * np.asarray(to_rgb(theme.PANEL))), 1)


def _draw_labels(axes: Axes, points: SweepPoints, table: _Table) -> None:
    down, right = points.axes
    wide, tall = table.cell
    rows = lettering.labels(down.values, LONGEST_ROW)
    shown = lettering.without_overlap([tall * n for n in range(len(rows))], [theme.LABEL] * len(rows), gap=3)
    axes.set_yticks(shown, [rows[n] for n in shown])
    columns = lettering.labels(right.values, LONGEST_COLUMN)
    lengths = [theme.LABEL if table.turned else lettering.width(label, theme.LABEL) for label in columns]
    shown = lettering.without_overlap([wide * n for n in range(len(columns))], lengths, gap=6)
    turn: dict[str, Any] = {"rotation": 45, "ha": "right", "rotation_mode": "anchor"} if table.turned else {}
    axes.set_xticks(shown, [columns[n] for n in shown], **turn)
    axes.set_ylabel(theme.short(down.name))
    axes.set_xlabel(theme.short(right.name))
    axes.set_title(theme.short(points.metric), loc="right", size=theme.LABEL, color=theme.MUTED)


def _write_cells(axes: Axes, points: SweepPoints, colours: ColourScale, table: _Table, sizes: "_FontSizes") -> None:
    """Write value, deviation and state into the cells, as far as they fit: numbers go into all cells or none."""
    coloured = colours(points.values)
    signs: dict[TrialState, list[tuple[int, int]]] = defaultdict(list)
    for (row, column), index in _on_top(points).items():
        final = bool(points.final[index])
        state = points.states[index]
        colour = text_on(coloured[index]) if final else text_colour(state)
        lines = sizes.lines(points, index)
        for text, size, bold, above in _stack(lines):
            style: dict[str, Any] = {
                "ha": "center",
                "va": "center",
                "size": size,
                "weight": "bold" if bold else "normal",
            }
            axes.text(column, row - above / table.cell[1], text, color=colour, zorder=4, **style)
        if not final and not lines:
            signs[state].append((column, row))
    for state, cells in signs.items():
        x, y = np.asarray(cells, dtype=np.float64).T
        draw_signs(axes, state, x, y, size=min(12.0, 0.6 * min(table.cell)))


def _stack(lines: list[tuple[str, float, bool]]) -> list[tuple[str, float, bool, float]]:
    """Add how far the middle of each line is above the middle of the cell, in points."""
    total = sum(size for _, size, _ in lines) * lettering.LINE
    stacked, down = [], 0.0
    for text, size, bold in lines:
        stacked.append((text, size, bold, total / 2 - down - size * lettering.LINE / 2))
        down += size * lettering.LINE
    return stacked


@dataclass(frozen=True, slots=True)
class _FontSizes:
    """Font sizes of the numbers and the state names in cells; 0 if they do not fit."""

    format_value: Callable[[float], str]
    number: float
    state: float

    @classmethod
    def for_points(cls, points: SweepPoints, table: _Table) -> "_FontSizes":
        wide, tall = table.cell
        form = points.format_value
        longest = max((form(value) for value in points.values[np.isfinite(points.values)]), key=len, default="0.0")
        second = max((f"± {form(each)}" for each in points.deviations if np.isfinite(each)), key=len, default="")
        unit = max(lettering.width(longest, 1, bold=True), 0.72 * lettering.width(second, 1) if second else 0)
        lines = (1.72 if second else 1.0) * lettering.LINE
        number = min(LARGEST, 0.88 * wide / unit, 0.8 * tall / lines)
        widths = [lettering.width(WORDS[state], 1) for state in points.counts]
        state_size = min(14.0, 0.84 * wide / max(widths, default=1), 0.4 * tall)
        return cls(form, number if number >= SMALLEST else 0, state_size if state_size >= SMALLEST else 0)

    def lines(self, points: SweepPoints, index: int) -> list[tuple[str, float, bool]]:
        """A cell's lines: text, font size, and whether it is bold."""
        found: list[tuple[str, float, bool]] = []
        value, deviation = points.values[index], points.deviations[index]
        if self.number and np.isfinite(value):
            found.append((self.format_value(value), self.number, index == points.best))
            if np.isfinite(deviation):
                found.append((f"± {self.format_value(deviation)}", 0.72 * self.number, False))
        if self.state and not points.final[index]:
            found.append((WORDS[points.states[index]], self.state, False))
        return found


def _mark_best(axes: Axes, position: tuple[int, int], table: _Table, space: float, *, hides_text: bool) -> None:
    """Draw an outline and a star: above the text, where `space` points are free, or on a small cell without text."""
    row, column = position
    wide, tall = table.cell
    style: dict[str, Any] = {"fill": False, "edgecolor": theme.TEXT, "linewidth": 3.5, "zorder": 6, "clip_on": False}
    axes.add_patch(Rectangle((column - 0.5, row - 0.5), 1, 1, **style))
    if min(wide, tall) < 2.2 * SMALLEST and not hides_text:
        draw_star(axes, column, row)
    elif (size := min(17.0, 0.9 * space)) > SMALLEST_STAR:
        draw_star(axes, column + 0.5 - 0.8 * size / wide, row - 0.5 + 0.75 * size / tall, size=size)
