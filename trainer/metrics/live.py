"""The metrics table of this process, in memory and in `metrics.csv`."""

from collections.abc import Mapping
from pathlib import Path

from trainer.contract import METRICS_CSV
from trainer.metrics.rows import Table
from trainer.places import output_dir, write_atomically

_tables: dict[Path, Table] = {}
"""By file. A process has one; tests have more."""


def add(row: Mapping[str, float]) -> None:
    """Add a row to the table and to its file."""
    path = _path()
    appended = _table(path).add(row)
    if appended is None:
        write_atomically(path, text().encode())
        return
    with path.open("a") as file:
        file.write(appended)


def text() -> str:
    """Return the table as CSV."""
    return _table(_path()).text()


def restore(csv: str) -> None:
    """Reset the table to the one in a checkpoint."""
    path = _path()
    _tables[path] = Table.parse(csv)
    write_atomically(path, csv.encode())


def _path() -> Path:
    return output_dir().resolve() / METRICS_CSV


def _table(path: Path) -> Table:
    """Return this process's table. It starts with an earlier attempt's rows, if there are any."""
    if path not in _tables:
        earlier = path.read_text() if path.exists() else ""
        _tables[path] = Table.parse(earlier, provisional=True)
    return _tables[path]
