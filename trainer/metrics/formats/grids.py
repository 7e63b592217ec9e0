"""Make a table of rows or of series, as loggers keep them."""

import math
import re
from array import array
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from trainer.metrics.tables.csv_table import MOST_COLUMNS
from trainer.metrics.tables.grid import Column, Grid

_NUMBER = re.compile(r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?|NaN|-?Infinity", re.ASCII)
"""fairseq's JSON logs have numbers as text, rounded: `{"epoch": 1, "train_loss": "4.2"}`.
https://github.com/facebookresearch/fairseq/blob/main/fairseq/logging/progress_bar.py"""
LONGEST_PATH = 4
"""Names that a nested value's own name is made of."""


def from_rows(rows: Iterable[Mapping[str, float]]) -> Grid:
    """One row of the table for each mapping. Columns come in the order of their first use."""
    columns: dict[str, Column] = {}
    count = 0
    for row in rows:
        for name, value in row.items():
            if name not in columns:
                if len(columns) == MOST_COLUMNS:
                    continue
                columns[name] = Column(name)
                columns[name].pad(count)
            columns[name].add("", value)
        count += 1
        for column in columns.values():
            column.pad(count)
    return Grid(list(columns.values()))


def from_series(series: Mapping[str, Sequence[tuple[float, float]]], axis: str) -> Grid:
    """One row for each step, of series of (step, value). A step that comes again replaces what was there.

    Steps that come again lower down are those of a run that was resumed. Where code named no step, so that several
    values have the same one, they are numbered.
    """
    if len({step for points in series.values() for step, _ in points}) == 1:
        series = _numbered(series)
    steps = sorted({step for points in series.values() for step, _ in points})
    place = {step: row for row, step in enumerate(steps)}
    columns = [Column(axis, array("d", steps), bytearray(len(steps)))]
    for name, points in list(series.items())[: MOST_COLUMNS - 1]:
        column = Column(name)
        column.pad(len(steps))
        for step, value in points:
            column.numbers[place[step]] = value
            column.marks[place[step]] = 0
        columns.append(column)
    return Grid(columns) if steps else Grid()


def _numbered(series: Mapping[str, Sequence[tuple[float, float]]]) -> Mapping[str, Sequence[tuple[float, float]]]:
    """With steps from 1 on. A value that was logged once belongs to the end."""
    longest = max(map(len, series.values()))
    if longest == 1:
        return series
    firsts = {name: longest if len(points) == 1 else 1 for name, points in series.items()}
    return {
        name: [(float(step), value) for step, (_, value) in enumerate(points, firsts[name])]
        for name, points in series.items()
    }


def numbers(value: Mapping[str, Any], prefix: str = "", depth: int = 0) -> dict[str, float]:
    """The numbers in a JSON object. A number inside an object is named by its path: `eval.accuracy`."""
    found: dict[str, float] = {}
    for name, each in value.items():
        path = f"{prefix}{name}"
        if isinstance(each, bool):
            continue
        if isinstance(each, int | float):
            found[path] = as_float(each)
        elif isinstance(each, dict) and depth < LONGEST_PATH:
            found |= numbers(each, f"{path}.", depth + 1)
        elif isinstance(each, str) and _NUMBER.fullmatch(each):
            found[path] = float(each)
    return found


def as_float(value: int | float) -> float:
    """NaN for a whole number that is beyond all floats."""
    try:
        return float(value)
    except OverflowError:
        return math.nan
