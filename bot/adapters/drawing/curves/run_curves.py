"""Read the tables of a figure's runs and find their best epochs."""

import io
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np

from bot.adapters.drawing.series import Series, drawable
from bot.domain.drawing.figures import Curve, FigureRequest
from bot.domain.goal import Goal
from bot.domain.metrics.metrics_table import Table
from bot.domain.metrics.progress_rows import Best, best_in, best_row

CONVENTIONAL = (("val_accuracy", True), ("val_acc", True), ("val_loss", False))
"""Metrics to mark if no file has the requested one, and whether more is better."""


@dataclass(frozen=True, slots=True)
class BestEpoch:
    """The best epoch of a run by `metric`, and its row in the table."""

    metric: str
    value: float
    row: int


@dataclass(frozen=True, slots=True)
class RunCurves:
    """One job's curves. `index` picks its colour if there are several jobs."""

    label: str
    index: int
    table: Table
    best: BestEpoch | None

    @property
    def x(self) -> Series:
        return drawable(np.asarray(self.table.x, dtype=np.float64))

    def y(self, column: str) -> Series:
        return drawable(np.asarray(self.table.columns[column], dtype=np.float64))

    @property
    def best_x(self) -> float:
        return math.nan if self.best is None else float(self.x[self.best.row])

    def value_at_best(self, column: str) -> float:
        """The column's value at the best epoch; NaN if there is none."""
        return math.nan if self.best is None else float(self.y(column)[self.best.row])


@dataclass(frozen=True, slots=True)
class Read:
    """The runs with something to draw, remarks about the files, and the best in the first of them."""

    runs: Sequence[RunCurves]
    remarks: Sequence[str]
    best: Best | None


def read_runs(request: FigureRequest) -> Read:
    runs: list[RunCurves] = []
    remarks: list[str] = []
    tables = [_table(curve, request) for curve in request.curves]
    metric, maximize = _metric(request, tables)
    for index, (curve, table) in enumerate(zip(request.curves, tables, strict=True)):
        prefix = f"{curve.label.split(' ', 1)[0]}: " if len(tables) > 1 else ""
        remarks += [prefix + remark for remark in table.remarks]
        if table.rows and table.columns:
            runs.append(RunCurves(curve.label, index, table, _best_epoch(table, metric, maximize=maximize)))
    if request.metric and runs and metric != request.metric:
        remarks.append(f'No file has a column "{request.metric}", the metric that the configuration names.')
    goal = Goal(request.metric, maximize=request.maximize)
    return Read(runs, remarks, best_in(tables[0], goal) if tables else None)


def best_run(runs: Sequence[RunCurves], *, maximize: bool) -> RunCurves | None:
    """The run with the best value; the first if several are equal."""
    marked = [run for run in runs if run.best is not None]
    pick = max if maximize else min
    return pick(marked, key=lambda run: run.best.value if run.best else math.nan, default=None)


def opened(csv: bytes | Path) -> BinaryIO:
    return csv.open("rb") if isinstance(csv, Path) else io.BytesIO(csv)


def _table(curve: Curve, request: FigureRequest) -> Table:
    with opened(curve.csv) as file:
        return Table.parse(file, curve.column_names or request.column_names)


def _metric(request: FigureRequest, tables: Sequence[Table]) -> tuple[str, bool]:
    """The metric whose best epoch is marked, and whether more is better; "" if no file has a known one."""
    for metric, maximize in ((request.metric, request.maximize), *CONVENTIONAL):
        if metric and any(metric in table.columns for table in tables):
            return metric, maximize
    return "", True


def _best_epoch(table: Table, metric: str, *, maximize: bool) -> BestEpoch | None:
    row = best_row(table, Goal(metric, maximize=maximize))
    return None if row is None else BestEpoch(metric, table.columns[metric][row], row)
