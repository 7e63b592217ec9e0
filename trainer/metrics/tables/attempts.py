"""Bring the rows of a table together: parts of one step, and what a restarted script trained again."""

import math
from array import array
from collections.abc import Sequence

from trainer.metrics.tables.axis import axis_of, rank
from trainer.metrics.tables.grid import BLANK, NUMBER, Column, Grid


def settled(grid: Grid) -> Grid:
    """Drop the rows that were trained again after the header came again, and merge the parts of one step."""
    return merged(without_repeated(grid))


def without_repeated(grid: Grid) -> Grid:
    """Drop rows from before a repeated header, from the place on at which the rows after it begin.

    Only a repeated header shows that the script began anew. Epochs that come again below the same header are another
    fold, or another phase, and all of them count.
    """
    axis = axis_of(grid.columns)
    if not grid.restarts or axis is None or any(column.name.lower() == "fold" for column in grid.columns):
        return grid
    kept = list(range(grid.rows))
    for begin in grid.restarts:
        starts = next((value for value in axis.numbers[begin:] if math.isfinite(value)), math.inf)
        kept = [row for row in kept if row >= begin or not axis.numbers[row] >= starts]
    if dropped := grid.rows - len(kept):
        rows = "1 row" if dropped == 1 else f"{dropped:,} rows"
        remark = f"{rows} of an earlier attempt came again later; the later ones count."
        return Grid([_chosen(column, kept) for column in grid.columns], [*grid.remarks, remark])
    return grid


def merged(grid: Grid) -> Grid:
    """Merge neighbouring rows of one step that complete each other, as Lightning's CSVLogger writes them."""
    counters = [column for column in grid.columns if rank(column.name) is not None and not column.empty]
    others = [column for column in grid.columns if column not in counters]
    if not counters or not any(BLANK in column.marks for column in others):
        return grid
    groups: list[list[int]] = []
    for row in range(grid.rows):
        if groups and _completes(groups[-1], row, counters, others):
            groups[-1].append(row)
        else:
            groups.append([row])
    if len(groups) == grid.rows:
        return grid
    return Grid([_joined(column, groups) for column in grid.columns], grid.remarks)


def _completes(group: Sequence[int], row: int, counters: Sequence[Column], others: Sequence[Column]) -> bool:
    last = group[-1]
    if any(column.numbers[row] != column.numbers[last] for column in counters):
        return False
    return all(column.marks[row] == BLANK or all(column.marks[each] == BLANK for each in group) for column in others)


def _joined(column: Column, groups: Sequence[Sequence[int]]) -> Column:
    rows = [next((row for row in group if column.marks[row] != BLANK), group[0]) for group in groups]
    return _chosen(column, rows)


def _chosen(column: Column, rows: Sequence[int]) -> Column:
    words = {place: column.words[row] for place, row in enumerate(rows) if row in column.words} if column.words else {}
    numbers = array("d", [column.numbers[row] for row in rows])
    return Column(column.name, numbers, bytearray(column.marks[row] for row in rows), words)


def told_rows(grid: Grid, earlier: Grid) -> int:
    """How many of the first rows are those of an earlier attempt: a framework restores them from its checkpoint."""
    shared = [(column, other) for column in grid.columns if (other := earlier.column(column.name)) is not None]
    for row in range(min(grid.rows, earlier.rows) if shared else 0):
        if not all(_same(column, other, row) for column, other in shared):
            return row
    return min(grid.rows, earlier.rows) if shared else 0


def _same(column: Column, other: Column, row: int) -> bool:
    if column.marks[row] != NUMBER or other.marks[row] != NUMBER:
        return column.marks[row] == other.marks[row]
    return column.numbers[row] == other.numbers[row] or math.isnan(column.numbers[row] + other.numbers[row])


def after_earlier(grid: Grid, earlier: Grid) -> Grid:
    """Put the rows of an earlier attempt before those of this one, up to the place at which this one began."""
    axis, before = axis_of(grid.columns), axis_of(earlier.columns)
    if axis is None or before is None or axis.name != before.name:
        return grid
    begin = min((value for value in axis.numbers if math.isfinite(value)), default=math.inf)
    kept = [row for row, value in enumerate(before.numbers) if value < begin]
    if not kept or math.isinf(begin):
        return grid
    names = list(dict.fromkeys(column.name for column in (*earlier.columns, *grid.columns)))
    return Grid([_stacked(name, earlier.column(name), kept, grid) for name in names], grid.remarks)


def _stacked(name: str, above: Column | None, kept: Sequence[int], grid: Grid) -> Column:
    column = Column(name) if above is None else _chosen(above, kept)
    column.pad(len(kept))
    below = grid.column(name)
    if below is not None:
        column.words = column.words | {len(kept) + row: word for row, word in below.words.items()}
        column.numbers.extend(below.numbers)
        column.marks.extend(below.marks)
    column.pad(len(kept) + grid.rows)
    return column
