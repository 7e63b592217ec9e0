"""Find a job's metrics: its own reports, a table it writes, or lines it prints.

Of several sources, the one with the project's metric wins. Otherwise the order is: the project's `METRICS_FILE`; what
the code reported; what its log lines match by the project's patterns; `metrics.csv` in OUTPUT_DIR; what is found
below the checkout and OUTPUT_DIR; what its log lines look like.
"""

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from trainer.contract import METRICS_CSV, METRICS_MARK, parse_metrics
from trainer.metrics.discovery import Discovery, Found, Kind, kind_of, version_of
from trainer.metrics.line_patterns import LinePatterns
from trainer.metrics.live_rows import LiveRows
from trainer.metrics.read_source import Before, SourceReader
from trainer.metrics.rows import Table
from trainer.metrics.tables.attempts import after_earlier, told_rows
from trainer.metrics.tables.axis import axis_of
from trainer.metrics.tables.csv_table import read_csv
from trainer.metrics.tables.grid import Grid

_MARK = METRICS_MARK.encode()
_QUIET_NS = 500_000_000
"""`report()` prints its row at once. A `metrics.csv` without one after this time is the code's own."""
_WELL_KNOWN = ("metrics", "results", "progress", "history", "log", "training")
MOST_NAMED = 5
MOST_CHOICES = 3
"""How often the choice of a source is logged."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A source with its table. `order` is its place where no table has the metric; `own`: already told line by line."""

    name: str
    order: int
    grid: Grid
    own: bool = False
    changed_at: int = 0
    told: int = 0
    """How many of its first rows an earlier attempt has told."""
    text: bytes = b""
    """The table as it is to be stored, if it is in our form already."""


class Sources:
    """All sources of one job. `emit` prints a line of the log, `log` one of the entrypoint's own."""

    def __init__(
        self,
        code: Path,
        output: Path,
        pattern: str = "",
        *,
        metric: str = "",
        patterns: LinePatterns | None = None,
        emit: Callable[[str], object] = str,
        log: Callable[[str], object] = str,
    ) -> None:
        self._code, self._output, self._pattern, self._metric = code, output, pattern, metric
        self._log, self._live = log, LiveRows(emit, metric)
        self._printed, self._patterns = Table(), patterns or LinePatterns()
        self._discovery, self._reader = Discovery([code, output]), SourceReader()
        self._before: dict[Path, tuple[int, int, int] | None] = {}
        self._earlier, self._restored = Grid(), b""
        self._formatted: tuple[Grid, bool, bytes] = (Grid(), False, b"")
        self._lock = threading.Lock()
        self._running, self._complete = True, False
        self._chosen: list[str] = []

    def begin(self) -> None:
        """Record the existing files and an earlier attempt's table. Call it before the command starts."""
        earlier = self._output / METRICS_CSV
        self._restored = content = earlier.read_bytes() if earlier.exists() else b""
        self._printed = Table.parse(content.decode(errors="replace"), provisional=True)
        self._earlier = read_csv(content) if content else Grid()
        self._discovery.begin()
        self._before = {path: version_of(path) for path in [earlier, *self._matching()]}

    def end(self, *, complete: bool) -> None:
        """The command has ended: last lines without a line feed count, unless they look torn. `complete`: it
        succeeded, so none of them is."""
        self._running, self._complete = False, complete

    def add_line(self, line: bytes) -> None:
        """Add the row of a line with `@metrics`, or what the patterns find in any other."""
        with self._lock:
            if _MARK in line and (row := parse_metrics(line.decode(errors="replace"))):
                self._printed.add(row)
            else:
                self._patterns.add_line(line)

    def content(self) -> bytes:
        """Return the table to store now, and print its new rows. Empty if there is none yet."""
        candidates = sorted(self._candidates(), key=self._rank)
        fitting = [candidate for candidate in candidates if self._fits(candidate)]
        self._describe(fitting, candidates)
        if not fitting:
            return b""
        chosen = fitting[0]
        if not chosen.own:
            told = max(chosen.told, told_rows(chosen.grid, self._earlier))
            self._live.show(chosen.name, chosen.grid, told)
        if chosen.text.endswith(b"\n"):
            return chosen.text
        return self._text(chosen)

    def _text(self, chosen: Candidate) -> bytes:
        """The table in our form. A large one is formatted once for each version."""
        grid, own, text = self._formatted
        if grid is not chosen.grid or own != chosen.own:
            text = (chosen.grid if chosen.own else after_earlier(chosen.grid, self._earlier)).csv().encode()
            self._formatted = (chosen.grid, chosen.own, text)
        return text

    def _candidates(self) -> Iterator[Candidate]:
        yield from self._explicit()
        with self._lock:
            printed = "" if self._printed.provisional else self._printed.text()
            matched = self._patterns.grid()
        reported = self._output / METRICS_CSV
        if self._is_new(reported):
            content = reported.read_bytes()
            restored = bool(content) and self._restored.startswith(content)  # by `checkpoint.load()`
            own = bool(printed) or restored or not self._is_quiet(reported)
            told = self._earlier.rows if self._restored and content.startswith(self._restored) else 0
            text = content if printed or restored else b""
            yield Candidate(METRICS_CSV, 1, self._read(reported), own=own, text=text, told=told)
        elif printed:
            yield Candidate("the log", 1, read_csv(printed.encode()), own=True, text=printed.encode())
        if matched.rows:
            yield Candidate("lines of the log", 2 if self._patterns.configured else 4, matched)
        for found in self._discovery.found():
            if found.place != reported:
                for run, grid in self._grids(found).items():
                    name = ", ".join(filter(None, [self._named(found.place), run]))
                    yield Candidate(name, 3, grid, changed_at=found.changed_at)

    def _explicit(self) -> Iterator[Candidate]:
        """The project's own pattern: the newest file that matches."""
        new = [path for path in self._matching() if self._is_new(path)]
        newest = max(new, key=lambda path: path.stat().st_mtime_ns, default=None)
        if newest is not None:
            yield Candidate(self._named(newest), 0, self._read(newest), changed_at=newest.stat().st_mtime_ns)

    def _matching(self) -> list[Path]:
        if not self._pattern:
            return []
        if Path(self._pattern).is_absolute():
            return [path for path in [Path(self._pattern)] if path.is_file()]
        return [path for folder in (self._code, self._output) for path in folder.glob(self._pattern) if path.is_file()]

    def _is_new(self, path: Path) -> bool:
        version = version_of(path)
        return version is not None and self._before.get(path) != version

    def _is_quiet(self, path: Path) -> bool:
        return not self._running or time.time_ns() - path.stat().st_mtime_ns > _QUIET_NS

    def _read(self, path: Path) -> Grid:
        version = version_of(path)
        kind = kind_of(path) or Kind.TABLE
        if version is None:
            return Grid()
        grids = self._grids(Found(path, kind, (path,), (version,))).values()
        return max(grids, key=lambda grid: grid.rows, default=Grid())

    def _grids(self, found: Found) -> Mapping[str, Grid]:
        before = Before(self._discovery.size_before(found.place), self._discovery.began_at)
        return self._reader.grids(found, running=self._running, complete=self._complete, before=before)

    def _rank(self, candidate: Candidate) -> tuple[bool, bool, int, int, int]:
        column = candidate.grid.column(self._metric)
        rows = 0 if column is None else len(column.numbers) - column.blanks
        explicit = candidate.order == 0 and candidate.grid.rows > 0
        return not explicit, rows == 0, candidate.order, -rows or -candidate.grid.rows, -candidate.changed_at

    def _fits(self, candidate: Candidate) -> bool:
        """Of what was found, a table fits with the project's metric, or with epochs or steps under a usual name."""
        grid, name = candidate.grid, Path(candidate.name).name.lower()
        if candidate.order != 3:
            return bool(grid.columns)
        column = grid.column(self._metric)
        if column is not None and not column.empty:
            return True
        measured = any(not column.empty for column in grid.columns)
        return measured and (axis_of(grid.columns) is not None or name.startswith(_WELL_KNOWN))

    def _named(self, path: Path) -> str:
        for folder in (self._code, self._output):
            if path.is_relative_to(folder):
                return path.relative_to(folder).as_posix()
        return str(path)

    def _describe(self, fitting: list[Candidate], candidates: list[Candidate]) -> None:
        """Log once which source was chosen, which others were found, and why a file of the project's can't be read."""
        for candidate in candidates:
            if candidate.order == 0 and not candidate.grid.columns and candidate.grid.remarks:
                self._say(f"{candidate.name} can't be read as metrics: {candidate.grid.remarks[0]}")
        if self._pattern and not self._running and not any(candidate.order == 0 for candidate in candidates):
            self._say(f'no file that the command wrote matches metrics_file = "{self._pattern}"')
        if not fitting or (fitting[0].own and len(fitting) == 1):
            return
        chosen, others = fitting[0], [candidate.name for candidate in fitting[1:]]
        text = f"metrics come from {chosen.name}"
        if not self._running and others:
            more = f" and {len(others) - MOST_NAMED} more" if len(others) > MOST_NAMED else ""
            self._say(f"{text}; also found: {', '.join(others[:MOST_NAMED])}{more}. metrics_file chooses another")
        elif text not in self._chosen and len(self._chosen) < MOST_CHOICES:
            self._say(text)

    def _say(self, text: str) -> None:
        if text not in self._chosen:
            self._chosen.append(text)
            self._log(text)
