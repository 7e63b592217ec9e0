"""The table in a `metrics.csv` of any kind: what can be read is kept, and the rest is told in words."""

import csv
import io
import math
from array import array
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from bot.domain.loglines import clean

MOST_COLUMNS = 200
LONGEST_NAME = 60
_DELIMITERS = ",;\t"
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
        if not text.strip():
            return cls(remarks=("The file is empty.",))
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
        columns = [_Column(_named(name)) for name in header]
        if all(not math.isnan(self._number(column.name)) for column in columns):
            self._remarks.append("The file has no header line, so its columns are numbered.")
            columns = [_Column("") for _ in header]
            self._fill(columns, [header])
            named = False
        else:
            named = True
        self._fill(columns, rows)
        if named and columns[0].is_index:
            columns = columns[1:]
        return self._built(self._numeric(self._renamed(columns)))

    def _rows(self) -> Iterator[list[str]]:
        """The rows that are not blank, up to the first that cannot be read, without a torn last one."""
        reader = csv.reader(io.StringIO(self._text, newline=""), delimiter=self._delimiter, skipinitialspace=True)
        width, held = 0, None
        try:
            for row in reader:
                if not any(row):
                    continue
                width = width or len(row)
                if held is not None:
                    yield held
                held = row
        except csv.Error:
            self._remarks.append(f"Line {reader.line_num:,} cannot be read; it and what follows are left out.")
        if held is not None and (self._text.endswith(("\n", "\r")) or not self._torn(held, width)):
            yield held
        elif held is not None:
            self._remarks.append("The last line was torn and is left out.")

    def _torn(self, row: Sequence[str], width: int) -> bool:
        """Of a last line without a line feed: whether something is surely missing from it."""
        return len(row) < width or row[-1].strip()[-1:] in ("", "-", "+", ".", "e", "E")

    def _fill(self, columns: Sequence[_Column], rows: Iterator[list[str]] | list[list[str]]) -> None:
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
            remarks = [*self._remarks, "The file has a header and no rows yet."] if not self._remarks else self._remarks
            return Table(remarks=tuple(remarks))
        x_name = self._names.get("epoch", "epoch")
        found = next((c for c in columns if c.name.lower() == x_name.lower()), None)
        values = {column.name: column.numbers for column in columns if column is not found}
        if found is None:
            label = "epoch" if any(name.lower().startswith(_EPOCH_WISE) for name in values) else "row"
            return Table(_counting(columns), label, values, tuple(self._remarks))
        return self._over(found, values)

    def _over(self, found: _Column, values: dict[str, "array[float]"]) -> Table:
        """Over a column of the file's own, without the rows where it holds no number."""
        kept = [place for place, number in enumerate(found.numbers) if math.isfinite(number)]
        if len(kept) < len(found.numbers):
            gone = _counted(len(found.numbers) - len(kept), "row")
            self._remarks.append(f'{gone} had no "{found.name}" and left out.')
            values = {name: array("d", [numbers[place] for place in kept]) for name, numbers in values.items()}
        x = array("d", [found.numbers[place] for place in kept])
        return Table(x, found.name, values, tuple(self._remarks))


def _counting(columns: Sequence[_Column]) -> "array[float]":
    return array("d", range(1, len(columns[0].numbers) + 1))


def _decoded(data: bytes) -> str:
    encoding = "utf-16" if data.startswith((b"\xff\xfe", b"\xfe\xff")) else "utf-8-sig"
    return data.decode(encoding, "replace").replace("\0", "")


def _named(cell: str) -> str:
    return " ".join(clean(cell).split())[:LONGEST_NAME]


def _says_nan(cell: str) -> bool:
    return cell.strip().lower().lstrip("+-") in ("nan", "na", "n/a", "none", "null")


def _counted(count: int, noun: str) -> str:
    return f"{count:,} {noun}{'s' if count != 1 else ''}"
