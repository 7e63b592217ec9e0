"""What a trial tells of the metric while it runs."""

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from bot.domain.goal import Goal
from bot.domain.metrics.progress_rows import Report
from bot.domain.model.plan import Plan
from bot.domain.model.trial import Trial

MOST_REPORTS = 200
"""Of one trial. Of more, every second is left out, or three of four, …: a curve looks the same."""
FEWEST_REPORTS = 16
ALL_REPORTS = 200_000
"""Of a sweep, some 100 bytes each."""


@dataclass(frozen=True, slots=True)
class Word:
    """A row of metrics, as far as a sweep goes: `value` is the project's metric, `math.nan` where the row has none."""

    epoch: int | None
    epochs: int | None
    value: float


def word(report: Report, metric: str) -> Word:
    return Word(report.epoch, report.epochs, report.values.get(metric, math.nan))


def heard(trial: Trial, words: Iterable[Word], plan: Plan, goal: Goal) -> Trial:
    """The trial after these rows, in the order of their coming; itself if it has told them before.

    An epoch that a second attempt repeats counts as the later one has it. `value` is the best so far until the trial's
    `metrics.csv` has been looked at, and what that says from then on.
    """
    reports, epochs, best = dict(trial.reports), trial.epochs, (trial.value, trial.epoch)
    for each in words:
        epochs = each.epochs or epochs
        if math.isnan(each.value):
            continue
        if each.epoch is not None:
            reports[each.epoch] = each.value
        if goal.better(each.value, best[0]):
            best = each.value, each.epoch
    told = replace(trial, reports=tuple(_thinned(reports, epochs, _most(plan))), epochs=epochs)
    return told if trial.measured else replace(told, value=best[0], epoch=best[1])


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
