"""What the board and the table are to say, computed from what is known of the trials, by none of the bot's code."""

import csv
import io
from collections.abc import Mapping
from dataclasses import dataclass

from bench.fleet.board import Best, Board
from bench.fleet.grid import METRIC, Fate, Grid, Known
from bench.fleet.machines import Course

LEADERS, NAMED = 5, 5
CLOSE = 1e-11
"""Relative: parameters have 12 digits."""
_STATES = {Fate.WELL: "succeeded", Fate.WITHOUT_METRICS: "no metrics"}
_REASONS = {
    Fate.DIVERGED: "command failed",
    Fate.NOT_INSTALLED: "setup failed",
    Fate.OUT_OF_MEMORY: "out of memory",
}


@dataclass(frozen=True, slots=True)
class Truth:
    """`courses` are those of the trials, by number."""

    grid: Grid
    courses: Mapping[int, Course]

    @property
    def board(self) -> Board:
        """At the end."""
        known = self.grid.known
        well = [each for each in known if each.fate is Fate.WELL]
        ordered = sorted(well, key=lambda each: (-_value(each), each.number))[:LEADERS]
        first = ordered[0]
        alike = [[each.number for each in known if each.fate is fate] for fate in _REASONS]
        groups = sorted(filter(None, alike), key=len, reverse=True)
        return Board(
            ended=None,
            failed=sum(each.failed for each in known),
            without_metrics=sum(each.fate is Fate.WITHOUT_METRICS for each in known),
            best=Best(first.number, f"{_value(first):.4g}", f"{first.lr:g}", f"{first.momentum:g}"),
            leaders=tuple((each.number, f"{_value(each):.4g}") for each in ordered),
            failures=tuple((len(numbers), tuple(numbers[:NAMED])) for numbers in groups),
        )

    def wrong_rows(self, table: bytes, sweep_id: str) -> list[str]:
        """Of the CSV, what is missing, doubled or otherwise than it is known to be; a few words on each."""
        rows = list(csv.DictReader(io.StringIO(table.decode())))
        wrong = [
            f"row {row['trial']} in place of {sweep_id}.{number}"
            for number, row in enumerate(rows)
            if row["trial"] != f"{sweep_id}.{number}"
        ]
        if len(rows) != self.grid.trials:
            wrong.append(f"{len(rows)} rows of {self.grid.trials}")
        pairs = zip(self.grid.known, rows, strict=False)
        return wrong + [f"{row}, expected {known}" for known, row in pairs if not self._fits(known, row)]

    def _fits(self, known: Known, row: Mapping[str, str]) -> bool:
        reason = _REASONS.get(known.fate, "") + (f": {known.told}" if known.told else "")
        value, epoch = known.best or ("", "")
        exact = {METRIC: str(value), "epoch": str(epoch), "state": _STATES.get(known.fate, "failed"), "reason": reason}
        course = self.courses[known.number]
        seconds = course.ended_at - course.attempts[0].started
        near = abs(float(row["seconds"]) - seconds) < 0.1
        same = all(row[name] == text for name, text in exact.items())
        return same and near and _close(row["lr"], known.lr) and _close(row["momentum"], known.momentum)


def _value(known: Known) -> float:
    return known.best[0] if known.best else 0.0


def _close(text: str, value: float) -> bool:
    return abs(float(text) - value) <= CLOSE * abs(value)
