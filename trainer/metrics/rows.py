"""A table of metrics that grows: what `metrics.csv` holds."""

import csv
import io
from collections.abc import Mapping
from dataclasses import dataclass, field

EPOCH = "epoch"
EPOCHS = "epochs"
_AGAIN = {EPOCH, EPOCHS}
"""Columns that may be told again when the rest of an epoch's row comes later."""


@dataclass(slots=True)
class Table:
    """Columns in the order in which they first came; cells as text, "" where a row has none.

    `provisional` says that the rows are an earlier attempt's: the first row that is added drops those from its
    epoch on, so that an epoch that is trained again is not there twice.
    """

    columns: list[str] = field(default_factory=list)
    rows: list[dict[str, str]] = field(default_factory=list)
    provisional: bool = False

    @classmethod
    def parse(cls, text: str, *, provisional: bool = False) -> "Table":
        """What `text` has in whole lines; a last line without its newline is torn and left out."""
        whole = text[: text.rfind("\n") + 1]
        reader = csv.reader(io.StringIO(whole))
        columns = next(reader, [])
        rows = [dict(zip(columns, cells, strict=False)) for cells in reader if any(cells)]
        return cls(columns, rows, provisional)

    def add(self, values: Mapping[str, float]) -> str | None:
        """One row; where the last row is of the same epoch and has none of these values, the rest of that one.

        The line by which the text has grown, or None where more than that has changed.
        """
        row = {name: repr(value) for name, value in values.items() if name != EPOCHS}
        grows = not self.provisional and set(row) <= set(self.columns)
        if self.provisional:
            self._drop_from(values.get(EPOCH))
            self.provisional = False
        self.columns += [name for name in row if name not in self.columns]
        if self.rows and self._completes(self.rows[-1], row):
            self.rows[-1] |= row
            return None
        self.rows.append(row)
        return self._line(row) if grows else None

    def text(self) -> str:
        """As CSV, with a header; "" where there are no columns."""
        if not self.columns:
            return ""
        return "".join(map(self._line, [dict(zip(self.columns, self.columns, strict=True)), *self.rows]))

    def _line(self, row: Mapping[str, str]) -> str:
        out = io.StringIO()
        csv.writer(out, lineterminator="\n").writerow([row.get(name, "") for name in self.columns])
        return out.getvalue()

    def _completes(self, last: Mapping[str, str], row: Mapping[str, str]) -> bool:
        same = EPOCH in row and last.get(EPOCH) == row[EPOCH]
        return same and not any(last.get(name) for name in row if name not in _AGAIN)

    def _drop_from(self, epoch: float | None) -> None:
        if epoch is None:
            self.rows.clear()
            return
        self.rows = [row for row in self.rows if _number(row.get(EPOCH)) < epoch]


def _number(cell: str | None) -> float:
    """Not a number is not before any epoch."""
    try:
        return float(cell or "")
    except ValueError:
        return float("inf")
