"""Read a source that was found, whatever its form."""

from pathlib import Path

from trainer.metrics.discovery import Found, Kind, Version
from trainer.metrics.formats.json_rows import read_json
from trainer.metrics.formats.mlflow_files import read_metrics
from trainer.metrics.formats.tensorboard import read_events
from trainer.metrics.formats.wandb_file import read_wandb
from trainer.metrics.tables.attempts import settled
from trainer.metrics.tables.csv_table import read_csv
from trainer.metrics.tables.grid import Grid


class SourceReader:
    """Reads each version of a source once."""

    def __init__(self) -> None:
        self._read: dict[Path, tuple[tuple[Version, ...], bool, bool, Grid]] = {}

    def grid(self, source: Found, *, running: bool, complete: bool, size_before: int = 0) -> Grid:
        """Return the source as one table. `running` and `complete` are those of `read_csv`. The first `size_before`
        bytes of its file were there before this attempt."""
        known = self._read.get(source.place)
        if known is not None and known[:3] == (source.versions, running, complete):
            return known[3]
        grid = _grid(source, running=running, complete=complete, size_before=size_before)
        self._read[source.place] = (source.versions, running, complete, grid)
        return grid


def _grid(source: Found, *, running: bool, complete: bool, size_before: int) -> Grid:
    try:
        files = [(path, path.read_bytes()) for path in source.files]
    except OSError as error:
        return Grid(remarks=[f"It can't be read: {error.strerror or error}."])
    match source.kind:
        case Kind.EVENTS:
            return settled(read_events(files))
        case Kind.MLFLOW:
            return settled(read_metrics(source.place, files))
        case Kind.WANDB:
            return settled(read_wandb(files[-1][1]))
        case Kind.JSON:
            return settled(read_json(files[-1][1], running=running))
        case Kind.TABLE:
            return _table(files[-1][1], running=running, complete=complete, size_before=size_before)


def _table(data: bytes, *, running: bool, complete: bool, size_before: int) -> Grid:
    """A table, or JSON lines under the name of one. Rows that were there before are those of an earlier attempt."""
    if data.lstrip()[:1] in (b"{", b"[") and (grid := read_json(data, running=running)).rows:
        return settled(grid)
    grid = read_csv(data, running=running, complete=complete)
    if 0 < size_before < len(data):
        before = read_csv(data[:size_before], complete=True).rows
        if 0 < before < grid.rows:
            grid.restarts = sorted({*grid.restarts, before})
    return settled(grid)
