"""Find a job's metrics: its own reports, a table it writes, or lines it prints."""

import threading
from pathlib import Path

from trainer.contract import METRICS_CSV, METRICS_MARK, parse_metrics
from trainer.metrics.normalize import normalize
from trainer.metrics.rows import Table

_MARK = METRICS_MARK.encode()
_COMMON = "metrics*.csv"
"""The usual names of a metrics table, for projects that don't set a pattern."""


class Sources:
    """The first source that has metrics, in this order: the project's `METRICS_FILE`; `metrics.csv` in OUTPUT_DIR,
    which `report()` writes; `@metrics` lines; a `metrics*.csv` in the checkout.

    A file counts once it changes during this attempt. Files in the commit, and those of an earlier attempt, are not
    results of this one.
    """

    def __init__(self, code: Path, output: Path, pattern: str = "") -> None:
        self._output, self._printed = output, Table()
        self._patterns = ([(code, pattern), (output, pattern)] if pattern else []) + [(output, METRICS_CSV)]
        self._common = (code, _COMMON)
        self._lock = threading.Lock()
        self._before: dict[Path, tuple[int, int]] = {}
        self._running, self._complete = True, False

    def begin(self) -> None:
        """Record the existing files and an earlier attempt's table. Call it before the command starts."""
        earlier = self._output / METRICS_CSV
        self._printed = Table.parse(earlier.read_text() if earlier.exists() else "", provisional=True)
        for folder, pattern in (*self._patterns, self._common):
            self._before |= {path: _version(path) for path in _matches(folder, pattern)}

    def end(self, *, complete: bool) -> None:
        """The command has ended: last lines without a line feed count, unless they look torn. `complete`: it
        succeeded, so none of them is."""
        self._running, self._complete = False, complete

    def add_line(self, line: bytes) -> None:
        """Add the row of a line with `@metrics`. Ignores all other output."""
        if _MARK in line and (row := parse_metrics(line.decode(errors="replace"))):
            with self._lock:
                self._printed.add(row)

    def content(self) -> bytes:
        """Return the table to store now. Empty if there is none yet."""
        for folder, pattern in self._patterns:
            if found := self._newest(folder, pattern):
                return self._read(found)
        with self._lock:
            if not self._printed.provisional:
                return self._printed.text().encode()
        found = self._newest(*self._common)
        return self._read(found) if found else b""

    def _read(self, path: Path) -> bytes:
        return normalize(path.read_bytes(), running=self._running, complete=self._complete).encode()

    def _newest(self, folder: Path, pattern: str) -> Path | None:
        changed = [path for path in _matches(folder, pattern) if self._before.get(path) != _version(path)]
        return max(changed, key=lambda path: path.stat().st_mtime_ns, default=None)


def _matches(folder: Path, pattern: str) -> list[Path]:
    """List the files that match. An absolute path matches itself."""
    if Path(pattern).is_absolute():
        return [path for path in [Path(pattern)] if path.is_file()]
    return [path for path in folder.glob(pattern) if path.is_file()]


def _version(path: Path) -> tuple[int, int]:
    stat = path.stat()
    return stat.st_mtime_ns, stat.st_size
