"""What the card and the table should say, computed from the known trials without the bot's code."""

import csv
import io
from collections.abc import Mapping
from dataclasses import dataclass

from bench.fleet.board import Best, Board
from bench.fleet.grid import METRIC, ExpectedTrial, Fate, Grid
from bench.fleet.machines import Timeline

LEADERS, NAMED = 5, 5
CLOSE = 1e-11
"""Relative tolerance: parameters are written with 12 digits."""
_STATES = {Fate.SUCCEEDED: "succeeded", Fate.WITHOUT_METRICS: "ended without metrics"}
_REASONS = {
    Fate.DIVERGED: "command failed",
    Fate.NOT_INSTALLED: "setup failed",
    Fate.OUT_OF_MEMORY: "out of memory",
}


@dataclass(frozen=True, slots=True)
class Truth:
    """The correct card and table. `timelines` are the trials', by number."""

    grid: Grid
    timelines: Mapping[int, Timeline]

    @property
    def board(self) -> Board:
        """The card after the sweep's end."""
        trials = self.grid.expected
        succeeded = [each for each in trials if each.fate is Fate.SUCCEEDED]
        ordered = sorted(succeeded, key=lambda each: (-_value(each), each.number))[:LEADERS]
        first = ordered[0]
        alike = [[each.number for each in trials if each.fate is fate] for fate in _REASONS]
        groups = sorted(filter(None, alike), key=len, reverse=True)
        return Board(
            ended=None,
            failed=sum(each.failed for each in trials),
            without_metrics=sum(each.fate is Fate.WITHOUT_METRICS for each in trials),
            best=Best(first.number, f"{_value(first):.4g}", f"{first.lr:g}", f"{first.momentum:g}"),
            leaders=tuple((each.number, f"{_value(each):.4g}") for each in ordered),
            failures=tuple((len(numbers), tuple(numbers[:NAMED])) for numbers in groups),
        )

    def wrong_rows(self, table: bytes, sweep_id: str) -> list[str]:
        """Describe each row of the CSV that is missing, doubled or wrong."""
        rows = list(csv.DictReader(io.StringIO(table.decode())))
        wrong = [
            f"row {row['trial']} instead of {sweep_id}.{number}"
            for number, row in enumerate(rows)
            if row["trial"] != f"{sweep_id}.{number}"
        ]
        if len(rows) != self.grid.trials:
            wrong.append(f"{len(rows)} of {self.grid.trials} rows")
        pairs = zip(self.grid.expected, rows, strict=False)
        return wrong + [f"{row}, expected {trial}" for trial, row in pairs if not self._fits(trial, row)]

    def _fits(self, trial: ExpectedTrial, row: Mapping[str, str]) -> bool:
        reason = _REASONS.get(trial.fate, "") + (f": {trial.failure_detail}" if trial.failure_detail else "")
        value, epoch = trial.best or ("", "")
        exact = {METRIC: str(value), "epoch": str(epoch), "state": _STATES.get(trial.fate, "failed"), "reason": reason}
        timeline = self.timelines[trial.number]
        seconds = sum(each.stopped - each.started for each in timeline.attempts_at(timeline.ended_at))
        near = abs(float(row["seconds"]) - seconds) < 0.1
        same = all(row[name] == text for name, text in exact.items())
        return same and near and _close(row["lr"], trial.lr) and _close(row["momentum"], trial.momentum)


def _value(trial: ExpectedTrial) -> float:
    return trial.best[0] if trial.best else 0.0


def _close(text: str, value: float) -> bool:
    return abs(float(text) - value) <= CLOSE * abs(value)
