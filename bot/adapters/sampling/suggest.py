"""Choose a sweep's next points with Optuna's TPE sampler."""

import random
import sys
from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet

from optuna.samplers import TPESampler

from bot.adapters.sampling.distributions import OptunaSpace
from bot.adapters.sampling.optuna_trials import create_study, study_points
from bot.domain.goal import Goal
from bot.domain.model.plan import Plan
from bot.domain.model.trial import Trial
from bot.domain.parameters import Value
from trainer import space

TRIES = 10
"""In a finite space: how often Optuna may propose points that were already tried, before an untried one is drawn."""
_Key = tuple[Value | None, ...]


def ask(plan: Plan, trials: Sequence[Trial], count: int, goal: Goal) -> list[dict[str, Value]]:
    """The next `count` points.

    Running points count as bad until they end (`constant_liar`). This spreads out points that are requested together,
    or one after another for many machines.
    """
    seed = random.Random(f"{plan.seed}/{len(trials)}").getrandbits(32)
    optuna_space, known = OptunaSpace(plan.space.axes), study_points(plan, trials)
    sampler = TPESampler(seed=seed, multivariate=True, constant_liar=True)
    study = create_study(known, optuna_space, goal, sampler=sampler)
    seen = {_key(plan, point.parameters) for point in known}
    unseen = _unseen(plan, seen, random.Random(seed), count)
    chosen: list[dict[str, Value]] = []
    for _ in range(count):
        for _ in range(TRIES):
            point = optuna_space.decode(study.ask(optuna_space.distributions).params)
            if _key(plan, point) not in seen:
                break
        else:
            point = next(unseen, point)
        seen.add(_key(plan, point))
        chosen.append(point)
    return chosen


def _unseen(plan: Plan, seen: AbstractSet[_Key], generator: random.Random, count: int) -> Iterator[dict[str, Value]]:
    """Up to `count` points of a finite space that are not in `seen`; none if the space is infinite."""
    size = plan.space.size
    if size is None:
        return
    grid = {"axes": [[axis.name, list(axis.values)] for axis in plan.space.axes]}
    for number in generator.sample(range(min(size, sys.maxsize)), min(size, len(seen) + count)):
        point = space.point(grid, number)
        if _key(plan, point) not in seen:
            yield point


def _key(plan: Plan, point: Mapping[str, Value]) -> _Key:
    return tuple(point.get(name) for name in plan.space.names)
