"""Print the new rows of a table that the training code writes, as if it had reported them."""

import math
from collections.abc import Callable, Iterator, Sequence

from trainer.contract import format_metrics
from trainer.metrics.tables.axis import axis_of, rank
from trainer.metrics.tables.grid import NUMBER, Column, Grid

MOST_ROWS = 60
"""Rows that are printed at once. Of more, the last, the best and some between them: the table itself has them all."""
MOST_VALUES = 64
"""Values of one row: a line of the log holds 256 KiB, and the card shows fewer."""


class LiveRows:
    """Prints each value of a table once. `metric` is always among the values of a row."""

    def __init__(self, emit: Callable[[str], object], metric: str = "") -> None:
        self._emit, self._metric = emit, metric
        self._source = ""
        self._told: dict[str, int] = {}
        """For each column, how many rows of it have been looked at."""

    def show(self, source: str, grid: Grid, told: int = 0) -> None:
        """Print what is new since the last call. Another source is shown from its beginning, but for `told` rows."""
        if source != self._source or any(count > grid.rows for count in self._told.values()):
            self._source, self._told = source, dict.fromkeys((column.name for column in grid.columns), told)
        axis = axis_of(grid.columns)
        columns = [column for column in grid.columns if column is not axis and not _is_worse_axis(column, axis)]
        columns.sort(key=lambda column: column.name != self._metric)
        new = sorted({row for column in columns for row in self._new(column)})
        for row in self._chosen(grid, new):
            values = {c.name: c.numbers[row] for c in columns if row >= self._told.get(c.name, 0) and _has(c, row)}
            values = dict(list(values.items())[:MOST_VALUES])
            if values:
                at = {axis.name: axis.numbers[row]} if axis is not None and _has(axis, row) else {}
                self._emit(format_metrics({name: _whole(value) for name, value in {**at, **values}.items()}))
        # The last row may be completed later, as Lightning does; a blank that stays so is looked at again.
        self._told = {column.name: _known(column) for column in columns}

    def _new(self, column: Column) -> Iterator[int]:
        return (row for row in range(self._told.get(column.name, 0), len(column.numbers)) if _has(column, row))

    def _chosen(self, grid: Grid, rows: Sequence[int]) -> Sequence[int]:
        if len(rows) <= MOST_ROWS:
            return rows
        chosen = {*rows[:: -(-len(rows) // MOST_ROWS)], rows[-1]}
        column = grid.column(self._metric)
        if column is not None:
            measured = [row for row in rows if _has(column, row) and math.isfinite(column.numbers[row])]
            if measured:
                chosen |= {pick(measured, key=column.numbers.__getitem__) for pick in (min, max)}
        return sorted(chosen)


def _is_worse_axis(column: Column, axis: Column | None) -> bool:
    """True for a counter that would be taken for the axis of a row: an epoch that is the same in all rows."""
    place = rank(column.name)
    return axis is not None and place is not None and place < (rank(axis.name) or 0)


def _known(column: Column) -> int:
    """One behind the last row with a value."""
    return column.marks.rfind(NUMBER) + 1


def _has(column: Column, row: int) -> bool:
    return column.marks[row] == NUMBER


def _whole(value: float) -> float:
    return int(value) if math.isfinite(value) and value.is_integer() and abs(value) < 1e15 else value
