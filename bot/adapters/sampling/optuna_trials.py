"""A sweep's points as Optuna has them: the folds of a point are one trial there, and its value is their mean."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean

import optuna
from optuna.samplers import BaseSampler
from optuna.trial import FrozenTrial, create_trial
from optuna.trial import TrialState as OptunaState

from bot.adapters.sampling.distributions import Axes
from bot.domain.goal import Goal
from bot.domain.model.plan import Plan
from bot.domain.model.states import EndReason
from bot.domain.model.trial import Trial, TrialState
from bot.domain.parameters import Value

_OWN_DOING = (EndReason.COMMAND_FAILED, EndReason.OUT_OF_MEMORY, EndReason.TIMED_OUT)
"""Failures that the point may be the reason of; a lost host is no word against it."""


@dataclass(frozen=True, slots=True)
class Point:
    """`value` is the mean over all folds, or, of a point that was given up, over those that told one."""

    parameters: Mapping[str, Value]
    state: OptunaState
    value: float | None = None
    epoch: int = 0
    """The last that was told of."""


def points(plan: Plan, trials: Iterable[Trial]) -> list[Point]:
    """In the order of their numbers."""
    folds: dict[int, list[Trial]] = {}
    for trial in trials:
        folds.setdefault(trial.number // plan.folds, []).append(trial)
    return [_point(plan, of_one) for _, of_one in sorted(folds.items())]


def study(known: Iterable[Point], axes: Axes, goal: Goal, sampler: BaseSampler | None = None) -> optuna.Study:
    """In memory, with all points that lie in the space."""
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    made = optuna.create_study(direction="maximize" if goal.maximize else "minimize", sampler=sampler)
    for point in known:
        parameters = axes.coded(point.parameters)
        if parameters is not None:
            made.add_trial(_frozen(point, parameters, axes))
    return made


def _point(plan: Plan, trials: Sequence[Trial]) -> Point:
    told = [trial.value for trial in trials if trial.value is not None]
    value = fmean(told) if told else None
    epoch = max((trial.reports[-1][0] for trial in trials if trial.reports), default=0)
    return Point(plan.point_of(trials[0], folds=False), _state(plan, trials), value, epoch)


def _state(plan: Plan, trials: Sequence[Trial]) -> OptunaState:
    """A point of which a fold is given up is given up, whatever becomes of the others."""
    shown = [trial.shown for trial in trials]
    if TrialState.PRUNED in shown:
        return OptunaState.PRUNED
    if any(trial.shown is TrialState.FAILED and trial.reason in _OWN_DOING for trial in trials):
        return OptunaState.PRUNED
    if {TrialState.FAILED, TrialState.STOPPED, TrialState.MISSING} & set(shown):
        return OptunaState.FAIL
    if len(trials) < plan.folds or not all(trial.ended and trial.value is not None for trial in trials):
        return OptunaState.RUNNING
    return OptunaState.COMPLETE


def _frozen(point: Point, parameters: dict[str, Value], axes: Axes) -> FrozenTrial:
    value, state = point.value, point.state
    return create_trial(
        state=state,
        params=parameters,
        distributions=axes.distributions,
        value=value if state is OptunaState.COMPLETE else None,
        intermediate_values={point.epoch: value} if state is OptunaState.PRUNED and value is not None else None,
    )
