"""The names of a table's columns: in its first row, in a comment above it, or nowhere."""

import csv
import re
from collections.abc import Sequence

from trainer.metrics.tables.cells import has_decimal_point, number
from trainer.metrics.tables.delimiters import CANDIDATES, NONE, Dialect, without_end

_BINARY = re.compile(r"[\x00-\x08\x0e-\x1a\x1c-\x1f]")
NOT_A_TABLE = "The file does not look like a table of numbers."


class Header:
    """`names` of the columns, "" for one without, and the rows of the `body` below them, from a table's first rows.

    `index`: a first column without a name was added, the index of a data frame. `problem`: why names and cells can't
    be matched, in words; "" if they can.
    """

    def __init__(self, rows: list[list[str]], comments: Sequence[str], dialect: Dialect) -> None:
        self.remarks: list[str] = []
        self.index = False
        self._comments, self._dialect = comments, dialect
        self.names, self.body = self._headed(rows)
        self.problem = NOT_A_TABLE if any(map(_BINARY.search, self.names)) else self._shifted()

    def _headed(self, rows: list[list[str]]) -> tuple[list[str], list[list[str]]]:
        if _is_header(rows):
            return _unquoted([cell.strip() for cell in rows[0]]), rows[1:]
        if named := self._commented(len(rows[0])):
            return named, rows
        self.remarks.append("The file has no header line, so its columns are numbered.")
        return [""] * max(map(len, rows)), rows

    def _commented(self, width: int) -> list[str]:
        """The header in the last comment, as `numpy.savetxt(header=…)` writes it; [] if none fits.

        https://numpy.org/doc/stable/reference/generated/numpy.savetxt.html: "header: String that will be written at
        the beginning of the file", marked by `comments`, by default "# ". Its delimiter is whatever the author typed.
        """
        for comment in reversed(self._comments):
            for dialect in (self._dialect, *map(Dialect, CANDIDATES)):
                names = _names(comment, dialect)
                if len(names) == width and all(names) and not any(number(name) is not None for name in names):
                    return names
        return []

    def _shifted(self) -> str:
        """Repair a header that lacks the name of the index, or say why names and cells can't be matched."""
        header, body = self.names, self.body
        lengths = [len(without_end(row)) for row in body]
        if not lengths or not header or self._dialect.delimiter == NONE or min(lengths) <= len(header):
            return ""
        index = [row[0].strip() for row in body]
        counted = index in ([str(n) for n in range(len(body))], [str(n) for n in range(1, len(body) + 1)])
        commas = self._dialect.delimiter == "," and not any(has_decimal_point(cell) for row in body for cell in row)
        matched = set(lengths) == {len(header) + 1} and (not commas or any(number(cell) is None for cell in index))
        if matched and (counted or all(number(cell) is None for cell in index)):
            header.insert(0, "")
            self.index = counted
            return ""
        fewest = min(lengths)
        problem = f"Its rows have {fewest} cells and its header has {len(header)}, so the names can't be matched."
        if commas:
            problem += " If its numbers have decimal commas, separate the columns with semicolons or tabs."
        return problem


def _unquoted(names: list[str]) -> list[str]:
    """Without single quotes, if they are around every name."""
    quoted = all(len(name) > 1 and name[0] == name[-1] == "'" for name in names)
    return [name[1:-1] for name in names] if quoted else names


def _names(comment: str, dialect: Dialect) -> list[str]:
    try:
        return [name.strip().strip('"') for name in dialect.split(comment)]
    except csv.Error:
        return []


def _is_header(rows: Sequence[Sequence[str]]) -> bool:
    kinds = [number(cell) is not None for cell in rows[0] if cell.strip()]
    if not any(kinds) or rows[0][0].strip() == "":
        return not all(kinds) or rows[0][0].strip() == ""
    same = len(rows) > 1 and [number(c) is not None for c in rows[1]] == [number(c) is not None for c in rows[0]]
    return not all(kinds) and not same
