"""Spaces, plans and trials for the tests of sampling."""

import math
import random
from collections.abc import Mapping, Sequence

import pytest

from bot.domain.model.plan import Plan, Search
from bot.domain.model.space import Axis, Space
from bot.domain.model.states import EndReason, JobState
from bot.domain.model.trial import Trial
from bot.domain.parameters import Kind, Value

LR = Axis("lr", Kind.FLOAT, low=1e-4, high=1.0, log=True)
LAYERS = Axis("layers", Kind.INT, low=1, high=4)
BATCH = Axis("batch", Kind.INT, (64, 16, 32))
OPTIMIZER = Axis("optimizer", Kind.CHOICE, ("sgd", "adam"))
AUGMENT = Axis("augment", Kind.BOOLEAN, (True, False))
MIXED = (LR, LAYERS, BATCH, OPTIMIZER, AUGMENT)
FINITE = (BATCH, OPTIMIZER)


def planned(axes: Sequence[Axis] = MIXED, *, seed: int = 7, trials: int = 50, folds: int = 1) -> Plan:
    return Plan("", Space(tuple(axes)), Search.TPE, trials, folds=folds, seed=seed)


def done(number: int, parameters: Mapping[str, Value], value: float | None) -> Trial:
    return Trial(
        number,
        state=JobState.SUCCEEDED,
        reason=EndReason.SUCCEEDED,
        parameters=parameters,
        value=value,
        measured=True,
    )


def running(number: int, parameters: Mapping[str, Value]) -> Trial:
    return Trial(number, state=JobState.RUNNING, parameters=parameters)


def failed(number: int, parameters: Mapping[str, Value], reason: EndReason = EndReason.COMMAND_FAILED) -> Trial:
    return Trial(number, state=JobState.FAILED, reason=reason, parameters=parameters, measured=True)


def drawn(axes: Sequence[Axis], source: random.Random) -> dict[str, Value]:
    return {axis.name: _draw(axis, source) for axis in axes}


def history(axes: Sequence[Axis], count: int, seed: int = 1) -> list[Trial]:
    """Trials at random points, of which the learning rate alone decides: 0.01 is the best."""
    source = random.Random(seed)
    points = [drawn(axes, source) for _ in range(count)]
    return [done(number, point, score(point)) for number, point in enumerate(points)]


def score(point: Mapping[str, Value]) -> float:
    return 90 - (math.log10(float(point.get("lr", 0.01))) + 2) ** 2


def alike(points: Sequence[Mapping[str, Value]]) -> list[object]:
    """Compares equal to the same points computed by another processor, whose last digits may differ."""
    return [pytest.approx(point) for point in points]


def _draw(axis: Axis, source: random.Random) -> Value:
    if axis.values:
        return source.choice(axis.values)
    if axis.kind is Kind.INT:
        return source.randint(int(axis.low), int(axis.high))
    return 10 ** source.uniform(math.log10(axis.low), math.log10(axis.high))
