"""Find the metrics files that training code writes anyway, by the names and places that its loggers use.

A file counts once it changes during this attempt. Files in the commit, and those of an earlier attempt, are not results
of this one.
"""

import os
import time
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from trainer.metrics.formats.mlflow_files import run_of
from trainer.metrics.formats.mlflow_store import is_store, store_of
from trainer.metrics.formats.tensorboard import is_event_file

TRAINER_STATE = "trainer_state.json"
Version = tuple[int, int, int]
"""Inode, modification time and size: another one whenever the file is replaced or grows."""

_TABLES = (".csv", ".tsv")
_JSON = (".jsonl", ".ndjson", ".log.json")
_KNOWN_TEXTS = """training.log train.log log.txt results.txt progress.txt metrics.txt history.txt loss.txt
    train_log.txt training_log.txt scores.txt metrics.log history.log results.log"""
"""Keras' `CSVLogger('training.log')`, DETR's and DINO's `log.txt`, YOLOv5's `results.txt`, Spinning Up's
`progress.txt`. They hold a table, or JSON lines."""
_KNOWN_JSON = """trainer_state.json metrics.json scalars.json history.json log.json logs.json result.json results.json
    progress.json log_history.json train_log.json training_log.json stats.json training_history.json
    metrics_log.json train_history.json all_results.json eval_results.json"""
"""Hugging Face's `trainer_state.json`, detectron2's `metrics.json`, mmengine's `vis_data/scalars.json`, Ray's
`result.json`."""
_PASSED = """.git __pycache__ node_modules site-packages .venv venv .cache .ipynb_checkpoints .tox .mypy_cache
    .pytest_cache .ruff_cache .signalbox"""
_SPLITS = frozenset(["train", "training", "val", "valid", "validation", "test", "eval", "evaluation"])
_TEXT_NAMES, _JSON_NAMES = frozenset(_KNOWN_TEXTS.split()), frozenset(_KNOWN_JSON.split())
_PASSED_NAMES = frozenset(_PASSED.split())
MOST_ENTRIES = 50_000
"""Of one pass over the folders, those nearest to the top first."""
LARGEST_BYTES = 512 * 1024 * 1024
LOOKED_FOR = (
    "CSV files, JSON lines, trainer_state.json, TensorBoard's event files, MLflow's and Weights & Biases' local files"
)


class Kind(Enum):
    """What a source is read as. The value is for the log."""

    TABLE = "table"
    JSON = "JSON"
    EVENTS = "TensorBoard"
    MLFLOW = "MLflow"
    MLFLOW_STORE = "MLflow's SQLite"
    WANDB = "Weights & Biases"


@dataclass(frozen=True, slots=True)
class Found:
    """One source: a file, or the files of one run, oldest first. `place` names it in the log."""

    place: Path
    kind: Kind
    files: tuple[Path, ...]
    versions: tuple[Version, ...]

    @property
    def changed_at(self) -> int:
        return max(version[1] for version in self.versions)


class Discovery:
    """Looks through folders. `begin` before the command starts, then `found` again and again."""

    def __init__(self, folders: Sequence[Path]) -> None:
        self._folders = folders
        self._before: dict[Path, Version] = {}
        self.began_at = 0.0
        """In seconds since 1970."""

    def begin(self) -> None:
        """Record the existing files."""
        self.began_at = time.time()
        self._before = {path: version for path, _, version in self._files()}

    def size_before(self, path: Path) -> int:
        """How many bytes of a file an earlier attempt or the commit left."""
        return self._before[path][2] if path in self._before else 0

    def changed(self, path: Path) -> bool:
        return self._before.get(path) != version_of(path)

    def found(self) -> list[Found]:
        """The sources that have changed since `begin`."""
        groups: dict[tuple[Path, Kind], list[tuple[Path, Version]]] = {}
        for path, kind, version in self._files():
            if self._before.get(path) != version and 0 < version[2] <= LARGEST_BYTES:
                groups.setdefault((_place(path, kind), kind), []).append((path, version))
        return [_source(place, kind, files) for (place, kind), files in groups.items()]

    def _files(self) -> Iterator[tuple[Path, Kind, Version]]:
        seen: set[str] = set()
        for entry in _entries(self._folders):
            kind = kind_of(Path(entry.path))
            if kind is None or entry.path in seen:
                continue
            seen.add(entry.path)
            try:
                stat = entry.stat()
            except OSError:
                continue
            yield Path(entry.path), kind, (stat.st_ino, stat.st_mtime_ns, stat.st_size)


def kind_of(path: Path) -> Kind | None:
    """What a file of this name holds; None if it is no metrics file by its name."""
    name = path.name.lower()
    if name.startswith("."):
        return None
    if (kind := _binary_kind(name)) is not None:
        return kind
    if name.endswith(_JSON) or name in _JSON_NAMES or (path.parent.name == "vis_data" and name.endswith(".json")):
        return Kind.JSON
    if name.endswith(_TABLES) or name in _TEXT_NAMES:
        return Kind.TABLE
    return Kind.MLFLOW if run_of(path) is not None else None


def _binary_kind(name: str) -> Kind | None:
    if is_event_file(name):
        return Kind.EVENTS
    if is_store(name):
        return Kind.MLFLOW_STORE
    return Kind.WANDB if name.endswith(".wandb") else None


def version_of(path: Path) -> Version | None:
    """None if there is no such file."""
    try:
        stat = path.stat()
    except OSError:
        return None
    return stat.st_ino, stat.st_mtime_ns, stat.st_size


def _entries(folders: Sequence[Path]) -> Iterator["os.DirEntry[str]"]:
    """The files below the folders, level by level. Links are not followed."""
    waiting = deque(str(folder) for folder in dict.fromkeys(folders))
    left = MOST_ENTRIES
    while waiting and left > 0:
        try:
            with os.scandir(waiting.popleft()) as entries:
                for entry in entries:
                    left -= 1
                    if entry.is_dir(follow_symlinks=False):
                        if entry.name not in _PASSED_NAMES:
                            waiting.append(entry.path)
                    elif entry.is_file(follow_symlinks=False):
                        yield entry
        except OSError:
            continue


def _place(path: Path, kind: Kind) -> Path:
    """What names the source that a file belongs to."""
    if kind is Kind.MLFLOW:
        return Path(run_of(path) or path)
    if kind is Kind.MLFLOW_STORE:
        return store_of(path)
    if path.name == TRAINER_STATE and path.parent.name.startswith("checkpoint"):
        return path.parent.parent / TRAINER_STATE  # each checkpoint has all rows so far, and the newest one counts
    if kind is not Kind.EVENTS:
        return path
    # Keras writes `train/` and `validation/` beside each other, torch's add_scalars `loss_train/` and `loss_val/`.
    words = path.parent.name.lower().replace("-", "_").split("_")
    return path.parent.parent if {words[0], words[-1]} & _SPLITS else path.parent


def _source(place: Path, kind: Kind, files: list[tuple[Path, Version]]) -> Found:
    ordered = sorted(files, key=lambda each: (each[0].name if kind is Kind.EVENTS else "", each[1][1]))
    return Found(place, kind, tuple(path for path, _ in ordered), tuple(version for _, version in ordered))
