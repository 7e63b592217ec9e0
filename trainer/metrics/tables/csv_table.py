"""Read a text table of any kind: what can be read is kept, and the rest is named in words."""

import csv
import math
import re
from array import array
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, islice, pairwise
from typing import BinaryIO

from trainer.metrics.tables.cells import NO_VALUE, has_decimal_point, number
from trainer.metrics.tables.delimiters import Dialect, guess, is_title, without_end
from trainer.metrics.tables.grid import BLANK, MOST, Column, Grid, Most
from trainer.metrics.tables.header import NOT_A_TABLE, Header
from trainer.metrics.tables.lines import Lines
from trainer.metrics.tables.portions import chunks, first_lines
from trainer.metrics.tables.text import LONGEST_LINE, Text
from trainer.metrics.tables.torn import is_torn

MOST_COLUMNS = 1_000
MOST_HEADERS = 4
"""How many times `MOST_COLUMNS` all headers of a file may have together."""
_SAMPLE = 50
_LONGEST_NAME = 1_000
_NAME = re.compile(r"[^\W\d][^=<>{}]{0,79}")
NO_ROWS = "The file has a header and no rows."


class _TooLargeError(Exception):
    """The table has more cells than are read."""


def read_csv(source: bytes | BinaryIO, *, running: bool = False, complete: bool = False, most: Most = MOST) -> Grid:
    """Read a table. Never fails: a table that can't be read has no columns and a remark.

    `running`: its writer is still at work, so a last line without a line feed is not read. `complete`: its writer has
    ended as it should, so that line is whole. Otherwise the line counts unless it looks torn.
    """
    text = Text(source, running=running)
    reader = _Reader(text, complete=complete, most=most)
    try:
        grid = reader.grid()
    except _TooLargeError as error:
        return Grid(remarks=[str(error)])
    long = f"{_counted(text.cut, 'line')} had more than {LONGEST_LINE:,} characters; the rest of it is left out."
    grid.remarks = [*([long] if text.cut else []), *reader.remarks, *grid.remarks]
    return grid


class _Reader:
    def __init__(self, text: Text, *, complete: bool, most: Most) -> None:
        self._unfinished, self._most = not complete and not text.ended, most
        lines = Lines(text, plain=text.plain)
        source = iter(lines)
        sample = first_lines(source, _SAMPLE)
        self._comments = lines.comments
        self._dialect = Dialect(lines.separator) if lines.separator else guess(sample, lines.comments)
        self._source = chain(sample, source)
        self._columns: list[Column] = []
        self._places: list[int] = []
        """For each cell of a row, the column that it goes to. Changes where the file has another header."""
        self._header: list[str] = []
        self._rows = 0
        self._restarts: list[int] = []
        self._short = self._long = self._unreadable = 0
        self._first_long = -1
        self._point = self._index = False
        self.remarks: list[str] = []

    def grid(self) -> Grid:
        rows = self._split()
        first = list(islice(rows, _SAMPLE))
        while len(first) > 1 and is_title(first[0], first[1]):
            first.pop(0)
        if not first:
            return Grid(remarks=["The file is empty."])
        self._point = any(has_decimal_point(cell) for row in first[1:] or first for cell in row)
        header = Header(first, self._comments, self._dialect)
        self.remarks += header.remarks
        if header.problem:
            return Grid(remarks=[header.problem])
        self._index = header.index
        self._begin(header.names)
        for chunk in chain([header.body], chunks(rows)):
            self._add_rows(chunk)
            self._check_size()
        if problem := self._ambiguous():
            return Grid(remarks=[problem])
        return self._built()

    def _split(self) -> Iterator[list[str]]:
        """The rows that are not blank, without a torn last one."""
        cells = self._dialect.cells(self._source)
        if not self._unfinished:
            yield from self._readable(cells)
            return
        before: list[list[str]] = []
        for row in self._readable(cells):
            before.append(row)
            if len(before) > _SAMPLE:
                yield before.pop(0)
        if len(before) > 1 and is_torn(before[-1], before[:-1]):
            self.remarks.append("The last line was torn and is left out.")
            before.pop()
        yield from before

    def _readable(self, cells: Iterator[list[str]]) -> Iterator[list[str]]:
        while True:
            try:
                for row in cells:
                    if row and (row[0] or any(row)):
                        yield row if len(row) <= MOST_COLUMNS else row[:MOST_COLUMNS]
            except csv.Error:
                self._unreadable += 1
                continue
            return

    def _begin(self, header: list[str]) -> None:
        self._header, self._places = header, []
        taken: set[int] = set()
        for name in header:
            known = next(
                (n for n, c in enumerate(self._columns) if c.name == name and n not in taken and self._rows), None
            )
            if known is None:
                known = self._added(name)
            taken.add(known)
            self._places.append(known)

    def _added(self, name: str) -> int:
        """The place of a new column."""
        self._check_size()
        self._columns.append(Column(name, most_words=self._most.words))
        self._columns[-1].pad(self._rows)
        return len(self._columns) - 1

    def _check_size(self) -> None:
        columns = len(self._columns)
        if columns > MOST_HEADERS * MOST_COLUMNS:
            raise _TooLargeError(f"The table's headers have more than {columns - 1:,} columns, too many to read.")
        if self._rows * columns > self._most.cells:
            raise _TooLargeError(f"The table has more than {self._most.cells:,} cells, too many to read.")

    def _add_rows(self, rows: list[list[str]]) -> None:
        if not self._add_fast(rows):
            for row in rows:
                self._add_row(row)

    def _add_fast(self, rows: Sequence[Sequence[str]]) -> bool:
        """Add a chunk by columns. False if its rows differ in length, or if one may be another header."""
        width = len(self._places)
        if not rows or any(len(row) != width for row in rows) or len(self._columns) != width:
            return False
        converted = [_converted(cells) for cells in zip(*rows, strict=True)]
        if all(each is None for each in converted):
            return False
        for place, cells, numbers in zip(self._places, zip(*rows, strict=True), converted, strict=True):
            column = self._columns[place]
            if numbers is not None:
                column.numbers.extend(numbers)
                column.marks.extend(bytes(len(numbers)))
            else:
                self._add_cells(column, cells)
        self._rows += len(rows)
        return True

    def _add_cells(self, column: Column, cells: Iterable[str]) -> None:
        numbers, marks, parse = column.numbers, column.marks, self._number
        for cell in cells:
            if cell:
                column.add(cell, parse(cell))
            else:
                numbers.append(math.nan)
                marks.append(BLANK)

    def _add_row(self, row: list[str]) -> None:
        cells = [cell.strip() for cell in row]
        if self._is_another_header(cells):
            self._restarts += [self._rows] if self._rows else []
            if cells != self._header:
                self._begin(cells)
            return
        filled = len(without_end(cells))
        self._short += len(cells) < len(self._places)
        if filled > len(self._header):
            self._first_long = self._rows if self._first_long < 0 else self._first_long
            self._long += 1
            for _ in range(filled - len(self._places)):
                self._places.append(self._added(""))
        for place, cell in zip(self._places, cells, strict=False):
            self._columns[place].add(cell, self._number(cell))
        self._rows += 1
        for column in self._columns:
            column.pad(self._rows)

    def _is_another_header(self, cells: Sequence[str]) -> bool:
        """True for the same header again, or one with other columns."""
        if cells == self._header:
            return True
        names = [cell for cell in cells if cell]
        if len(set(names)) < len(names) or any(number(name) is not None for name in names):
            return False
        if not all(_NAME.fullmatch(name) for name in names) or any(name.lower() in NO_VALUE for name in names):
            return False
        shared = len(set(names) & {column.name for column in self._columns})
        numeric = sum(not self._columns[place].empty for place, cell in zip(self._places, cells, strict=False) if cell)
        return shared > 0 or (len(names) > 1 and numeric == len(names))

    def _number(self, cell: str) -> float | None:
        try:
            return float(cell)
        except ValueError:
            return number(cell, point=self._point)

    def _ambiguous(self) -> str:
        """Why extra cells can't be told from decimal commas; "" if they can."""
        if not self._long or self._dialect.delimiter != "," or self._point:
            return ""
        late = self._long == self._rows - self._first_long and len(self._places) > len(self._header)
        extra = [column for column in self._columns if not column.name]
        digits = any(value >= 1000 for column in extra for value in column.numbers)
        if late and self._first_long > 0 and not digits:
            return ""
        return (
            "Some of its rows have more cells than its header. If its numbers have decimal commas, separate the "
            "columns with semicolons or tabs."
        )

    def _built(self) -> Grid:
        columns = self._without_index()
        if self._unreadable:
            self.remarks.append(f"{_counted(self._unreadable, 'line')} could not be read.")
        if self._short:
            self.remarks.append(
                f"{_counted(self._short, 'line')} had fewer cells than the header; the missing are blank."
            )
        if self._long:
            self.remarks.append(f"{_counted(self._long, 'line')} had more cells than the header.")
        columns = [column for column in columns if column.name or column.marks.count(BLANK) < len(column.marks)]
        _tell_apart(columns)
        if self._rows and all(column.empty for column in columns):
            return Grid(remarks=[NOT_A_TABLE])
        if not self._rows and any(len(column.name) > _LONGEST_NAME for column in columns):
            return Grid(remarks=[NOT_A_TABLE])
        if not self._rows and self._unfinished:
            return Grid(remarks=[NO_ROWS])
        return Grid(columns, restarts=self._restarts)

    def _without_index(self) -> list[Column]:
        first, *others = self._columns
        unnamed = others and first.name in ("", "Unnamed: 0")
        return others if unnamed and (self._index or self._counts(first)) else self._columns

    def _counts(self, column: Column) -> bool:
        """True for the index of a data frame: 0, 1, 2, also where the file was begun again."""
        starts = [0, *self._restarts, self._rows]
        expected = chain.from_iterable(range(end - begin) for begin, end in pairwise(starts))
        return all(value == place for value, place in zip(column.numbers, expected, strict=False))


def _converted(cells: Sequence[str]) -> "array[float] | None":
    try:
        return array("d", map(float, cells))
    except ValueError:
        return None


def _tell_apart(columns: Sequence[Column]) -> None:
    """Give each column a name, and each name to one column."""
    taken: dict[str, int] = {}
    for place, column in enumerate(columns, 1):
        name = column.name or f"column_{place}"
        taken[name] = taken.get(name, 0) + 1
        column.name = f"{name} ({taken[name]})" if taken[name] > 1 else name


def _counted(count: int, noun: str) -> str:
    return f"{count:,} {noun}{'s' if count != 1 else ''}"
