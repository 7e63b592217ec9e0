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
_CANDIDATES = ("\t", ";", "|", ",", BLANKS)
"""The first of equals wins: a tab or semicolon is rarely part of a cell."""
_RULE = re.compile(r"[\s|+:=-]*(?:--|==|-\||\+-|:-)[\s|+:=-]*|-+")
_BOXES = str.maketrans(dict.fromkeys("│┃║", "|"))
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


def guess(lines: Sequence[str]) -> Dialect:
    """Choose the delimiter by which most cells of these first lines are numbers, in rows of one length."""
    scored = [(_score(lines, delimiter), delimiter) for delimiter in _CANDIDATES]
    score, delimiter = max(scored, key=lambda each: each[0])
    return Dialect(delimiter if score > 0 else NONE)


def is_title(row: Sequence[str], below: Sequence[str]) -> bool:
    """True for a single cell of text above a header of several."""
    above = [cell for cell in row if cell]
    return len(above) == 1 < len(below) and not any(number(cell) is not None for cell in (*above, *below))


def _score(lines: Sequence[str], delimiter: str) -> float:
    """How well a delimiter fits: 0 if it does not separate anything."""
    dialect = Dialect(delimiter)
    try:
        rows = [_without_end(dialect.split(line)) for line in lines]
    except csv.Error:
        return 0.0
    rows = [row for row in rows if row]
    while len(rows) > 1 and is_title(rows[0], rows[1]):
        rows.pop(0)
    if not rows or max(map(len, rows)) < 2 or (len(rows) > 1 and len(rows[0]) < 2):
        return 0.0
    data = rows[1:] or rows
    cells = [cell for row in data for cell in row if cell]
    numeric = sum(_is_value(cell, delimiter) for cell in cells) / max(1, len(cells))
    width = max({len(row) for row in data}, key=[len(row) for row in data].count)
    fitting = sum(len(row) == width for row in data) / len(data)
    if delimiter == BLANKS:
        # Prose has blanks, too. A data frame's `to_string` has an index without a name.
        fits = len(rows[0]) in (width, width - 1) and numeric >= 0.5 and fitting >= 0.6
        return 0.25 * numeric * fitting if fits else 0.0
    same = len(rows[0]) == width
    return (0.02 + numeric) * (0.1 + fitting) * (1.0 if same else 0.5)


def _is_value(cell: str, delimiter: str) -> bool:
    """A comma inside a number is a decimal comma, unless commas separate the columns."""
    return number(cell) is not None and not (delimiter == BLANKS and cell.endswith(","))


def _without_end(row: list[str]) -> list[str]:
    while row and not row[-1]:
        row = row[:-1]
    return row


def _by_blanks(line: str) -> list[str]:
    if '"' not in line:
        return line.split()
    kept: list[str] = []
    marked = _QUOTED.sub(lambda match: f"\0{kept.append(match[0][1:-1]) or len(kept) - 1}\0", line)
    return [re.sub("\0(\\d+)\0", lambda match: kept[int(match[1])], cell) for cell in marked.split()]


def _by_bars(line: str) -> list[str] | None:
    """None for a rule such as `|---|---|` or `+----+----+`."""
    text = line.translate(_BOXES).strip()
    if not text or _RULE.fullmatch(text) or not text.strip("─━┄┅┈┉╌╍═┌┐└┘├┤┬┴┼╔╗╚╝╠╣╦╩╬┏┓┗┛┣┫┳┻╋╭╮╰╯╞╡╪╒╕╘╛╟╢|+- "):
        return None
    if text[0] == text[-1] == "|" and len(text) > 1:
        text = text[1:-1]
    return [cell.strip() for cell in text.split("|")]
