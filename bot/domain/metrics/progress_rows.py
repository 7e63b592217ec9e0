"""Metrics of a job: the rows that its log tells while it runs, and the table in `metrics.csv`, which is the truth."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from bot.domain.goal import Goal
from bot.domain.metrics.metrics_table import Table
from bot.domain.model.progress import Progress
from trainer.contract import parse_metrics

__all__ = ["Report", "Table", "advance", "best_in_csv", "best_of", "best_row", "parse_line", "whole_epoch"]

MOST_EPOCHS = 10**12
MOST_RECORDS = 50
"""Best values that are kept, for an attempt that goes back behind the last of them."""
MOST_VALUES = 64
"""Of one row; a job that reports more is shown with the first ones."""
LONGEST_NAME = 100


@dataclass(frozen=True, slots=True)
class Report:
    """One row. Values that are not finite are `math.nan`: the job did report them."""

    epoch: int | None
    epochs: int | None
    values: Mapping[str, float]


def parse_line(message: str) -> Report | None:
    """The row in a line with `@metrics {"epoch": 3, "epochs": 10, "train_loss": 0.12}`; None in any other.

    What is not a number, or has no name that can be shown on one line, is left out of the row.
    """
    row = parse_metrics(message)
    if row is None:
        return None
    epoch, epochs = _count(row.pop("epoch", None)), _count(row.pop("epochs", None))
    named = [name for name in row if _is_name(name)][:MOST_VALUES]
    values = {name: _finite_or_nan(row[name]) for name in named}
    return Report(epoch, epochs, values) if values or epoch is not None else None


def advance(progress: Progress, report: Report, at: float, goal: Goal, stream: str = "") -> Progress:
    """The progress after a row that came `at` seconds since the epoch, in an attempt's log `stream`.

    The first row of another attempt tells where that one resumed, unless it only came late. What the lost attempt
    reported from that epoch on is no part of this run. Within an attempt an earlier epoch is the next fold or phase.
    Either way the pace begins anew.
    """
    late = progress.last_at is not None and at < progress.last_at
    if not late and _of_another_attempt(progress, report, stream):
        progress = _resumed(progress, report.epoch)
    progress = _with_best(progress, report, goal)
    if late:
        return progress
    epoch = progress.epoch if report.epoch is None else report.epoch
    moved = replace(
        progress,
        epoch=epoch,
        epochs=progress.epochs if report.epochs is None else report.epochs,
        latest={**progress.latest, **report.values},
        stream=stream or progress.stream,
    )
    step = 1 if epoch is None or progress.epoch is None else epoch - progress.epoch
    if progress.first_at is None or step < 0:
        return replace(moved, first_at=at, last_at=at, epochs_seen=1)
    if step == 0:
        return moved
    return replace(moved, last_at=at, epochs_seen=progress.epochs_seen + step)


def best_of(table: Table, goal: Goal) -> tuple[float, int] | None:
    """The best value of a metric and its epoch, the first of equals; None where there is no such number."""
    row = best_row(table, goal)
    return None if row is None else (table.columns[goal.metric][row], whole_epoch(table.x[row]))


def whole_epoch(epoch: float) -> int:
    """How many epochs are complete, so that a bar is full only at the end. 2.96 counts as 3: trainers that count steps
    end a little before the whole number."""
    return math.floor(epoch + 0.05)


def best_in_csv(csv: bytes, columns: Mapping[str, str], goal: Goal) -> tuple[float, int] | None:
    """The same for a `metrics.csv`; `columns` are the names of the project's own."""
    return best_of(Table.parse(csv, columns), goal)


def best_row(table: Table, goal: Goal) -> int | None:
    """The row with that value, from 0."""
    column: Sequence[float] = table.columns.get(goal.metric, ())
    finite = [row for row, value in enumerate(column) if math.isfinite(value)]
    return goal.best(finite, lambda row: column[row])


def _with_best(progress: Progress, report: Report, goal: Goal) -> Progress:
    value = report.values.get(goal.metric, math.nan)
    if math.isnan(value) or not goal.better(value, progress.best):
        return progress
    epoch = report.epoch if report.epoch is not None else progress.epochs_seen + 1
    records = (*progress.records, (epoch, value))[-MOST_RECORDS:]
    return replace(progress, best=value, best_epoch=epoch, records=records)


def _of_another_attempt(progress: Progress, report: Report, stream: str) -> bool:
    """A store of an earlier version does not know the stream: there, an earlier epoch is another attempt's."""
    if progress.stream:
        return progress.stream != stream
    return None not in (report.epoch, progress.epoch) and (report.epoch or 0) < (progress.epoch or 0)


def _resumed(progress: Progress, epoch: int | None) -> Progress:
    """Forget the records from `epoch` on, or all of them, and the pace. A store of an earlier version has the last
    record only."""
    known = progress.records
    if not known and progress.best is not None and progress.best_epoch is not None:
        known = ((progress.best_epoch, progress.best),)
    records = tuple(record for record in known if epoch is not None and record[0] < epoch)
    best_epoch, best = records[-1] if records else (None, None)
    return replace(progress, best=best, best_epoch=best_epoch, records=records, first_at=None)


def _is_name(name: str) -> bool:
    """True for any name of one line: `dice[liver]`, `f1|macro`, `mAP@0.5`. Whoever shows it makes it inert."""
    return bool(name.strip()) and len(name) <= LONGEST_NAME and name.isprintable()


def _count(value: float | None) -> int | None:
    """A number that is not negative, however it is written, as a whole epoch."""
    return whole_epoch(value) if value is not None and 0 <= value < MOST_EPOCHS else None


def _finite_or_nan(value: float) -> float:
    try:
        number = float(value)
    except OverflowError:
        return math.nan
    return number if math.isfinite(number) else math.nan
