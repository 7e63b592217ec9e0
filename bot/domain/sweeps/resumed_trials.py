"""What a trial's lost attempt reported is no part of its run, as far as the next attempt does it again."""

import math
from collections.abc import Sequence
from dataclasses import replace

from bot.domain.goal import Goal
from bot.domain.model.trial import Trial
from bot.domain.sweeps.reported_rows import MetricRow


def in_attempt(trial: Trial, stream: str, rows: Sequence[MetricRow], goal: Goal) -> Trial:
    """The trial before `rows` are added, the first ones of the attempt that logs to `stream` or later ones.

    A new attempt resumes at the epoch of its first row, so reports from that epoch on are forgotten. Without a
    checkpoint that is all of them: a best value that no model has must not lead the sweep, nor stop other trials.
    """
    if trial.reported_in in ("", stream):
        return replace(trial, reported_in=stream)
    start = next((row.epoch for row in rows if row.epoch is not None), None)
    if start is None:  # nothing tells where it resumed
        return trial
    reports = tuple((epoch, value) for epoch, value in trial.reports if epoch < start)
    kept = replace(trial, reported_in=stream, reports=reports)
    if trial.measured or (trial.epoch is not None and trial.epoch < start):
        return kept
    value, epoch = _best(reports, goal)
    return replace(kept, value=value, epoch=epoch)


def _best(reports: Sequence[tuple[int, float]], goal: Goal) -> tuple[float | None, int | None]:
    """The first of the best, with its epoch."""
    best: tuple[float | None, int | None] = (None, None)
    for epoch, value in reports:
        if math.isfinite(value) and goal.better(value, best[0]):
            best = value, epoch
    return best
