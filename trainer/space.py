"""The points of a sweep, computed from the trial's number, so that 10,000 trials fit one submission.

Standard library only. `SWEEP_SPACE` is one of

    {"axes": [["lr", [0.1, 0.01]], ["seed", {"low": 1, "high": 5, "int": true}]]}
                                                                   a grid; the last axis moves fastest
    {"mixed": [["lr", [0.1, 0.01]], ["momentum", [0.5, 0.9]]], "seed": 7}
                                                                   a grid in mixed order: see `_mixed_positions`
    {"points": [{"lr": 0.1}, {"lr": 0.01}]}                        a list of points
    {"ranges": [["lr", {"low": 1e-4, "high": 1, "log": true}],     random; point n depends only on the seed and n
                ["layers", {"low": 1, "high": 4, "int": true}],
                ["optimizer", {"choices": ["sgd", "adam"]}]], "seed": 7}
    {"shuffled": [["lr", [0.1, 0.01]], ["seed", {"low": 1, "high": 5, "int": true}]], "seed": 7}
                                                                   random; a grid in shuffled order, so no point twice

A range with a `count` has that many values from `low` to `high`, evenly spaced, or with `log` in even ratios. With
`int` and no `count` it has every whole number. Only these two kinds of range fit into a grid. A `shuffled` grid may
have at most `MOST_SHUFFLED` points; whole numbers from a range with `log` come as logarithmic draws would take them.

Two more keys are optional. `"folds": 5`: trial n is fold n % 5 of point n // 5, and gets the parameters `folds` and
`fold`. `"numbers": "3,7,9-12"`: the trials of an array, by its index; without it a trial's number is its index.
"""

import json
import math
import random
from collections.abc import Iterable, Mapping
from decimal import Decimal
from functools import lru_cache
from itertools import groupby, product
from typing import Any

from trainer.contract import Value

MOST_SHUFFLED = 100_000
"""Points of a shuffled grid: all of them are put in order at once."""


def point(space: Mapping[str, Any], number: int) -> dict[str, Value]:
    """Return the parameters of trial `number`, from 0. IndexError past the last, ValueError for an unknown kind."""
    if number < 0:
        raise IndexError(f"trial {number} is below 0")
    index = number // space.get("folds", 1)
    if "axes" in space:
        parameters = _grid_point(space["axes"], index)
    elif "mixed" in space:
        parameters = _mixed_point(space["mixed"], space.get("seed", 0), index)
    elif "points" in space:
        parameters = dict(space["points"][index])
    elif "shuffled" in space:
        parameters = _grid_point(
            space["shuffled"], _order(json.dumps([space["shuffled"], space.get("seed", 0)]))[index]
        )
    elif "ranges" in space:
        generator = random.Random(f"{space.get('seed', 0)}/{index}")
        parameters = {name: _draw(generator, values) for name, values in space["ranges"]}
    else:
        raise ValueError(f"it needs axes, mixed, points, ranges or shuffled (got {', '.join(space) or 'nothing'})")
    return parameters | _fold(space, number)


def size(space: Mapping[str, Any]) -> int | None:
    """Count the different points, without folds. None if a range is continuous."""
    if "points" in space:
        return len(space["points"])
    kind = next(kind for kind in ("axes", "mixed", "shuffled", "ranges") if kind in space)
    lengths = [length(values) for _, values in space[kind]]
    return None if None in lengths else math.prod(each for each in lengths if each is not None)


def length(values: Any) -> int | None:
    """Count the values of one parameter: a list, choices or a range. None if the range is continuous."""
    if isinstance(values, list):
        return len(values)
    if "choices" in values:
        return len(values["choices"])
    if "count" in values:
        return int(values["count"])
    return values["high"] - values["low"] + 1 if values.get("int") else None


def value(values: Any, index: int) -> Value:
    """Return the value at `index`, from 0. A range's ends are exact; values between them have 12 digits."""
    if isinstance(values, list) or "choices" in values:
        listed: list[Value] = values if isinstance(values, list) else values["choices"]
        return listed[index]
    low, high = (Decimal(repr(values[end])) for end in ("low", "high"))
    last = (length(values) or 1) - 1
    if index in (0, last):
        end: Value = values["low" if index == 0 else "high"]
        return end
    if values.get("log") and "count" in values:
        bottom, top = math.log10(low), math.log10(high)
        return _rounded(values, 10 ** (bottom + (top - bottom) * index / last))
    return _rounded(values, low + (high - low) * index / last)


def number(space: Mapping[str, Any], index: int) -> int:
    """Return the trial that the array's child `index` runs. IndexError past the last."""
    if "numbers" not in space:
        return index
    remaining = index
    for run in str(space["numbers"]).split(","):
        first, _, last = run.partition("-")
        count = int(last or first) - int(first) + 1
        if remaining < count:
            return int(first) + remaining
        remaining -= count
    raise IndexError(f"index {index} is past the end of the numbers {space['numbers']}")


def ranges(numbers: Iterable[int]) -> str:
    """Format numbers for `number`, in ascending order: `3,7,9-12`."""
    runs = []
    for _, run in groupby(enumerate(sorted(numbers)), key=lambda each: each[1] - each[0]):
        consecutive = [each for _, each in run]
        runs.append(f"{consecutive[0]}-{consecutive[-1]}" if len(consecutive) > 1 else f"{consecutive[0]}")
    return ",".join(runs)


def _fold(space: Mapping[str, Any], number: int) -> dict[str, Value]:
    """Return the fold parameters of trial `number`. Empty without folds."""
    folds = space.get("folds", 1)
    return {"folds": folds, "fold": number % folds} if folds > 1 else {}


def _mixed_point(axes: list[tuple[str, Any]], seed: int, index: int) -> dict[str, Value]:
    lengths = _lengths(axes)
    if index >= math.prod(lengths):
        raise _past_the_end(axes, index)
    positions = _mixed_positions(seed, tuple(lengths), index)
    return {name: value(values, position) for (name, values), position in zip(axes, positions, strict=True)}


def _mixed_positions(seed: int, lengths: tuple[int, ...], index: int) -> list[int]:
    """Return the positions on the axes of point `index`, so that the first few points lie all over the grid.

    The index is written in digits, one for each axis, that of the longest axis moving fastest. The position on an axis
    is the sum of its own digit and of those before it, each in an order by the seed. That can be undone axis by axis,
    so no point comes twice. While the first digit moves, so does the position on every axis: as in a Latin square, no
    value of an axis comes twice before all have come.
    """
    order, moves = _mixing(seed, lengths)
    digits: list[int] = []
    positions = [0] * len(lengths)
    remaining = index
    for place, axis in enumerate(order):
        remaining, digit = divmod(remaining, lengths[axis])
        digits.append(digit)
        positions[axis] = sum(moves[place][which][each] for which, each in enumerate(digits)) % lengths[axis]
    return positions


@lru_cache(maxsize=4)
def _mixing(seed: int, lengths: tuple[int, ...]) -> tuple[list[int], list[list[list[int]]]]:
    """Return the axes, the longest first, and for each how far every digit up to its own moves it."""
    order = sorted(range(len(lengths)), key=lambda axis: -lengths[axis])
    generator = random.Random(str(seed))
    return order, [
        [_rounds(generator, lengths[each], lengths[axis]) for each in order[: place + 1]]
        for place, axis in enumerate(order)
    ]


def _rounds(generator: random.Random, count: int, below: int) -> list[int]:
    """Return `count` numbers below a limit: all of them in random order, then all in another one, and so on.

    By `random()` alone, which gives the same in every version of Python.
    """
    found: list[int] = []
    while len(found) < count:
        keys = [generator.random() for _ in range(below)]
        found += sorted(range(below), key=keys.__getitem__)
    return found[:count]


def _lengths(axes: list[tuple[str, Any]]) -> list[int]:
    lengths = [(name, length(values)) for name, values in axes]
    if (continuous := next((name for name, count in lengths if count is None), None)) is not None:
        raise ValueError(f"{continuous} is a continuous range; in a grid it needs a count")
    return [count or 1 for _, count in lengths]


def _past_the_end(axes: list[tuple[str, Any]], index: int) -> IndexError:
    return IndexError(f"point {index} is past the end of the grid, which has {size({'axes': axes})} points")


def _grid_point(axes: list[tuple[str, Any]], index: int) -> dict[str, Value]:
    lengths = _lengths(axes)
    parameters: dict[str, Value] = {}
    remaining = index
    for (name, values), count in zip(reversed(axes), reversed(lengths), strict=True):
        remaining, position = divmod(remaining, count)
        parameters[name] = value(values, position)
    if remaining:
        raise _past_the_end(axes, index)
    return dict(reversed(parameters.items()))


@lru_cache(maxsize=4)
def _order(encoded: str) -> list[int]:
    """The grid's points in random order, as if drawn one by one without putting any back (Efraimidis and Spirakis)."""
    axes, seed = json.loads(encoded)
    generator = random.Random(str(seed))
    weights = [math.prod(each) for each in product(*(_weights(values) for _, values in axes))]
    keys = [math.log(1.0 - generator.random()) / weight for weight in weights]
    return sorted(range(len(keys)), key=keys.__getitem__, reverse=True)


def _weights(values: Any) -> list[float]:
    """How likely each value is to be drawn: whole numbers from a range with `log` by their share of the logarithm."""
    if isinstance(values, list) or not values.get("log") or "count" in values:
        return [1.0] * (length(values) or 0)
    return [math.log10((each + 0.5) / (each - 0.5)) for each in range(values["low"], values["high"] + 1)]


def _draw(generator: random.Random, values: Any) -> Value:
    low, high = (values.get(end, 0) for end in ("low", "high"))
    if values.get("log") and "count" not in values:
        half = 0.5 if values.get("int") else 0.0
        return _rounded(values, 10 ** generator.uniform(math.log10(low - half), math.log10(high + half)))
    count = length(values)
    if count is None:
        return _rounded(values, generator.uniform(low, high))
    return value(values, generator.randrange(count))


def _rounded(values: Mapping[str, Any], exact: float | Decimal) -> Value:
    """Round to 12 digits, so the result is the same on every machine, and stay within the range."""
    rounded = round(exact) if values.get("int") else float(f"{exact:.12g}")
    return max(values["low"], min(values["high"], rounded))  # type: ignore[no-any-return]
