"""A sweep's points by number, so that 10,000 trials fit one submission.

`SWEEP_SPACE` is one of

    {"axes": [["lr", [0.1, 0.01]], ["momentum", [0.5, 0.1]]]}      a grid; the last axis moves fastest
    {"points": [{"lr": 0.1}, {"lr": 0.01}]}                        each point as it is
    {"ranges": [["lr", {"low": 1e-4, "high": 1, "log": true}],     random; point n depends on the seed and n alone
                ["layers", {"low": 1, "high": 4, "int": true}],
                ["optimizer", {"choices": ["sgd", "adam"]}]], "seed": 7}
"""

import math
import random
from collections.abc import Mapping
from typing import Any

from trainer.contract import Value


def point(space: Mapping[str, Any], index: int) -> dict[str, Value]:
    """The parameters of trial `index`, from 0. IndexError beyond the last, ValueError for a space of no known kind."""
    if index < 0:
        raise IndexError(f"index {index} is below 0")
    if "axes" in space:
        return _grid(space["axes"], index)
    if "points" in space:
        return dict(space["points"][index])
    if "ranges" in space:
        drawn = random.Random(f"{space.get('seed', 0)}/{index}")
        return {name: _draw(drawn, over) for name, over in space["ranges"]}
    raise ValueError(f"given {', '.join(space) or 'nothing'}, expected axes, points or ranges")


def _grid(axes: list[tuple[str, list[Value]]], index: int) -> dict[str, Value]:
    size = math.prod(len(values) for _, values in axes)
    if index >= size:
        raise IndexError(f"index {index} is beyond the grid's {size} points")
    found: dict[str, Value] = {}
    for name, values in reversed(axes):
        index, place = divmod(index, len(values))
        found[name] = values[place]
    return dict(reversed(found.items()))


def _draw(drawn: random.Random, over: Mapping[str, Any]) -> Value:
    if "choices" in over:
        choice: Value = drawn.choice(over["choices"])
        return choice
    low, high = over["low"], over["high"]
    if over.get("int"):
        return drawn.randint(low, high)
    if over.get("log"):
        return math.exp(drawn.uniform(math.log(low), math.log(high)))
    return drawn.uniform(low, high)
