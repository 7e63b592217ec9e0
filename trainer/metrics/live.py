"""The table of this process's run, in memory and in `metrics.csv`."""

from collections.abc import Mapping
from pathlib import Path

from trainer.contract import METRICS_CSV
from trainer.metrics.rows import Table
from trainer.places import output_dir, write_atomically

_tables: dict[Path, Table] = {}
"""By file: there is one in a process, more in tests."""


def add(row: Mapping[str, float]) -> None:
    """Adds to the table, and to its file."""
    path = _path()
    grown = _table(path).add(row)
    if grown is None:
        write_atomically(path, text().encode())
        return
    with path.open("a") as file:
        file.write(grown)


def text() -> str:
    """The table as it is now."""
    return _table(_path()).text()


def restore(csv: str) -> None:
    """Goes back to the table as it was at a checkpoint."""
    path = _path()
    _tables[path] = Table.parse(csv)
    write_atomically(path, csv.encode())


def _path() -> Path:
    return output_dir().resolve() / METRICS_CSV


def _table(path: Path) -> Table:
    """An earlier attempt's rows, where there are some, until this one has its own."""
    if path not in _tables:
        earlier = path.read_text() if path.exists() else ""
        _tables[path] = Table.parse(earlier, provisional=True)
    return _tables[path]
