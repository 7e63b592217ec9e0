"""Columns of numbers as a metrics file holds them, for the job and for the bot alike."""

import csv
import io
import math
from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice

NUMBER, BLANK, WORD = 0, 1, 2


@dataclass(frozen=True, slots=True)
class Most:
    """How much of a table is read."""

    cells: int = 1_000_000_000
    """A table with more is not read at all."""
    words: int = 100_000
    """Cells of text that one column keeps. Further ones become blank."""


MOST = Most()


@dataclass(slots=True)
class Column:
    """One column. Cells without a number are NaN in `numbers`; `marks` has what they were."""

    name: str
    numbers: "array[float]" = field(default_factory=lambda: array("d"))
    marks: bytearray = field(default_factory=bytearray)
    """NUMBER, BLANK or WORD for each cell. A cell that says `nan` is a NUMBER."""
    words: dict[int, str] = field(default_factory=dict)
    """The text of the cells that are neither numbers nor blank, by row."""
    most_words: int = MOST.words

    @property
    def blanks(self) -> int:
        return self.marks.count(BLANK)

    @property
    def texts(self) -> int:
        """How many cells hold text."""
        return self.marks.count(WORD)

    @property
    def empty(self) -> bool:
        """True without any number."""
        return NUMBER not in self.marks

    def add(self, cell: str, value: float | None) -> None:
        """Append one cell and the number that was read from it."""
        if value is not None:
            self.numbers.append(value)
            self.marks.append(NUMBER)
            return
        text = cell.strip()
        if text and len(self.words) < self.most_words:
            self.words[len(self.numbers)] = text
        self.numbers.append(math.nan)
        self.marks.append(WORD if text else BLANK)

    def pad(self, rows: int) -> None:
        """Append blank cells up to this many rows."""
        missing = rows - len(self.numbers)
        if missing > 0:
            self.numbers.extend([math.nan] * missing)
            self.marks.extend(bytes([BLANK]) * missing)

    def text(self, row: int) -> str:
        """Return a cell as text. Whole numbers have no decimal point."""
        if self.marks[row] != NUMBER:
            return self.words.get(row, "")
        return format_number(self.numbers[row])


@dataclass(slots=True)
class Grid:
    """Columns of one length, each name once, and what could not be read, in sentences."""

    columns: list[Column] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)
    restarts: list[int] = field(default_factory=list)
    """Rows before which the file's header came again."""

    @property
    def rows(self) -> int:
        return len(self.columns[0].numbers) if self.columns else 0

    def column(self, name: str) -> Column | None:
        return next((column for column in self.columns if column.name == name), None)

    def csv(self) -> str:
        """Return the grid as plain CSV: one header, commas, complete rows. "" without columns."""
        if not self.columns:
            return ""
        out = io.StringIO()
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow([column.name for column in self.columns])
        cells: list[Iterator[str]] = [_texts(column) for column in self.columns]
        rows: Iterator[Sequence[str]] = zip(*cells, strict=True)
        while chunk := list(islice(rows, 4096)):
            writer.writerows(row for row in chunk if any(row))
        return out.getvalue()


def format_number(value: float) -> str:
    """Format as in a table: `3`, `0.5`, `nan`."""
    if value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    return repr(value)


def _texts(column: Column) -> Iterator[str]:
    if not any(column.marks):
        return map(format_number, column.numbers)
    return (column.text(row) for row in range(len(column.numbers)))
