"""The table in a `metrics.csv` of any kind: what can be read is kept, and the rest is named in words.

The reader is the job's own (`trainer/metrics/tables/`), so the job and the bot read every table alike.
"""

import math
from array import array
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import BinaryIO

from bot.domain.logs.log_lines import clean
from trainer.metrics.tables.attempts import settled
from trainer.metrics.tables.axis import EPOCH, axis_of, shown, total_of
from trainer.metrics.tables.csv_table import NO_ROWS, read_csv
from trainer.metrics.tables.grid import Column, Grid, Most
from trainer.redaction.redact import redact

MOST_COLUMNS = 200
MOST = Most(cells=8_000_000, words=0)
"""A cell takes nine bytes, and some of them twice while they are drawn. Eight million numbers of seven digits fill
64 MiB."""
LONGEST_NAME = 100
_EPOCH_WISE = ("train", "val", "valid", "test", "loss", "acc")


@dataclass(frozen=True, slots=True)
class Table:
    """Numeric columns over an x axis, all of one length. Cells without a number are NaN."""

    x: Sequence[float] = ()
    x_label: str = "epoch"
    columns: Mapping[str, Sequence[float]] = field(default_factory=dict)
    remarks: tuple[str, ...] = ()
    """What was left out, in sentences."""
    summary: Mapping[str, float] = field(default_factory=dict)
    """Values from rows without a place on the axis, such as `epoch=-1` for a test after the last epoch."""

    @property
    def rows(self) -> int:
        return len(self.x)

    @classmethod
    def parse(cls, source: bytes | BinaryIO, names: Mapping[str, str] | None = None) -> "Table":
        """Reads a CSV file; never fails.

        `names` are columns of the project's own by ours: with `{"epoch": "num_timesteps"}` that column is the
        x axis. Otherwise the x axis is the column that counts epochs or steps; without one, rows are numbered from 1.
        """
        return _Reader(settled(read_csv(source, most=MOST)), dict(names or {})).table()


class _Reader:
    def __init__(self, grid: Grid, names: dict[str, str]) -> None:
        self._grid, self._names = grid, names
        self._remarks = [_shown(remark) for remark in grid.remarks]

    def table(self) -> Table:
        columns = self._numeric(self._renamed(self._grid.columns[:MOST_COLUMNS]))
        if not columns:
            return Table(remarks=tuple(self._remarks or [NO_ROWS]))
        found = self._axis(columns)
        total = total_of([column.name for column in columns], found.name if found is not None else EPOCH)
        values = {c.name: c.numbers for c in columns if c is not found and c.name != total}
        if found is None:
            label = "epoch" if any(name.lower().startswith(_EPOCH_WISE) for name in values) else "row"
            return Table(array("d", range(1, len(columns[0].numbers) + 1)), label, values, tuple(self._remarks))
        return self._over(found, values)

    def _renamed(self, columns: Sequence[Column]) -> list[Column]:
        """By our names, each name once and fit to be shown."""
        ours = {theirs: name for name, theirs in self._names.items() if name != "epoch"}
        present = {column.name for column in columns}
        taken: dict[str, int] = {}
        renamed = []
        for place, column in enumerate(columns, 1):
            name = ours.get(column.name) or _named(column.name) or f"column_{place}"
            taken[name] = taken.get(name, 0) + 1
            renamed.append(replace(column, name=f"{name} ({taken[name]})" if taken[name] > 1 else name))
        for name, theirs in self._names.items():
            if theirs not in present and name not in present:
                self._remarks.append(f'There is no column "{theirs}", which the configuration names for {name}.')
        return renamed

    def _numeric(self, columns: Sequence[Column]) -> list[Column]:
        numeric, dropped = [], []
        for column in columns:
            texts = column.texts
            if texts and column.empty:
                dropped.append(column.name)
            elif not column.empty:
                numeric.append(column)
                if texts:
                    self._remarks.append(f'{_counted(texts, "cell")} of "{column.name}" held no number.')
        if dropped:
            self._remarks.append(f"Left out as not numeric: {', '.join(dropped)}.")
        return numeric

    def _axis(self, columns: Sequence[Column]) -> Column | None:
        """The configured column, else the one that counts epochs or steps. Steps alone are a metric."""
        configured = self._names.get("epoch", "").lower()
        named = next((column for column in columns if configured and column.name.lower() == configured), None)
        found = named or axis_of(columns)
        return found if len(columns) > 1 or (found is not None and found.name.lower() == EPOCH) else None

    def _over(self, found: Column, values: dict[str, "array[float]"]) -> Table:
        """Over a column of the file's own. Rows that have no place there are a summary."""
        lowest = 0.0 if any(number > 0 for number in found.numbers) else -math.inf
        label = shown(found.name)
        apart = [row for row, number in enumerate(found.numbers) if not (math.isfinite(number) and number >= lowest)]
        if not apart:
            return Table(found.numbers, label, values, tuple(self._remarks))
        gone = set(apart)
        kept = [row for row in range(len(found.numbers)) if row not in gone]
        self._remarks.append(f'{_counted(len(apart), "row")} had no "{label}" and so no place in the plot.')
        summary = {
            name: numbers[row] for row in apart for name, numbers in values.items() if not math.isnan(numbers[row])
        }
        values = {name: array("d", [numbers[row] for row in kept]) for name, numbers in values.items()}
        return Table(array("d", [found.numbers[row] for row in kept]), label, values, tuple(self._remarks), summary)


def _named(cell: str) -> str:
    return _shown(cell)[:LONGEST_NAME]


def _shown(remark: str) -> str:
    """Redacted before and after: what is taken out may hide a secret, or be the border of one."""
    return redact(" ".join(clean(redact(remark)).split()))


def _counted(count: int, noun: str) -> str:
    return f"{count:,} {noun}{'s' if count != 1 else ''}"
