"""Read a source that was found, whatever its form."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from trainer.metrics.discovery import Found, Kind, Version
from trainer.metrics.formats.json_rows import read_json
from trainer.metrics.formats.mlflow_files import read_metrics
from trainer.metrics.formats.mlflow_store import read_runs
from trainer.metrics.formats.tensorboard import read_events
from trainer.metrics.formats.wandb_file import read_wandb
from trainer.metrics.tables.attempts import settled
from trainer.metrics.tables.csv_table import read_csv
from trainer.metrics.tables.grid import Grid


@dataclass(frozen=True, slots=True)
class Before:
    """What an earlier attempt or the commit left: how many bytes of the file, and when this attempt began."""

    size: int = 0
    until: float = 0.0


class SourceReader:
    """Reads each version of a source once."""

    def __init__(self) -> None:
        self._read: dict[Path, tuple[tuple[Version, ...], bool, bool, Mapping[str, Grid]]] = {}

    def grids(self, source: Found, *, running: bool, complete: bool, before: Before = Before()) -> Mapping[str, Grid]:
        """Return the source as one table under the name "", or as one for each of its runs.

        `running` and `complete` are those of `read_csv`.
        """
        known = self._read.get(source.place)
        if known is not None and known[:3] == (source.versions, running, complete):
            return known[3]
        grids = _grids(source, running=running, complete=complete, before=before)
        if grids is None:
            return known[3] if known is not None else {}
        self._read[source.place] = (source.versions, running, complete, grids)
        return grids


def _grids(source: Found, *, running: bool, complete: bool, before: Before) -> Mapping[str, Grid] | None:
    """None if it can't be read at this moment."""
    if source.kind is Kind.MLFLOW_STORE:
        return _runs(source.place, before.until if before.size else 0.0)
    return {"": settled(_grid(source, running=running, complete=complete, size_before=before.size))}


def _runs(store: Path, since: float) -> Mapping[str, Grid] | None:
    runs = read_runs(store, since)
    if runs is None:
        return None
    single = len(runs) == 1
    return {"" if single else f"run {run}": settled(grid) for run, grid in runs.items()}


def _grid(source: Found, *, running: bool, complete: bool, size_before: int) -> Grid:
    try:
        files = [(path, path.read_bytes()) for path in source.files]
    except OSError as error:
        return Grid(remarks=[f"It can't be read: {error.strerror or error}."])
    match source.kind:
        case Kind.EVENTS:
            return read_events(files)
        case Kind.MLFLOW:
            return read_metrics(source.place, files)
        case Kind.WANDB:
            return read_wandb(files[-1][1])
        case Kind.JSON:
            return read_json(files[-1][1], running=running)
        case _:
            return _table(files[-1][1], running=running, complete=complete, size_before=size_before)


def _table(data: bytes, *, running: bool, complete: bool, size_before: int) -> Grid:
    """A table, or JSON lines under the name of one. Rows that were there before are those of an earlier attempt."""
    if data.lstrip()[:1] in (b"{", b"[") and (grid := read_json(data, running=running)).rows:
        return grid
    grid = read_csv(data, running=running, complete=complete)
    if 0 < size_before < len(data):
        before = read_csv(data[:size_before], complete=True).rows
        if 0 < before < grid.rows:
            grid.restarts = sorted({*grid.restarts, before})
    return grid
