"""Where a job's metrics come from: its own report, a table that it leaves, or lines that it prints."""

import threading
from pathlib import Path

from trainer.contract import METRICS_CSV, parse_metrics
from trainer.metrics.normalize import normalize
from trainer.metrics.rows import Table

_COMMON = "metrics*.csv"
"""What a table is called where the project does not say."""


class Sources:
    """The first that there is: the project's `METRICS_FILE`; `metrics.csv` in OUTPUT_DIR, which `report()`
    writes; `@metrics` lines; a `metrics*.csv` in the checkout. Files count from their first change in this
    attempt on: what the commit has in it, or an earlier attempt has left, is no result of this one.
    """

    def __init__(self, code: Path, output: Path, pattern: str = "") -> None:
        self._output, self._printed = output, Table()
        self._patterns = ([(code, pattern), (output, pattern)] if pattern else []) + [(output, METRICS_CSV)]
        self._common = (code, _COMMON)
        self._lock = threading.Lock()
        self._before: dict[Path, tuple[int, int]] = {}

    def begin(self) -> None:
        """Before the command starts: remembers what is there, and an earlier attempt's table."""
        earlier = self._output / METRICS_CSV
        self._printed = Table.parse(earlier.read_text() if earlier.exists() else "", provisional=True)
        for folder, pattern in (*self._patterns, self._common):
            self._before |= {path: _version(path) for path in _matches(folder, pattern)}

    def hear(self, line: bytes) -> None:
        """One line of the command's output."""
        if line.startswith(b"@") and (row := parse_metrics(line.decode(errors="replace"))):
            with self._lock:
                self._printed.add(row)

    def content(self) -> bytes:
        """The table as it is to be stored now; empty where there is none yet."""
        for folder, pattern in self._patterns:
            if found := self._newest(folder, pattern):
                return normalize(found.read_bytes()).encode()
        with self._lock:
            if not self._printed.provisional:
                return self._printed.text().encode()
        found = self._newest(*self._common)
        return normalize(found.read_bytes()).encode() if found else b""

    def _newest(self, folder: Path, pattern: str) -> Path | None:
        changed = [path for path in _matches(folder, pattern) if self._before.get(path) != _version(path)]
        return max(changed, key=lambda path: path.stat().st_mtime_ns, default=None)


def _matches(folder: Path, pattern: str) -> list[Path]:
    """Files of that pattern; a pattern that is a path of its own is taken as it is."""
    if Path(pattern).is_absolute():
        return [path for path in [Path(pattern)] if path.is_file()]
    return [path for path in folder.glob(pattern) if path.is_file()]


def _version(path: Path) -> tuple[int, int]:
    stat = path.stat()
    return stat.st_mtime_ns, stat.st_size
