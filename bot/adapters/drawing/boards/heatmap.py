"""Two axes of listed values: a table whose cells are coloured by what came of each point."""

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import SubFigure
from matplotlib.patches import Rectangle

from bot.adapters.drawing.boards.point_columns import Points
from bot.adapters.drawing.style import lettering, theme
from bot.adapters.drawing.style.marks import ground, scatter, word_colour
from bot.adapters.drawing.style.shade import Shade, star, text_on
from bot.domain.model.space import Axis
from bot.domain.model.trial import TrialState

ROW, LEAST, MOST = 0.62, 2.9, 6.4
"""Inches: of a row, and of all of them."""
LARGEST, SMALLEST, SMALLEST_STAR = 22.0, 8.5, 7.0
"""Sizes of the letters in a cell; smaller ones could not be read."""
LONGEST_ROW, LONGEST_COLUMN = 16, 14
SPARSE = 4
"""Cells for each point, at most."""
SCALE, TITLE = 1.05, 0.3
"""Inches: of the scale on the right, and of its title above."""
POINTS = 72.0


def fits(points: Points) -> bool:
    """Whether both axes are listed, and the table would not be nearly empty."""
    listed = [set(axis.values) for axis in points.axes]
    size = len(listed[0]) * len(listed[1])
    known = all(listed[number].issuperset(points.column(number)) for number in range(2))
    return known and 0 < size <= SPARSE * max(len(points.cells), 1)


def height(points: Points) -> float:
    """Inches."""
    return _Frame.of(points).height


def draw_heatmap(figure: SubFigure, points: Points) -> None:
    frame = _Frame.of(points)
    shade = Shade(points)
    axes = figure.add_axes(frame.box)
    _ground(axes, points, shade, frame)
    _labels(axes, points, frame)
    pen = _Pen.of(points, frame)
    _write(axes, points, shade, frame, pen)
    if points.best is not None:
        lines = pen.lines(points, points.best)
        used = lettering.LINE * sum(size for _, size, _ in lines)
        _mark_best(axes, _places(points)[points.best], frame, (frame.cell[1] - used) / 2)
    if shade.varies:
        left, bottom, wide, tall = frame.box
        shade.scale(figure, cax=figure.add_axes((left + wide + 0.025, bottom, 0.02, tall)))


@dataclass(frozen=True, slots=True)
class _Frame:
    """The table's measures, in inches. The first axis goes down, the second to the right."""

    rows: int
    columns: int
    left: float
    below: float
    tall: float
    turned: bool
    """Whether the labels of the columns are."""

    @classmethod
    def of(cls, points: Points) -> "_Frame":
        down, right = points.axes
        rows, columns = len(down.values), len(right.values)
        left = 0.62 + _longest(down, LONGEST_ROW) / POINTS
        pitch = (theme.WIDTH_INCHES - left - SCALE) / columns
        longest = _longest(right, LONGEST_COLUMN) / POINTS
        turned = longest > 0.92 * pitch and pitch > 1.5 * theme.LABEL / POINTS
        below = 0.4 + (0.72 * longest + 0.15 if turned else 0.25)
        return cls(rows, columns, left, below, min(MOST, max(LEAST, ROW * rows)), turned)

    @property
    def height(self) -> float:
        return self.below + self.tall + TITLE

    @property
    def wide(self) -> float:
        return theme.WIDTH_INCHES - self.left - SCALE

    @property
    def box(self) -> tuple[float, float, float, float]:
        """As parts of the section."""
        across, up = theme.WIDTH_INCHES, self.height
        return self.left / across, self.below / up, self.wide / across, self.tall / up

    @property
    def cell(self) -> tuple[float, float]:
        """Width and height in points."""
        return self.wide / self.columns * POINTS, self.tall / self.rows * POINTS


def _longest(axis: Axis, most: int) -> float:
    return max(lettering.width(label, theme.LABEL) for label in lettering.labels(axis.values, most))


def _places(points: Points) -> list[tuple[int, int]]:
    """Row and column of each point."""
    (down, right), (first, second) = points.axes, points.places
    rows = {value: place for place, value in enumerate(down.values)}
    columns = {value: place for place, value in enumerate(right.values)}
    return [(rows[cell.at[first]], columns[cell.at[second]]) for cell in points.cells]


def _on_top(points: Points) -> dict[tuple[int, int], int]:
    """By row and column the point to show: of some at one place the best, else the last."""
    places = _places(points)
    shown_there = {place: index for index, place in enumerate(places)}
    return shown_there | {places[index]: index for index in reversed(points.ranked)}


def _ground(axes: Axes, points: Points, shade: Shade, frame: _Frame) -> None:
    pixels = np.zeros((frame.rows, frame.columns, 4))
    coloured = shade(points.values)
    for place, index in _on_top(points).items():
        pixels[place] = coloured[index] if points.final[index] else (*ground(points.states[index]), 1)
    axes.imshow(pixels, aspect="auto", interpolation="nearest" if min(frame.cell) >= 1 else "antialiased")
    axes.grid(visible=False)
    axes.spines[:].set_visible(False)
    if (gap := min(3.0, min(frame.cell) / 12)) > 0.5:
        style: dict[str, Any] = {"color": theme.BACKGROUND, "linewidth": gap, "zorder": 1.5}
        axes.hlines(np.arange(frame.rows + 1) - 0.5, -0.5, frame.columns - 0.5, **style)
        axes.vlines(np.arange(frame.columns + 1) - 0.5, -0.5, frame.rows - 0.5, **style)


def _labels(axes: Axes, points: Points, frame: _Frame) -> None:
    down, right = points.axes
    wide, tall = frame.cell
    rows = lettering.labels(down.values, LONGEST_ROW)
    kept = lettering.with_room([tall * n for n in range(len(rows))], [theme.LABEL] * len(rows), gap=3)
    axes.set_yticks(kept, [rows[n] for n in kept])
    columns = lettering.labels(right.values, LONGEST_COLUMN)
    rooms = [theme.LABEL if frame.turned else lettering.width(label, theme.LABEL) for label in columns]
    kept = lettering.with_room([wide * n for n in range(len(columns))], rooms, gap=6)
    turn: dict[str, Any] = {"rotation": 45, "ha": "right", "rotation_mode": "anchor"} if frame.turned else {}
    axes.set_xticks(kept, [columns[n] for n in kept], **turn)
    axes.set_ylabel(theme.short(down.name))
    axes.set_xlabel(theme.short(right.name))
    axes.set_title(theme.short(points.metric), loc="right", size=theme.LABEL, color=theme.MUTED)


def _write(axes: Axes, points: Points, shade: Shade, frame: _Frame, pen: "_Pen") -> None:
    """Each cell's value, deviation and state, as far as there is room: numbers in all cells or in none."""
    coloured = shade(points.values)
    signs: dict[TrialState, list[tuple[int, int]]] = defaultdict(list)
    for (row, column), index in _on_top(points).items():
        counts = bool(points.final[index])
        state = points.states[index]
        colour = text_on(coloured[index]) if counts else word_colour(state)
        lines = pen.lines(points, index)
        for text, size, bold, up in _stacked(lines):
            where: dict[str, Any] = {
                "ha": "center",
                "va": "center",
                "size": size,
                "weight": "bold" if bold else "normal",
            }
            axes.text(column, row - up / frame.cell[1], text, color=colour, zorder=4, **where)
        if not counts and not lines:
            signs[state].append((column, row))
    for state, there in signs.items():
        x, y = np.asarray(there, dtype=np.float64).T
        scatter(axes, state, x, y, size=min(12.0, 0.6 * min(frame.cell)))


def _stacked(lines: list[tuple[str, float, bool]]) -> list[tuple[str, float, bool, float]]:
    """With how many points each line's middle is above the cell's."""
    total = sum(size for _, size, _ in lines) * lettering.LINE
    placed, down = [], 0.0
    for text, size, bold in lines:
        placed.append((text, size, bold, total / 2 - down - size * lettering.LINE / 2))
        down += size * lettering.LINE
    return placed


@dataclass(frozen=True, slots=True)
class _Pen:
    """How large the numbers and the words of the states are; 0 where there is no room for them."""

    written: Callable[[float], str]
    number: float
    word: float

    @classmethod
    def of(cls, points: Points, frame: _Frame) -> "_Pen":
        wide, tall = frame.cell
        written = points.written
        longest = max((written(value) for value in points.values[np.isfinite(points.values)]), key=len, default="0.0")
        second = max((f"± {written(each)}" for each in points.deviations if np.isfinite(each)), key=len, default="")
        unit = max(lettering.width(longest, 1, bold=True), 0.72 * lettering.width(second, 1) if second else 0)
        lines = (1.72 if second else 1.0) * lettering.LINE
        number = min(LARGEST, 0.88 * wide / unit, 0.8 * tall / lines)
        words = [lettering.width(state, 1) for state in points.counts]
        word = min(14.0, 0.84 * wide / max(words, default=1), 0.4 * tall)
        return cls(written, number if number >= SMALLEST else 0, word if word >= SMALLEST else 0)

    def lines(self, points: Points, index: int) -> list[tuple[str, float, bool]]:
        """Text, size, and whether it is bold."""
        found: list[tuple[str, float, bool]] = []
        value, deviation = points.values[index], points.deviations[index]
        if self.number and np.isfinite(value):
            found.append((self.written(value), self.number, index == points.best))
            if np.isfinite(deviation):
                found.append((f"± {self.written(deviation)}", 0.72 * self.number, False))
        if self.word and not points.final[index]:
            found.append((points.states[index], self.word, False))
        return found


def _mark_best(axes: Axes, place: tuple[int, int], frame: _Frame, room: float) -> None:
    """An outline, and a star: in the `room` above the cell's text, in points, or on a cell too small to see."""
    row, column = place
    wide, tall = frame.cell
    style: dict[str, Any] = {"fill": False, "edgecolor": theme.TEXT, "linewidth": 3.5, "zorder": 6, "clip_on": False}
    axes.add_patch(Rectangle((column - 0.5, row - 0.5), 1, 1, **style))
    if min(wide, tall) < 2.2 * SMALLEST:
        star(axes, column, row)
    elif (size := min(17.0, 0.9 * room)) > SMALLEST_STAR:
        star(axes, column + 0.5 - 0.8 * size / wide, row - 0.5 + 0.75 * size / tall, size=size)
