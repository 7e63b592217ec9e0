"""What each tool has on its own disk while a program runs: the metric's values and the files.

Values are read from what the tool itself wrote, without its server: MLflow's SQLite store, the offline session of
ClearML, the `.wandb` file of an offline run, TensorBoard's event files.
"""

import json
import sqlite3
import zipfile
from collections.abc import Callable, Iterable, Mapping
from contextlib import closing, suppress
from pathlib import Path

from bench.peers.integrations import CLEARML, MLFLOW, TENSORBOARD, WEIGHTS
from bench.peers.peer_programs import METRIC
from trainer.metrics.formats.tensorboard import is_event_file, read_events
from trainer.metrics.formats.wandb_file import read_wandb
from trainer.metrics.tables.grid import NUMBER, Grid

MLFLOW_DB, CLEARML_CACHE = "mlflow.db", "clearml-cache"


def environment(folder: Path) -> Mapping[str, str]:
    """Variables that keep each tool offline, with its store in this folder."""
    return {
        "MLFLOW_TRACKING_URI": f"sqlite:///{folder / MLFLOW_DB}",
        "MLFLOW_DISABLE_TELEMETRY": "true",
        "WANDB_MODE": "offline",
        "CLEARML_OFFLINE_MODE": "1",
        "CLEARML_CACHE_DIR": str(folder / CLEARML_CACHE),
        "DO_NOT_TRACK": "true",
        "HOME": str(folder),
        "PYTHONUNBUFFERED": "1",
    }


def values(tool: str, folder: Path) -> list[float]:
    """The metric's values that the tool has by now. Empty as long as there are none, or they can't be read yet."""
    with suppress(OSError, sqlite3.Error, ValueError):
        return _VALUES[tool](folder)
    return []


def kept(tool: str, folder: Path, files: Iterable[str]) -> int:
    """How many of these files the tool's store has, by name, as themselves or in an archive."""
    have = {name for place in _PLACES[tool] for path in folder.glob(place) for name in _names(path)}
    return sum(Path(name).name in have for name in files)


def _mlflow(folder: Path) -> list[float]:
    if not (folder / MLFLOW_DB).exists():
        return []
    with closing(sqlite3.connect(f"file:{folder / MLFLOW_DB}?mode=ro", uri=True)) as database:
        rows = database.execute("SELECT value FROM metrics WHERE key = ? ORDER BY step", (METRIC,))
        return [float(value) for (value,) in rows]


def _clearml(folder: Path) -> list[float]:
    found = []
    for file in folder.glob(f"{CLEARML_CACHE}/offline/*/metrics.jsonl"):
        for line in file.read_text().splitlines():
            found += [float(each["value"]) for each in json.loads(line) if each.get("metric") == METRIC]
    return found


def _wandb(folder: Path) -> list[float]:
    files = folder.glob("wandb/offline-run-*/*.wandb")
    return [value for file in files for value in _column(read_wandb(file.read_bytes()))]


def _tensorboard(folder: Path) -> list[float]:
    files = [path for place in ("runs", "events") for path in (folder / place).rglob("*") if is_event_file(path.name)]
    return _column(read_events([(path, path.read_bytes()) for path in files])) if files else []


def _column(grid: Grid) -> list[float]:
    column = grid.column(METRIC)
    if column is None:
        return []
    return [number for number, mark in zip(column.numbers, column.marks, strict=True) if mark == NUMBER]


def _names(path: Path) -> list[str]:
    if path.is_file() and path.suffix == ".zip":
        with zipfile.ZipFile(path) as archive:
            return [Path(name).name for name in archive.namelist()]
    return [path.name] if path.is_file() else []


_VALUES: Mapping[str, Callable[[Path], list[float]]] = {
    CLEARML: _clearml,
    MLFLOW: _mlflow,
    WEIGHTS: _wandb,
    TENSORBOARD: _tensorboard,
}
_PLACES: Mapping[str, tuple[str, ...]] = {
    CLEARML: (f"{CLEARML_CACHE}/offline/*/data/**/*",),
    MLFLOW: ("mlruns/**/artifacts/**/*",),
    WEIGHTS: ("wandb/offline-run-*/files/**/*",),
    TENSORBOARD: ("runs/**/*", "events/**/*"),
}
