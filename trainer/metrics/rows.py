"""A growing table of metrics, the content of `metrics.csv`."""

import csv
import io
from collections.abc import Mapping
from dataclasses import dataclass, field

EPOCH = "epoch"
EPOCHS = "epochs"
_REPEATABLE = {EPOCH, EPOCHS}
"""Columns that may be repeated when the rest of an epoch's values arrives later."""


@dataclass(slots=True)
class Table:
    """Columns in the order of their first use. Cells are text, "" if a row has no value.

    `provisional`: the rows are an earlier attempt's. The first row that is added drops those from its epoch on, so
    an epoch that is trained again is not in the table twice.
    """

    columns: list[str] = field(default_factory=list)
    rows: list[dict[str, str]] = field(default_factory=list)
    provisional: bool = False

    @classmethod
    def parse(cls, text: str, *, provisional: bool = False) -> "Table":
        """Parse the complete lines of `text`. A last line without a newline is torn and ignored."""
        complete = text[: text.rfind("\n") + 1]
        reader = csv.reader(io.StringIO(complete))
        columns = next(reader, [])
        rows = [dict(zip(columns, cells, strict=False)) for cells in reader if any(cells)]
        return cls(columns, rows, provisional)

    def add(self, values: Mapping[str, float]) -> str | None:
        """Add one row. If the last row has the same epoch and none of these values, complete that row instead.

        Returns the line that was appended to the text, or None if more than the end of the text has changed.
        """
        row = {name: repr(value) for name, value in values.items() if name != EPOCHS}
        appends = not self.provisional and set(row) <= set(self.columns)
        if self.provisional:
            self._drop_from(values.get(EPOCH))
            self.provisional = False
        self.columns += [name for name in row if name not in self.columns]
        if self.rows and self._completes(self.rows[-1], row):
            self.rows[-1] |= row
            return None
        self.rows.append(row)
        return self._line(row) if appends else None

    def text(self) -> str:
        """Return the table as CSV with a header. "" without columns."""
        if not self.columns:
            return ""
        return "".join(map(self._line, [dict(zip(self.columns, self.columns, strict=True)), *self.rows]))

    def _line(self, row: Mapping[str, str]) -> str:
        out = io.StringIO()
        csv.writer(out, lineterminator="\n").writerow([row.get(name, "") for name in self.columns])
        return out.getvalue()

    def _completes(self, last: Mapping[str, str], row: Mapping[str, str]) -> bool:
        same_epoch = EPOCH in row and last.get(EPOCH) == row[EPOCH]
        return same_epoch and not any(last.get(name) for name in row if name not in _REPEATABLE)

    def _drop_from(self, epoch: float | None) -> None:
        if epoch is None:
            self.rows.clear()
            return
        self.rows = [row for row in self.rows if _number(row.get(EPOCH)) < epoch]


def _number(cell: str | None) -> float:
    """Parse a cell. Text that is no number sorts after every epoch."""
    try:
        return float(cell or "")
    except ValueError:
        return float("inf")
