"""The metrics files that a run has left, with their columns."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from bot.domain.metric_names import more_is_better
from bot.try_locally.job_process import Place
from trainer.metrics.discovery import Discovery, kind_of
from trainer.metrics.read_source import SourceReader
from trainer.metrics.tables.axis import axis_of, rank
from trainer.metrics.tables.csv_table import read_csv
from trainer.metrics.tables.grid import Grid

_LARGEST_ODD = 4 * 1024 * 1024
_MOST_ODD = 200
_DATED = re.compile(r"\d{4,}")
_ARTIFACTS = "artifacts"


@dataclass(frozen=True, slots=True)
class LeftTable:
    """`pattern` is the `metrics_file` that it needs, "" if jobs find it by themselves."""

    metrics: tuple[str, ...]
    pattern: str = ""


def known_tables(place: Place) -> Iterator[LeftTable]:
    """Those that a job would find by their names."""
    reader = SourceReader()
    for found in Discovery([place.results / _ARTIFACTS]).found():
        for grid in reader.grids(found, running=False, complete=True).values():
            if names := metrics_of(grid):
                yield LeftTable(names)


def odd_table(place: Place) -> LeftTable | None:
    """A table under a name that no job looks at: over epochs or steps, with a metric whose name tells its direction."""
    folder = place.results / _ARTIFACTS
    files = [path for path in folder.rglob("*") if path.is_file() and kind_of(path) is None]
    for path in sorted(files)[:_MOST_ODD]:
        if path.stat().st_size <= _LARGEST_ODD and b"\0" not in (data := path.read_bytes()):
            grid = read_csv(data, complete=True)
            names = metrics_of(grid)
            if grid.rows > 1 and axis_of(grid.columns) and any(more_is_better(name) is not None for name in names):
                return LeftTable(names, _pattern(path.relative_to(folder)))
    return None


def metrics_of(grid: Grid) -> tuple[str, ...]:
    """Its numeric columns, but for those that count."""
    return tuple(column.name for column in grid.columns if rank(column.name) is None and not column.empty)


def counter_of(grid: Grid) -> str:
    """The column that counts the progress under a name that says nothing; "" if none or several could be it."""
    if axis_of(grid.columns) is not None or grid.rows < 3:
        return ""
    counting = [column for column in grid.columns if more_is_better(column.name) is None and _counts(column.numbers)]
    return counting[0].name if len(counting) == 1 else ""


def _counts(numbers: Sequence[float]) -> bool:
    return all(number.is_integer() for number in numbers) and all(a < b for a, b in pairwise(numbers))


def _pattern(path: Path) -> str:
    """With `*` for what differs from run to run, such as a date."""
    folders = ["*" if _DATED.search(part) else part for part in path.parts[:-1]]
    return "/".join([*folders, _DATED.sub("*", path.name)])
