"""All trials of a sweep, summed up for its card."""

import heapq
import math
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from functools import lru_cache
from statistics import fmean, stdev

from bot.domain.goal import Goal
from bot.domain.model.plan import Plan
from bot.domain.model.states import EndReason
from bot.domain.model.tally import Failure, Leader, Tally
from bot.domain.model.trial import Trial, TrialState

LEADERS = 5
NAMED = 5
"""Trials of one failure that are named by number."""
_VARYING = re.compile(r"0x[0-9a-f]+|\b(?=\w*\d)[0-9a-f-]{7,}\b|\d+(?:\.\d+)?(?:e[+-]?\d+)?", re.IGNORECASE)
"""What differs between failures that are alike: addresses, ids, commit ids, numbers."""


def tally(plan: Plan, trials: Iterable[Trial], now: float, goal: Goal) -> Tally:
    """`trials` are all that anything is known of, in the order of their numbers; the others wait. `now` is in seconds
    since the epoch: what runs is counted up to there."""
    known = [(trial, trial.shown) for trial in trials]
    counts = Counter(state for _, state in known)
    counts[TrialState.WAITING] += max(0, plan.trials - len(known))
    seconds, epochs_seen = 0.0, 0.0
    for trial, state in known:
        if state is TrialState.RUNNING:
            epochs_seen += done(trial)
            seconds += trial.seconds_until(now)
        elif not trial.source:  # an earlier sweep has paid for it
            seconds += trial.seconds
        seconds += trial.seconds_before if not trial.source else 0.0
    incomplete = [trial.number for trial, _ in known if trial.incomplete]
    own = [trial for trial, _ in known if not trial.source]
    total = sum(counts.values())
    waiting, running = counts[TrialState.WAITING], counts[TrialState.RUNNING]
    return Tally(
        counts={state: counts[state] for state in TrialState if counts[state]},
        leaders=_leaders(plan, known, goal),
        failures=_failures(trial for trial, state in known if state is TrialState.FAILED),
        seconds=seconds,
        saved_seconds=sum(_saved(trial) for trial, state in known if state is TrialState.PRUNED),
        lost_seconds=sum(trial.lost_seconds for trial in own),
        lost_machines=sum(trial.lost_machines for trial in own),
        progress=(total - waiting - running + epochs_seen) / total if total else 0.0,
        incomplete=len(incomplete),
        first_incomplete=incomplete[0] if incomplete else None,
    )


def done(trial: Trial) -> float:
    """The share of its epochs that a trial has reported."""
    return min(1.0, trial.reports[-1][0] / trial.epochs) if trial.reports and trial.epochs else 0.0


@lru_cache(maxsize=16_384)  # a tally is made every few seconds, and the details of 10,000 failures cost it 40 ms
def alike(detail: str) -> str:
    """The same for failures that differ in numbers and ids alone."""
    return _VARYING.sub("#", detail)


def _leaders(plan: Plan, known: Iterable[tuple[Trial, TrialState]], goal: Goal) -> tuple[Leader, ...]:
    points = _of_folds(plan.folds, known) if plan.folds > 1 else _single(known)
    best = heapq.nsmallest(LEADERS, ((-goal.sign * value, number, trials) for value, number, trials in points))
    return tuple(_leader(plan, trials) for _, _, trials in best)


def _single(known: Iterable[tuple[Trial, TrialState]]) -> Iterator[tuple[float, int, list[Trial]]]:
    """Every trial with a value is compared, but those whose command failed: it may have been the value's doing."""
    for trial, state in known:
        if trial.value is not None and state is not TrialState.FAILED and math.isfinite(trial.value):
            yield trial.value, trial.number, [trial]


def _of_folds(folds: int, known: Iterable[tuple[Trial, TrialState]]) -> Iterator[tuple[float, int, list[Trial]]]:
    """Points all of whose folds have succeeded: a mean over some of them would be of another test."""
    points: dict[int, list[Trial]] = {}
    for trial, state in known:
        if state is TrialState.SUCCEEDED and trial.value is not None:
            points.setdefault(trial.number // folds, []).append(trial)
    for point, trials in points.items():
        if len(trials) == folds:
            yield fmean(trial.value or 0.0 for trial in trials), point * folds, trials


def _leader(plan: Plan, trials: list[Trial]) -> Leader:
    first, values = trials[0], [trial.value for trial in trials if trial.value is not None]
    single = len(trials) == 1
    return Leader(
        number=first.number,
        value=fmean(values),
        parameters=plan.point_of(first, folds=False),
        deviation=None if single else stdev(values),
        epoch=first.epoch if single else None,
    )


def _failures(failed: Iterable[Trial]) -> tuple[Failure, ...]:
    """Most first. An exit code tells failures apart that read alike."""
    groups: dict[tuple[EndReason, int | None, str], list[Trial]] = {}
    for trial in failed:
        reason = trial.reason or EndReason.LOST
        groups.setdefault((reason, trial.exit_code, alike(trial.detail)), []).append(trial)
    ordered = sorted(groups.items(), key=lambda group: -len(group[1]))
    return tuple(
        Failure(reason, trials[0].detail, len(trials), tuple(trial.number for trial in trials[:NAMED]))
        for (reason, _, _), trials in ordered
    )


def _saved(trial: Trial) -> float:
    """In seconds: the epochs that it had left, at its own pace."""
    epochs = trial.reports[-1][0] if trial.reports else trial.epoch or 0
    return trial.saved_epochs * trial.seconds / epochs if epochs else 0.0
