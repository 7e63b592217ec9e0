"""Metrics of a job: the rows that its log tells while it runs, and the table in `metrics.csv`, which is the truth."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from bot.domain.goal import Goal
from bot.domain.metrics.metrics_table import Table
from bot.domain.model.progress import Progress
from bot.domain.parameters import Value
from trainer.contract import parse_metrics
from trainer.metrics.tables.axis import EPOCH, axis_name, shown, total_of

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
    unit: str = "epoch"
    """What `epoch` counts, by its own name."""
    exact: float | None = field(default=None, compare=False)
    """`epoch` with its fraction."""
    summary: bool = False
    """True for a row apart from the others, such as the test after the last epoch, reported as epoch -1."""


def parse_line(message: str, columns: Mapping[str, str] | None = None) -> Report | None:
    """The row in a line with `@metrics {"epoch": 3, "epochs": 10, "train_loss": 0.12}`; None in any other.

    What is not a number, or has no name that can be shown on one line, is left out of the row. `columns` are names of
    the project's own by ours.
    """
    row = parse_metrics(message)
    if row is None:
        return None
    axis = (columns or {}).get(EPOCH, "")
    axis = axis if axis and axis in row else axis_name(row) or EPOCH
    ours = {theirs: name for name, theirs in (columns or {}).items() if name != EPOCH}
    total = total_of(row, axis)
    at, epochs = row.pop(axis, None), _count(row.pop(total, None)) if total else None
    named = [name for name in row if _is_name(name)][:MOST_VALUES]
    values = {ours.get(name, name): _finite_or_nan(row[name]) for name in named}
    epoch, summary = _count(at), at is not None and at < 0
    if not values and epoch is None:
        return None
    return Report(epoch, epochs, values, shown(axis), None if epoch is None else at, summary)


def planned(unit: str, parameters: Mapping[str, Value]) -> int | None:
    """The total that a run's parameters name, for code that does not report one: `epochs`, `max_steps`."""
    total = total_of(parameters, unit)
    value = parameters[total] if total is not None else None
    return value if isinstance(value, int) and not isinstance(value, bool) and value > 0 else None


def advance(progress: Progress, report: Report, at: float, goal: Goal, stream: str = "") -> Progress:
    """The progress after a row that came `at` seconds since the epoch, in an attempt's log `stream`.

    The first row of another attempt tells where that one resumed, unless it only came late. What the lost attempt
    reported from that epoch on is no part of this run. Within an attempt an earlier epoch is the next fold or phase.
    Either way the pace begins anew.
    """
    late = progress.last_at is not None and at < progress.last_at
    if not late and _of_another_attempt(progress, report, stream):
        progress = _resumed(progress, report.epoch)
    if report.epoch is not None and progress.unit != report.unit:
        progress = _resumed(replace(progress, unit=report.unit), None, best=progress.best)
    progress = _with_best(progress, report, goal)
    if late:
        return progress
    latest = {**progress.latest, **report.values}
    if report.summary:
        return replace(progress, latest=latest)
    epoch = progress.epoch if report.epoch is None else report.epoch
    moved = replace(
        progress,
        epoch=epoch,
        exact=progress.exact if report.exact is None else report.exact,
        epochs=progress.epochs if report.epochs is None else report.epochs,
        latest=latest,
        stream=stream or progress.stream,
    )
    return _paced(progress, moved, at)


def _paced(before: Progress, moved: Progress, at: float) -> Progress:
    """Count the epochs between the first row and this one, and when it came."""
    step = 1 if moved.epoch is None or before.epoch is None else moved.epoch - before.epoch
    if before.first_at is None or step < 0:
        return replace(moved, first_at=at, last_at=at, epochs_seen=1, first_exact=moved.exact)
    if step == 0 and moved.exact == before.exact:
        return moved
    return replace(moved, last_at=at, epochs_seen=before.epochs_seen + step)


def best_of(table: Table, goal: Goal) -> tuple[float, int | None] | None:
    """The best value of a metric and its epoch, the first of equals; None where there is no such number.

    A value of the summary has no epoch, and counts only if no row has one.
    """
    row = best_row(table, goal)
    if row is not None:
        at = table.x[row]
        return table.columns[goal.metric][row], whole_epoch(at) if abs(at) < MOST_EPOCHS else None
    value = table.summary.get(goal.metric, math.nan)
    return (value, None) if math.isfinite(value) else None


def whole_epoch(epoch: float) -> int:
    """How many epochs are complete, so that a bar is full only at the end. 2.96 counts as 3: trainers that count steps
    end a little before the whole number."""
    return math.floor(epoch + 0.05)


@dataclass(frozen=True, slots=True)
class Best:
    """The best value in a `metrics.csv`, where it was, and what that counts."""

    value: float
    epoch: int | None
    unit: str


def best_in_csv(csv: bytes, columns: Mapping[str, str], goal: Goal) -> Best | None:
    """The best in a `metrics.csv`; `columns` are the names of the project's own."""
    return best_in(Table.parse(csv, columns), goal)


def best_in(table: Table, goal: Goal) -> Best | None:
    best = best_of(table, goal)
    return None if best is None else Best(*best, table.x_label)


def best_row(table: Table, goal: Goal) -> int | None:
    """The row with that value, from 0."""
    column: Sequence[float] = table.columns.get(goal.metric, ())
    finite = (row for row, value in enumerate(column) if math.isfinite(value))
    return goal.best(finite, lambda row: column[row])


def _with_best(progress: Progress, report: Report, goal: Goal) -> Progress:
    value = report.values.get(goal.metric, math.nan)
    if math.isnan(value) or not goal.better(value, progress.best):
        return progress
    if report.summary:
        return progress if progress.records else replace(progress, best=value, best_epoch=None)
    epoch = report.epoch if report.epoch is not None else progress.epochs_seen + 1
    records = (*progress.records, (epoch, value))[-MOST_RECORDS:]
    return replace(progress, best=value, best_epoch=epoch, records=records)


def _of_another_attempt(progress: Progress, report: Report, stream: str) -> bool:
    """A store of an earlier version does not know the stream: there, an earlier epoch is another attempt's."""
    if progress.stream:
        return progress.stream != stream
    return None not in (report.epoch, progress.epoch) and (report.epoch or 0) < (progress.epoch or 0)


def _resumed(progress: Progress, epoch: int | None, *, best: float | None = None) -> Progress:
    """Forget the records from `epoch` on, or all of them, and the pace. A store of an earlier version has the last
    record only. `best` stays where there is no record."""
    known = progress.records
    if not known and progress.best is not None and progress.best_epoch is not None:
        known = ((progress.best_epoch, progress.best),)
    records = tuple(record for record in known if epoch is not None and record[0] < epoch)
    best_epoch, best = records[-1] if records else (None, best)
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
