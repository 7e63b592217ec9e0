"""MLflow's SQLite store: `mlflow.db` in the working directory, its default since version 3.7.

https://mlflow.org/docs/latest/self-hosting/ ("As of MLflow 3.7.0, the default tracking backend has changed"), and the
tables `SqlRun` and `SqlMetric` in https://github.com/mlflow/mlflow/blob/master/mlflow/store/tracking/dbmodels/models.py

The program may be writing it, so the file itself is never opened as a database: a lock, even a shared one, would make
the program wait. Its bytes are copied together with its journal or write-ahead log, and SQLite recovers the copy as it
does after a crash: https://www.sqlite.org/lockingv3.html#hot_journals and https://www.sqlite.org/wal.html
"""

import math
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path

from trainer.metrics.formats.grids import from_series
from trainer.metrics.tables.grid import Grid

try:
    import sqlite3
except ImportError:  # a Python that was built without it
    sqlite3 = None  # type: ignore[assignment]

SUFFIXES = (".db", ".sqlite", ".sqlite3")
WAL, JOURNAL = "-wal", "-journal"
_NAMES = (*SUFFIXES, *(f"{suffix}{WAL}" for suffix in SUFFIXES))
LARGEST_BYTES = 128 * 1024 * 1024
"""Of the file and its write-ahead log: they are copied whenever they have changed."""
MOST_RUNS = 20
"""The newest of one store."""
MOST_POINTS = 200_000
"""Of one run, the newest. A point is one value of one metric."""
MOST_SECONDS = 5.0
"""Of one reading: a table may be a computation without an end."""
_SETTLED_SECONDS = 2.0
_LONGEST_CELL = 100_000
_HEADER = b"SQLite format 3\0"
_SCHEMA_BYTES = 4 * 1024 * 1024
"""MLflow creates its tables first, so their names are near the beginning."""
_LARGEST_DOUBLE = 1.7976931348623157e308
"""What MLflow writes for an infinity: `SqlAlchemyStore.sanitize_metric_value`."""
_RUNS = """
    SELECT run_uuid FROM runs
    WHERE start_time >= :since OR EXISTS (
        SELECT 1 FROM metrics WHERE metrics.run_uuid = runs.run_uuid AND metrics.timestamp >= :since)
    ORDER BY start_time DESC LIMIT :most"""
_POINTS = """
    SELECT key, step, value, is_nan FROM metrics WHERE run_uuid = :run AND key NOT LIKE 'system/%'
    ORDER BY timestamp DESC, step DESC LIMIT :most"""
_PLAIN_TABLES = "SELECT count(*) FROM sqlite_master WHERE type = 'table' AND name IN ('runs', 'metrics') AND sql LIKE ?"

Stamp = tuple[tuple[int, int, int] | None, ...]


def is_store(name: str) -> bool:
    """Whether a file may be one, by its name in lower case: the database, or its write-ahead log."""
    return name.endswith(_NAMES)


def store_of(path: Path) -> Path:
    """The database of a write-ahead log; any other path as it is."""
    return path.with_name(path.name.removesuffix(WAL))


def read_runs(store: Path, since: float = 0.0) -> dict[str, Grid] | None:
    """One table for each run, by its id, the newest first. None if the file was written at the same time: try later.

    `since`: only runs that began or logged after this time, in seconds since 1970.
    """
    with tempfile.TemporaryDirectory(prefix="signalbox-mlflow-") as folder:
        before = _stamp(store)
        if sum(part[2] for part in before if part) > LARGEST_BYTES:
            return {"": Grid(remarks=[f"It is larger than {LARGEST_BYTES >> 20} MiB."])}
        if sqlite3 is None or not _is_mlflow(store):
            return {}
        copy = Path(folder) / "copy.db"
        for end in ("", JOURNAL, WAL):
            with suppress(FileNotFoundError):
                _copy(store.with_name(store.name + end), copy.with_name(copy.name + end))
        if _stamp(store) != before:
            return None
        try:
            return _runs(copy, since)
        except sqlite3.Error as error:
            settled = time.time() - store.stat().st_mtime > _SETTLED_SECONDS  # otherwise the copy may be torn
            return {"": Grid(remarks=[f"It can't be read: {error}."])} if settled else None


def _stamp(store: Path) -> Stamp:
    """What changes whenever the store does."""
    return tuple(_version(store.with_name(store.name + end)) for end in ("", JOURNAL, WAL))


def _version(path: Path) -> tuple[int, int, int] | None:
    try:
        stat = path.stat()
    except OSError:
        return None
    return stat.st_ino, stat.st_mtime_ns, stat.st_size


def _is_mlflow(store: Path) -> bool:
    try:
        with store.open("rb") as file:
            head = file.read(_SCHEMA_BYTES)
    except OSError:
        return False
    with suppress(OSError), store.with_name(store.name + WAL).open("rb") as file:
        head += file.read(_SCHEMA_BYTES)
    return head.startswith(_HEADER) and b"latest_metrics" in head


def _copy(source: Path, target: Path) -> None:
    with source.open("rb") as file, target.open("wb") as copy:
        left = LARGEST_BYTES
        while left > 0 and (piece := file.read(min(left, 1 << 20))):
            copy.write(piece)
            left -= len(piece)


def _runs(copy: Path, since: float) -> dict[str, Grid]:
    with closing(sqlite3.connect(copy, isolation_level=None)) as database:
        ends = time.monotonic() + MOST_SECONDS
        database.set_progress_handler(lambda: time.monotonic() > ends, 10_000)
        database.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, _LONGEST_CELL)
        database.text_factory = lambda data: data.decode(errors="replace")
        for pragma in ("trusted_schema = OFF", "cell_size_check = ON", "mmap_size = 0", "query_only = ON"):
            database.execute(f"PRAGMA {pragma}")
        if database.execute(_PLAIN_TABLES, ("CREATE TABLE%",)).fetchone() != (2,):
            return {}
        ids = database.execute(_RUNS, {"since": since * 1000, "most": MOST_RUNS}).fetchall()
        grids = {str(run): _grid(database.execute(_POINTS, {"run": run, "most": MOST_POINTS})) for (run,) in ids}
    return {run: grid for run, grid in grids.items() if grid.rows}


def _grid(points: Iterator[tuple[object, object, object, object]]) -> Grid:
    series: dict[str, list[tuple[float, float]]] = {}
    for key, step, value, is_nan in points:
        if isinstance(key, str) and isinstance(step, int) and isinstance(value, int | float):
            series.setdefault(key, []).append((float(step), math.nan if is_nan else _value(float(value))))
    return from_series({key: list(reversed(newest_first)) for key, newest_first in reversed(series.items())}, "step")


def _value(stored: float) -> float:
    return math.copysign(math.inf, stored) if abs(stored) == _LARGEST_DOUBLE else stored
