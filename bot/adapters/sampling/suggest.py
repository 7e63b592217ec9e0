"""The next points, by Optuna's TPE."""

import random
import sys
from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet

from optuna.samplers import TPESampler

from bot.adapters.sampling.distributions import Axes
from bot.adapters.sampling.optuna_trials import points, study
from bot.domain.goal import Goal
from bot.domain.model.plan import Plan
from bot.domain.model.trial import Trial
from bot.domain.parameters import Value
from trainer import space

TRIES = 10
"""Proposals for one point of a finite space that have all been run already, before an unseen one is drawn."""
_Key = tuple[Value | None, ...]


def ask(plan: Plan, trials: Sequence[Trial], count: int, goal: Goal) -> list[dict[str, Value]]:
    """The next `count` points. What runs counts as bad until it has ended, so that points asked for together, and
    one after another by many machines, spread out (`constant_liar`)."""
    seed = random.Random(f"{plan.seed}/{len(trials)}").getrandbits(32)
    axes, known = Axes(plan.space.axes), points(plan, trials)
    sampler = TPESampler(seed=seed, multivariate=True, constant_liar=True)
    made = study(known, axes, goal, sampler=sampler)
    seen = {_key(plan, point.parameters) for point in known}
    unseen = _unseen(plan, seen, random.Random(seed), count)
    found: list[dict[str, Value]] = []
    for _ in range(count):
        for _ in range(TRIES):
            point = axes.decoded(made.ask(axes.distributions).params)
            if _key(plan, point) not in seen:
                break
        else:
            point = next(unseen, point)
        seen.add(_key(plan, point))
        found.append(point)
    return found


def _unseen(plan: Plan, seen: AbstractSet[_Key], drawn: random.Random, count: int) -> Iterator[dict[str, Value]]:
    """Up to `count` points of a finite space that are not in `seen`, none where the space has no end."""
    size = plan.space.size
    if size is None:
        return
    grid = {"axes": [[axis.name, list(axis.values)] for axis in plan.space.axes]}
    for place in drawn.sample(range(min(size, sys.maxsize)), min(size, len(seen) + count)):
        point = space.point(grid, place)
        if _key(plan, point) not in seen:
            yield point


def _key(plan: Plan, point: Mapping[str, Value]) -> _Key:
    return tuple(point.get(name) for name in plan.space.names)
