"""What the picture of a sweep shows: every point that is known, in order, and what came of it."""

import math
from collections.abc import Iterator, Mapping, Sequence
from itertools import product
from statistics import fmean, stdev

from bot.domain.drawing.figures import BoardRequest, Cell, Curve, FigureRequest
from bot.domain.model.plan import Plan, Search
from bot.domain.model.run import Run
from bot.domain.model.sweep import Sweep
from bot.domain.model.tally import Leader
from bot.domain.model.trial import Trial, TrialState
from bot.domain.numbers import told_apart
from bot.domain.parameters import Value, shown
from bot.domain.project import Project

_WORST_FIRST = (TrialState.FAILED, TrialState.STOPPED, TrialState.PRUNED, TrialState.MISSING)


def request(sweep: Sweep, trials: Mapping[int, Trial], project: Project) -> BoardRequest:
    """`trials` are all that anything is known of, by number."""
    plan = sweep.plan
    return BoardRequest(
        title=f"{sweep.run.project} sweep {sweep.id}",
        subtitle=_described(sweep.run, plan),
        axes=plan.space.axes,
        cells=tuple(_cells(plan, trials)),
        metric=project.metric,
        maximize=project.maximize,
        importance={name: share for name, share in sweep.board.importance.items() if name not in plan.space.fixed},
    )


def curves_request(sweep: Sweep, curves: Sequence[Curve], project: Project) -> FigureRequest:
    """The best trials, drawn over each other."""
    of = f"best {len(curves)} trials" if len(curves) > 1 else "best trial"
    return FigureRequest(
        title=f"{sweep.run.project} sweep {sweep.id}: {of}",
        subtitle=_described(sweep.run, sweep.plan),
        curves=tuple(curves),
        metric=project.metric,
        maximize=project.maximize,
        column_names=project.columns or None,
    )


def label(name: str, sweep: Sweep, leader: Leader) -> str:
    """A curve's trial, with what varies: `.4 lr=0.1`. Of folds only the first is drawn. `name` is `k7q2mx.4`."""
    fold = ["fold=0"] if sweep.plan.folds > 1 else []
    return " ".join([name.removeprefix(sweep.id), *_varied(sweep, leader), *fold])


def _varied(sweep: Sweep, leader: Leader) -> list[str]:
    """`lr=0.1`; drawn numbers only as far as they tell the leaders apart."""
    words = []
    for axis in sweep.plan.space.varied:
        if (own := leader.parameters.get(axis.name)) is None:
            continue
        others = [each.parameters.get(axis.name) for each in sweep.tally.leaders]
        numbers = [value for value in others if isinstance(value, float)]
        short = axis.continuous and isinstance(own, float)
        words.append(f"{axis.name}={told_apart([own, *numbers])[0] if short else shown(own)}")  # type: ignore[list-item]
    return words


def _described(run: Run, plan: Plan) -> str:
    """What explains the values comes before the parameters that are the same for all: a long line is cut."""
    folds = f"mean ± sd of {plan.folds} folds" if plan.folds > 1 else ""
    parameters = " ".join(_written({**plan.space.fixed, **run.parameters}))
    return "   ".join(filter(None, [f"{run.commit.branch}@{run.commit.short}", folds, parameters]))


def _written(parameters: Mapping[str, Value]) -> list[str]:
    return [f"{name}={shown(value)}" for name, value in parameters.items()]


def _cells(plan: Plan, trials: Mapping[int, Trial]) -> Iterator[Cell]:
    for point, at in _points(plan, trials):
        if plan.folds > 1:
            yield _of_folds(at, [trials.get(point * plan.folds + fold) for fold in range(plan.folds)])
        elif (trial := trials.get(point)) is None:
            yield Cell(at, TrialState.WAITING)
        else:
            yield Cell(at, trial.shown, _value(trial))


def _value(trial: Trial) -> float | None:
    """Its best; of one that was stopped early, at least the last that it reported."""
    if trial.value is None and trial.shown is TrialState.PRUNED and trial.reports:
        return trial.reports[-1][1] if math.isfinite(trial.reports[-1][1]) else None
    return trial.value


def _points(plan: Plan, trials: Mapping[int, Trial]) -> Iterator[tuple[int, tuple[Value, ...]]]:
    """Number and values of every point; those that a sampler has yet to choose are not there."""
    if plan.search is Search.GRID:
        yield from enumerate(product(*(axis.values for axis in plan.space.axes)))
        return
    names = plan.space.names
    for point in range(plan.points):
        trial = trials.get(point * plan.folds)
        found = None if trial is None else trial.parameters
        if found is None and plan.search is Search.TPE:
            continue
        found = plan.space.point(point * plan.folds) if found is None else found
        yield point, tuple([found[name] for name in names])


def _of_folds(at: tuple[Value, ...], folds: Sequence[Trial | None]) -> Cell:
    """The point is what the worst of its folds came to, and has a value when all have: a mean over some of them would
    be of another test. Of folds that only go on, one that runs or has ended means that the point runs."""
    states = [TrialState.WAITING if fold is None else fold.shown for fold in folds]
    values = [fold.value for fold in folds if fold is not None and fold.value is not None]
    for state in _WORST_FIRST:
        if state in states:
            return Cell(at, state)
    if len(set(states)) > 1 or states[0] is not TrialState.SUCCEEDED:
        return Cell(at, states[0] if len(set(states)) == 1 else TrialState.RUNNING)
    if len(values) < len(folds) or not all(map(math.isfinite, values)):
        return Cell(at, TrialState.SUCCEEDED)
    return Cell(at, TrialState.SUCCEEDED, fmean(values), stdev(values))
