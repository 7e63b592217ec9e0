"""The table in a `metrics.csv` of any kind: what can be read is kept, and the rest is named in words."""

import csv
import io
import math
from array import array
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain

from bot.domain.logs.log_lines import clean

MOST_COLUMNS = 200
LONGEST_NAME = 60
_DELIMITERS = ",;\t"
_TOTAL = "epochs"
_EPOCH_WISE = ("train", "val", "valid", "test", "loss", "acc")


@dataclass(frozen=True, slots=True)
class Table:
    """Numeric columns over an x axis, all of one length. Cells without a number are NaN."""

    x: Sequence[float] = ()
    x_label: str = "epoch"
    columns: Mapping[str, Sequence[float]] = field(default_factory=dict)
    remarks: tuple[str, ...] = ()
    """What was left out, in sentences."""

    @property
    def rows(self) -> int:
        return len(self.x)

    @classmethod
    def parse(cls, data: bytes, names: Mapping[str, str] | None = None) -> "Table":
        """Reads the bytes of a CSV file; never fails.

        `names` are columns of the project's own by ours: with `{"epoch": "num_timesteps"}` that column is the
        x axis. Without a column `epoch`, the rows are numbered from 1.
        """
        text = _decoded(data)
        return _Reader(text, dict(names or {})).table()


@dataclass(slots=True)
class _Column:
    name: str
    numbers: "array[float]" = field(default_factory=lambda: array("d"))
    blanks: int = 0
    words: int = 0
    """Cells that are neither numbers nor blank."""

    @property
    def empty(self) -> bool:
        return self.blanks + self.words == len(self.numbers)

    @property
    def is_index(self) -> bool:
        """Whether it counts 0, 1, 2: the nameless first column that pandas writes."""
        return not self.name and all(number == place for place, number in enumerate(self.numbers))


class _Reader:
    def __init__(self, text: str, names: dict[str, str]) -> None:
        self._text, self._names = text, names
        first = text.lstrip().split("\n", 1)[0]
        self._delimiter = max(_DELIMITERS, key=first.count)
        self._remarks: list[str] = []

    def table(self) -> Table:
        rows = self._rows()
        header = next(rows, [])[:MOST_COLUMNS]
        if not header:
            return Table(remarks=("The file is empty.",))
        columns = [_Column(_named(name)) for name in header]
        if all(not math.isnan(self._number(column.name)) for column in columns):
            self._remarks.append("The file has no header line, so its columns are numbered.")
            columns = [_Column("") for _ in header]
            self._fill(columns, chain([header], rows))
        else:
            self._fill(columns, rows)
            columns = columns[1:] if columns[0].is_index else columns
        return self._built(self._numeric(self._renamed(columns)))

    def _rows(self) -> Iterator[list[str]]:
        """The rows that are not blank, up to the first that cannot be read, without a torn last one."""
        reader = csv.reader(io.StringIO(self._text, newline=""), delimiter=self._delimiter, skipinitialspace=True)
        before: list[str] = []
        held: list[str] = []
        try:
            for row in filter(any, reader):
                if held:
                    yield held
                before, held = held, row
        except csv.Error:
            self._remarks.append(f"Line {reader.line_num:,} cannot be read; it and what follows are left out.")
        if before and not self._text.endswith(("\n", "\r")) and _torn(held, before):
            self._remarks.append("The last line was torn and is left out.")
        elif held:
            yield held

    def _fill(self, columns: Sequence[_Column], rows: Iterable[list[str]]) -> None:
        short = 0
        for row in rows:
            short += len(row) < len(columns)
            for place, column in enumerate(columns):
                cell = row[place] if place < len(row) else ""
                number = self._number(cell)
                column.numbers.append(number)
                if math.isnan(number) and not _says_nan(cell):
                    column.blanks += not cell.strip()
                    column.words += bool(cell.strip())
        if short:
            self._remarks.append(f"{_counted(short, 'line')} had fewer cells than the header; the missing are blank.")

    def _number(self, cell: str) -> float:
        try:
            return float(cell)
        except ValueError:
            pass
        if self._delimiter == ";" and "," in cell:
            return self._number(cell.replace(",", "."))
        return math.nan

    def _renamed(self, columns: Sequence[_Column]) -> list[_Column]:
        """By our names, each name once."""
        ours = {theirs: name for name, theirs in self._names.items() if name != "epoch"}
        present = {column.name for column in columns}
        taken: dict[str, int] = {}
        renamed = []
        for place, column in enumerate(columns, 1):
            name = ours.get(column.name, column.name) or f"column {place}"
            taken[name] = taken.get(name, 0) + 1
            renamed.append(replace(column, name=f"{name} ({taken[name]})" if taken[name] > 1 else name))
        for name, theirs in self._names.items():
            if theirs not in present and name not in present:
                self._remarks.append(f'There is no column "{theirs}", which the configuration names for {name}.')
        return renamed

    def _numeric(self, columns: Sequence[_Column]) -> list[_Column]:
        numeric, dropped = [], []
        for column in columns:
            if column.words and column.empty:
                dropped.append(column.name)
            elif not column.empty:
                numeric.append(column)
                if column.words:
                    self._remarks.append(f'{_counted(column.words, "cell")} of "{column.name}" held no number.')
        if dropped:
            self._remarks.append(f"Left out as not numeric: {', '.join(dropped)}.")
        return numeric

    def _built(self, columns: Sequence[_Column]) -> Table:
        if not columns:
            remarks = [*self._remarks, "The file has a header and no rows."] if not self._remarks else self._remarks
            return Table(remarks=tuple(remarks))
        x_name = self._names.get("epoch", "epoch")
        found = next((c for c in columns if c.name.lower() == x_name.lower()), None)
        values = {c.name: c.numbers for c in columns if c is not found and c.name.lower() != _TOTAL}
        if found is None:
            label = "epoch" if any(name.lower().startswith(_EPOCH_WISE) for name in values) else "row"
            return Table(_counting(columns), label, values, tuple(self._remarks))
        return self._over(found, values)

    def _over(self, found: _Column, values: dict[str, "array[float]"]) -> Table:
        """Over a column of the file's own, without rows where it holds no number, and without repeated ones."""
        numbered = [place for place, number in enumerate(found.numbers) if math.isfinite(number)]
        if missing := len(found.numbers) - len(numbered):
            self._remarks.append(f'{_counted(missing, "row")} had no "{found.name}" and so no place in the plot.')
        kept = _last_rows(found.numbers, numbered)
        if again := len(numbered) - len(kept):
            self._remarks.append(
                f"{_counted(again, 'row')} of an earlier attempt came again later; the later ones count."
            )
        if len(kept) < len(found.numbers):
            values = {name: array("d", [numbers[place] for place in kept]) for name, numbers in values.items()}
        x = array("d", [found.numbers[place] for place in kept])
        return Table(x, found.name, values, tuple(self._remarks))


def _last_rows(x: Sequence[float], places: Sequence[int]) -> list[int]:
    """The places without those that a later row goes back behind. Neighbours at the same `x` belong together."""
    kept: list[int] = []
    lowest, after = math.inf, -1
    for place in reversed(places):
        if x[place] < lowest or (x[place] == lowest and kept[-1] == after):
            kept.append(place)
            lowest = x[place]
        after = place
    return kept[::-1]


def _counting(columns: Sequence[_Column]) -> "array[float]":
    return array("d", range(1, len(columns[0].numbers) + 1))


def _decoded(data: bytes) -> str:
    encoding = "utf-16" if data.startswith((b"\xff\xfe", b"\xfe\xff")) else "utf-8"
    return data.decode(encoding, "replace").replace("\0", "").lstrip("\ufeff")


def _torn(row: Sequence[str], before: Sequence[str]) -> bool:
    """Of a last line without a line feed: whether it looks as if something were missing."""
    end, end_before = row[-1].strip(), before[-1].strip()
    lost_decimals = "." in end_before and end.isdecimal()
    return len(row) < len(before) or end[-1:] in ("", "-", "+", ".", "e", "E") or lost_decimals


def _named(cell: str) -> str:
    return " ".join(clean(cell).split())[:LONGEST_NAME]


def _says_nan(cell: str) -> bool:
    return cell.strip().lower().lstrip("+-") in ("nan", "na", "n/a", "none", "null")


def _counted(count: int, noun: str) -> str:
    return f"{count:,} {noun}{'s' if count != 1 else ''}"
