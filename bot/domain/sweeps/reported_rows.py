"""Metrics that a trial reports while it runs."""

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from bot.domain.goal import Goal
from bot.domain.metrics.progress_rows import Report, planned
from bot.domain.model.plan import Plan, Search
from bot.domain.model.trial import Trial
from bot.domain.parameters import Value
from trainer.metrics.tables.axis import total_of

MOST_REPORTS = 200
"""Reports stored for one trial. Beyond that every second is left out, or three of four, …: a curve looks the same."""
FEWEST_REPORTS = 16
ALL_REPORTS = 200_000
"""Reports stored for one sweep, some 100 bytes row."""


@dataclass(frozen=True, slots=True)
class MetricRow:
    """One reported row, as a sweep needs it: `value` is the project's metric, `math.nan` if the row has none."""

    epoch: int | None
    epochs: int | None
    value: float
    unit: str = "epoch"
    diverged: bool = False
    """True if the metric was reported and is not finite."""


def row_for_sweep(report: Report, metric: str) -> MetricRow:
    if report.summary:
        return MetricRow(None, None, math.nan, report.unit)
    value = report.values.get(metric)
    told = math.nan if value is None else value
    return MetricRow(report.epoch, report.epochs, told, report.unit, value is not None and not math.isfinite(value))


def with_rows(
    trial: Trial, rows: Iterable[MetricRow], plan: Plan, goal: Goal, fixed: Mapping[str, Value] | None = None
) -> Trial:
    """Add reported rows to a trial, in the order of their arrival. Returns an equal trial if nothing is new.

    If a second attempt repeats an epoch, its report replaces the first one. One that diverged is kept as NaN. `value`
    is the best so far until the trial's `metrics.csv` has been read, which decides from then on. `fixed` are the
    parameters that all trials share: where no row tells the total, a parameter such as `epochs` may.
    """
    reports, epochs, best = dict(trial.reports), trial.epochs, (trial.value, trial.epoch)
    unit = trial.unit
    for row in rows:
        epochs = row.epochs or epochs or _planned(trial, row, plan, fixed or {})
        if math.isnan(row.value) and not row.diverged:
            continue
        if row.epoch is not None:
            if row.unit != unit:
                reports, unit = {}, row.unit
            known = reports.get(row.epoch, row.value)
            reports[row.epoch] = known if row.diverged and math.isnan(known) else row.value  # NaN equals only itself
        if not row.diverged and goal.better(row.value, best[0]):
            best = row.value, row.epoch
    updated = replace(trial, reports=tuple(_thinned(reports, epochs, _most(plan))), epochs=epochs)
    return updated if trial.measured else replace(updated, value=best[0], epoch=best[1], unit=unit)


def _planned(trial: Trial, row: MetricRow, plan: Plan, fixed: Mapping[str, Value]) -> int | None:
    if row.epoch is None:
        return None
    if (total := planned(row.unit, fixed)) is not None or total_of(plan.space.names, row.unit) is None:
        return total
    chosen = trial.parameters is not None or plan.search is not Search.TPE
    return planned(row.unit, plan.point_of(trial, folds=False)) if chosen else None


def _most(plan: Plan) -> int:
    return max(FEWEST_REPORTS, min(MOST_REPORTS, ALL_REPORTS // max(1, plan.trials)))


def _thinned(reports: Mapping[int, float], epochs: int | None, most: int) -> Iterator[tuple[int, float]]:
    """In the order of the epochs; the last always, the others at distances that are the same for all trials of as many
    epochs, so that they can be compared."""
    last = max(reports, default=0)
    apart = 1
    while max(last, epochs or 0) > most * apart:
        apart *= 2
    return ((epoch, reports[epoch]) for epoch in sorted(reports) if epoch % apart == 0 or epoch == last)
