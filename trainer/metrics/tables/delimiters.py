"""Find out what separates the columns of a table."""

import csv
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from trainer.metrics.tables.cells import number

BLANKS = " "
"""Columns separated by any number of spaces and tabs."""
NONE = ""
"""A table of one column."""
CANDIDATES = ("\t", ";", "|", ",", BLANKS)
"""The first of equals wins: a tab or semicolon is rarely part of a cell."""
_RULE = re.compile(r"[\s|+:=-]*(?:--|==|-\||\+-|:-)[\s|+:=-]*|-+")
_BOXES = str.maketrans(dict.fromkeys("│┃║", "|"))
_LINES = dict.fromkeys(range(0x2500, 0x2580))
"""Unicode's box-drawing characters."""
_QUOTED = re.compile(r'"(?:[^"]|"")*"')


@dataclass(frozen=True, slots=True)
class Dialect:
    """How lines are split into cells."""

    delimiter: str

    def cells(self, lines: Iterator[str]) -> Iterator[list[str]]:
        """Split each line. Blanks around cells are removed, and so are the outer bars of `| 1 | 2 |`."""
        if self.delimiter == BLANKS:
            return (_by_blanks(line) for line in lines)
        if self.delimiter == "|":
            return (row for line in lines if (row := _by_bars(line)) is not None)
        if self.delimiter == NONE:
            return ([line.strip().strip('"')] for line in lines)
        return csv.reader(lines, delimiter=self.delimiter, skipinitialspace=True)

    def split(self, line: str) -> list[str]:
        """Split one line. Raises `csv.Error`."""
        return [cell.strip() for cell in next(self.cells(iter([line])), [])]


def guess(lines: Sequence[str], comments: Sequence[str] = ()) -> Dialect:
    """Choose the delimiter by which most cells of these first lines are numbers, in rows of one length.

    The last of the comments above them may be the header: without it, a first row such as `1,` shows one cell alone.
    """
    found = _best(lines)
    if found.delimiter == NONE and comments:
        headed = _best([comments[-1], *lines])
        if any(line.rstrip().endswith(headed.delimiter) for line in lines):
            return headed
    return found


def _best(lines: Sequence[str]) -> Dialect:
    scored = [(_score(lines, delimiter), delimiter) for delimiter in CANDIDATES]
    score, delimiter = max(scored, key=lambda each: each[0])
    return Dialect(delimiter if score > 0 else NONE)


def is_title(row: Sequence[str], below: Sequence[str]) -> bool:
    """True for a single cell of text above a header of several."""
    above = [cell for cell in row if cell]
    names = not any(number(cell) is not None or cell[:1].isdigit() for cell in (*above, *below))
    return len(above) == 1 < len(below) and names


def without_end(row: Sequence[str]) -> Sequence[str]:
    """The row without the blank cells at its end."""
    end = len(row)
    while end and not row[end - 1].strip():
        end -= 1
    return row[:end]


def _score(lines: Sequence[str], delimiter: str) -> float:
    """How well a delimiter fits: 0 if it does not separate anything."""
    dialect = Dialect(delimiter)
    try:
        rows = [dialect.split(line) for line in lines]
    except csv.Error:
        return 0.0
    rows = [row for row in rows if any(row)]
    while len(rows) > 1 and is_title(rows[0], rows[1]):
        rows.pop(0)
    header = without_end(rows[0]) if rows else []
    if not rows or max(map(len, rows)) < 2 or (len(rows) > 1 and len(header) < 2):
        return 0.0
    data = rows[1:] or rows
    cells = [cell for row in data for cell in row if cell]
    numeric = sum(_is_value(cell, delimiter) for cell in cells) / max(1, len(cells))
    lengths = [len(row) if len(row) == len(header) else len(without_end(row)) for row in data]
    width = max(set(lengths), key=lengths.count)
    fitting = lengths.count(width) / len(lengths)
    if delimiter == BLANKS:
        # Prose has blanks, too. A data frame's `to_string` has an index without a name.
        fits = len(header) in (width, width - 1) and numeric >= 0.5 and fitting >= 0.6
        return 0.25 * numeric * fitting if fits else 0.0
    same = len(header) == width
    return (0.02 + numeric) * (0.1 + fitting) * (1.0 if same else 0.5)


def _is_value(cell: str, delimiter: str) -> bool:
    """A comma inside a number is a decimal comma, unless commas separate the columns."""
    return number(cell) is not None and not (delimiter == BLANKS and cell.endswith(","))


def _by_blanks(line: str) -> list[str]:
    if '"' not in line:
        return line.split()
    quoted = _QUOTED.findall(line)
    cells = _QUOTED.sub("\0", line).split()
    return [re.sub("\0", lambda _: quoted.pop(0)[1:-1], cell) for cell in cells]


def _by_bars(line: str) -> list[str] | None:
    """None for a rule such as `|---|---|` or `+----+----+`."""
    text = line.translate(_BOXES).strip()
    if _RULE.fullmatch(text) or not text.translate(_LINES).strip("|+- "):
        return None
    if text[0] == text[-1] == "|" and len(text) > 1:
        text = text[1:-1]
    return [cell.strip() for cell in text.split("|")]
