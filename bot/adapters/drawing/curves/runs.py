"""The runs of a figure: their tables read, their best epochs found."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from bot.adapters.drawing.curves.series import Series, drawable
from bot.domain.drawing.figures import FigureRequest
from bot.domain.goal import Goal
from bot.domain.metrics.metrics_table import Table
from bot.domain.metrics.progress_rows import best_row

CONVENTIONAL = (("val_accuracy", True), ("val_acc", True), ("val_loss", False))
"""Metrics that are marked where the one asked for is not in the file, and whether more is better."""


@dataclass(frozen=True, slots=True)
class Best:
    """The best epoch of a run, by `metric`; `row` is its place in the table."""

    metric: str
    value: float
    row: int


@dataclass(frozen=True, slots=True)
class Run:
    """One job's curve. `place` picks its colour where there are several."""

    label: str
    place: int
    table: Table
    best: Best | None

    @property
    def x(self) -> Series:
        return drawable(np.asarray(self.table.x, dtype=np.float64))

    def y(self, column: str) -> Series:
        return drawable(np.asarray(self.table.columns[column], dtype=np.float64))

    @property
    def best_x(self) -> float:
        return math.nan if self.best is None else float(self.x[self.best.row])

    def at_best(self, column: str) -> float:
        """The column's value in the best epoch; NaN where it has none."""
        return math.nan if self.best is None else float(self.y(column)[self.best.row])


def read(request: FigureRequest) -> tuple[list[Run], list[str]]:
    """The runs that have something to draw, and what is to be said of the files."""
    runs: list[Run] = []
    remarks: list[str] = []
    tables = [Table.parse(curve.csv, request.names) for curve in request.curves]
    metric, maximize = _metric(request, tables)
    for place, (curve, table) in enumerate(zip(request.curves, tables, strict=True)):
        prefix = f"{curve.label.split(' ', 1)[0]}: " if len(tables) > 1 else ""
        remarks += [prefix + remark for remark in table.remarks]
        if table.rows and table.columns:
            runs.append(Run(curve.label, place, table, _best(table, metric, maximize=maximize)))
    if request.best and runs and metric != request.best:
        remarks.append(f'No file has a column "{request.best}", the metric that the configuration names.')
    return runs, remarks


def winner(runs: Sequence[Run], *, maximize: bool) -> Run | None:
    """The run with the best value of all; the first of equals."""
    marked = [run for run in runs if run.best is not None]
    pick = max if maximize else min
    return pick(marked, key=lambda run: run.best.value if run.best else math.nan, default=None)


def _metric(request: FigureRequest, tables: Sequence[Table]) -> tuple[str, bool]:
    for metric, maximize in ((request.best, request.maximize), *CONVENTIONAL):
        if metric and any(metric in table.columns for table in tables):
            return metric, maximize
    return "", True


def _best(table: Table, metric: str, *, maximize: bool) -> Best | None:
    row = best_row(table, Goal(metric, maximize=maximize))
    return None if row is None else Best(metric, table.columns[metric][row], row)
