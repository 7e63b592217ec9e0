"""Convert a sweep's trials to an Optuna study: the folds of a point become one Optuna trial, valued at their mean."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean

import optuna
from optuna.samplers import BaseSampler
from optuna.trial import FrozenTrial, create_trial
from optuna.trial import TrialState as OptunaState

from bot.adapters.sampling.distributions import OptunaSpace
from bot.domain.goal import Goal
from bot.domain.model.plan import Plan
from bot.domain.model.states import EndReason
from bot.domain.model.trial import Trial, TrialState
from bot.domain.parameters import Value

_POINT_TO_BLAME = (EndReason.COMMAND_FAILED, EndReason.OUT_OF_MEMORY, EndReason.TIMED_OUT)
"""Failures that the point itself may have caused. A lost host, for example, says nothing about the point."""


@dataclass(frozen=True, slots=True)
class StudyPoint:
    """One point for Optuna. `value` is the mean over its folds; for a pruned point, over those that reported one."""

    parameters: Mapping[str, Value]
    state: OptunaState
    value: float | None = None
    epoch: int = 0
    """The last reported epoch."""


def study_points(plan: Plan, trials: Iterable[Trial]) -> list[StudyPoint]:
    """Group trials by point, in the order of their numbers."""
    folds: dict[int, list[Trial]] = {}
    for trial in trials:
        folds.setdefault(trial.number // plan.folds, []).append(trial)
    return [_study_point(plan, of_point) for _, of_point in sorted(folds.items())]


def create_study(
    known: Iterable[StudyPoint], space: OptunaSpace, goal: Goal, sampler: BaseSampler | None = None
) -> optuna.Study:
    """Create an in-memory study of all points that lie in the space."""
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    study = optuna.create_study(direction="maximize" if goal.maximize else "minimize", sampler=sampler)
    for point in known:
        parameters = space.encode(point.parameters)
        if parameters is not None:
            study.add_trial(_frozen(point, parameters, space))
    return study


def _study_point(plan: Plan, trials: Sequence[Trial]) -> StudyPoint:
    values = [trial.value for trial in trials if trial.value is not None]
    value = fmean(values) if values else None
    epoch = max((trial.reports[-1][0] for trial in trials if trial.reports), default=0)
    return StudyPoint(plan.point_of(trials[0], folds=False), _state(plan, trials), value, epoch)


def _state(plan: Plan, trials: Sequence[Trial]) -> OptunaState:
    """One pruned fold makes the whole point pruned, whatever the other folds do."""
    states = [trial.shown for trial in trials]
    if TrialState.PRUNED in states:
        return OptunaState.PRUNED
    if any(trial.shown is TrialState.FAILED and trial.reason in _POINT_TO_BLAME for trial in trials):
        return OptunaState.PRUNED
    if {TrialState.FAILED, TrialState.STOPPED, TrialState.MISSING} & set(states):
        return OptunaState.FAIL
    if len(trials) < plan.folds or not all(trial.ended and trial.value is not None for trial in trials):
        return OptunaState.RUNNING
    return OptunaState.COMPLETE


def _frozen(point: StudyPoint, parameters: dict[str, Value], space: OptunaSpace) -> FrozenTrial:
    value, state = point.value, point.state
    return create_trial(
        state=state,
        params=parameters,
        distributions=space.distributions,
        value=value if state is OptunaState.COMPLETE else None,
        intermediate_values={point.epoch: value} if state is OptunaState.PRUNED and value is not None else None,
    )
