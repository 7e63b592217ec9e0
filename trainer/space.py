"""A sweep's points by number, so that 10,000 trials fit one submission; standard library only.

`SWEEP_SPACE` is one of

    {"axes": [["lr", [0.1, 0.01]], ["seed", {"low": 1, "high": 5, "int": true}]]}
                                                                   a grid; the last axis moves fastest
    {"points": [{"lr": 0.1}, {"lr": 0.01}]}                        each point as it is
    {"ranges": [["lr", {"low": 1e-4, "high": 1, "log": true}],     random; point n depends on the seed and n alone
                ["layers", {"low": 1, "high": 4, "int": true}],
                ["optimizer", {"choices": ["sgd", "adam"]}]], "seed": 7}

A range with a `count` is that many values from `low` to `high`, at equal distances, with `log` at equal ratios;
with `int` alone it is every whole number. A grid takes such ranges only.

Two things may stand beside them. `"folds": 5`: trial n is fold n % 5 of point n // 5, and is told so by the parameters
`folds` and `fold`. `"numbers": "3,7,9-12"`: the trials that an array runs, by its index; without it the index itself.
"""

import math
import random
from collections.abc import Iterable, Mapping
from decimal import Decimal
from itertools import groupby
from typing import Any

from trainer.contract import Value


def point(space: Mapping[str, Any], number: int) -> dict[str, Value]:
    """The parameters of trial `number`, from 0. IndexError beyond the last, ValueError for a space of no known kind."""
    if number < 0:
        raise IndexError(f"trial {number} is below 0")
    place = number // space.get("folds", 1)
    if "axes" in space:
        found = _grid(space["axes"], place)
    elif "points" in space:
        found = dict(space["points"][place])
    elif "ranges" in space:
        drawn = random.Random(f"{space.get('seed', 0)}/{place}")
        found = {name: _draw(drawn, over) for name, over in space["ranges"]}
    else:
        raise ValueError(f"given {', '.join(space) or 'nothing'}, expected axes, points or ranges")
    return found | _fold(space, number)


def size(space: Mapping[str, Any]) -> int | None:
    """How many different points there are, folds not counted; None where a range holds any number."""
    if "points" in space:
        return len(space["points"])
    lengths = [length(over) for _, over in space["axes" if "axes" in space else "ranges"]]
    return None if None in lengths else math.prod(each for each in lengths if each is not None)


def length(over: Any) -> int | None:
    """How many values one parameter has: a list, choices or a range; None for any number of a range."""
    if isinstance(over, list):
        return len(over)
    if "choices" in over:
        return len(over["choices"])
    if "count" in over:
        return int(over["count"])
    return over["high"] - over["low"] + 1 if over.get("int") else None


def value(over: Any, place: int) -> Value:
    """The value at `place`, below the `length`. A range's ends are exact; between them values have 12 digits."""
    if isinstance(over, list) or "choices" in over:
        values: list[Value] = over if isinstance(over, list) else over["choices"]
        return values[place]
    low, high = (Decimal(repr(over[end])) for end in ("low", "high"))
    last = (length(over) or 1) - 1
    if place in (0, last):
        end: Value = over["low" if place == 0 else "high"]
        return end
    if over.get("log"):
        bottom, top = math.log10(low), math.log10(high)
        return _rounded(over, 10 ** (bottom + (top - bottom) * place / last))
    return _rounded(over, low + (high - low) * place / last)


def number(space: Mapping[str, Any], index: int) -> int:
    """The trial that the array's child `index` runs. IndexError beyond the last."""
    if "numbers" not in space:
        return index
    left = index
    for run in str(space["numbers"]).split(","):
        first, _, last = run.partition("-")
        long = int(last or first) - int(first) + 1
        if left < long:
            return int(first) + left
        left -= long
    raise IndexError(f"index {index} is beyond the numbers {space['numbers']}")


def ranges(numbers: Iterable[int]) -> str:
    """Numbers as `number` reads them, ascending: `3,7,9-12`."""
    runs = []
    for _, run in groupby(enumerate(sorted(numbers)), key=lambda each: each[1] - each[0]):
        together = [each for _, each in run]
        runs.append(f"{together[0]}-{together[-1]}" if len(together) > 1 else f"{together[0]}")
    return ",".join(runs)


def _fold(space: Mapping[str, Any], number: int) -> dict[str, Value]:
    """What tells trial `number` its fold; nothing where there are no folds."""
    folds = space.get("folds", 1)
    return {"folds": folds, "fold": number % folds} if folds > 1 else {}


def _grid(axes: list[tuple[str, Any]], place: int) -> dict[str, Value]:
    lengths = [length(over) for _, over in axes]
    if None in lengths:
        raise ValueError(f"{axes[lengths.index(None)][0]} is a range without a count, a grid needs one")
    found: dict[str, Value] = {}
    rest = place
    for (name, over), long in zip(reversed(axes), reversed(lengths), strict=True):
        rest, here = divmod(rest, long or 1)
        found[name] = value(over, here)
    if rest:
        raise IndexError(f"point {place} is beyond the grid's {size({'axes': axes})} points")
    return dict(reversed(found.items()))


def _draw(drawn: random.Random, over: Any) -> Value:
    low, high = (over.get(end, 0) for end in ("low", "high"))
    if over.get("log") and "count" not in over:
        half = 0.5 if over.get("int") else 0.0
        return _rounded(over, 10 ** drawn.uniform(math.log10(low - half), math.log10(high + half)))
    long = length(over)
    if long is None:
        return _rounded(over, drawn.uniform(low, high))
    return value(over, drawn.randrange(long))


def _rounded(over: Mapping[str, Any], exact: float | Decimal) -> Value:
    """To 12 digits, so that it does not depend on the machine's own mathematics; never beyond the range."""
    found = round(exact) if over.get("int") else float(f"{exact:.12g}")
    return max(over["low"], min(over["high"], found))  # type: ignore[no-any-return]
