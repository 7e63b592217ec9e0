"""The whole text, with what was asked for beside it, as a plan."""

import json
from collections.abc import Sequence
from math import prod
from typing import Any

from bot.domain.grammar.axis import Reading, read
from bot.domain.grammar.text import EXAMPLE, GrammarError, cleaned, scan
from bot.domain.params import Kind, Parameter
from bot.domain.space import Space
from bot.domain.sweep import MOST_TRIALS, Plan, Search
from bot.errors import BadInput

DEFAULT_TRIALS = 20
"""Of random and tpe where `trials:` is not given, or the number of different points where that is smaller."""
MOST_FOLDS = 20

_ENCODED = 5_000
"""Characters of SWEEP_SPACE: all of a job's environment has 8,192."""


def parse(
    text: str,
    parameters: Sequence[Parameter],
    search: Search,
    *,
    trials: int | None = None,
    folds: int = 1,
    parallel: int = 0,
    stop_losers: bool = False,
    seed: int = 0,
) -> Plan:
    """Raises `GrammarError` for a mistake in the text and `BadInput` for one beside it.

    `trials` are points, each of which runs once on every fold. A grid runs all of its points; random and tpe take
    `DEFAULT_TRIALS` where none is given. Random points are drawn one by one, so of few values one may come twice.
    """
    text, readings = readings_of(text, parameters, search)
    _check_folds(folds, parameters, text, readings)
    points = _points(search, trials, size_of(readings), folds)
    if parallel < 0:
        raise BadInput("parallel", given=parallel, expected="the number of trials at a time, or 0 for no limit")
    space = _space(text, readings, search, folds, seed)
    return Plan(text, space, search, points * folds, parallel, folds, stop_losers, seed)


def readings_of(text: str, parameters: Sequence[Parameter], search: Search) -> tuple[str, list[Reading]]:
    """The cleaned text and what it says, checked and counted, and not expanded."""
    text = cleaned(text).strip()
    if not text:
        raise GrammarError(
            f"What is to be varied? name=values is expected, as in {EXAMPLE}.{_valid(parameters)}", "", 0, 0
        )
    readings = read(text, scan(text), parameters)
    for reading in readings:
        _check_length(text, reading, search)
    if search is Search.GRID and (points := prod(reading.length or 1 for reading in readings)) > MOST_TRIALS:
        message = f"The grid has {_many(points)} points ({_lengths(readings)}); at most {MOST_TRIALS:,} are expected."
        raise GrammarError(message, text, 0, len(text))
    return text, readings


def size_of(readings: Sequence[Reading]) -> int | None:
    """How many different points there are; None where a range holds any number."""
    return prod(each.length or 1 for each in readings) if all(each.length for each in readings) else None


def _check_length(text: str, reading: Reading, search: Search) -> None:
    item, name = reading.item, reading.name
    if search is Search.GRID and reading.open and (reading.length is None or reading.over.get("log")):
        ends = item.values[0].text.split(":")[0]
        message = (
            f"{name}: a grid needs to know how many values {ends} stands for: "
            f"{name}={ends}:5, or {name}={ends}:log:5; or take search:random."
        )
        raise GrammarError(message, text, item.name.start, item.end)
    expanded = search is Search.GRID or not reading.open
    if expanded and (reading.length or 0) > MOST_TRIALS:
        message = f"{name}: these are {_many(reading.length or 0)} values, at most {MOST_TRIALS:,} are expected."
        raise GrammarError(message, text, item.name.start, item.end)


def _points(search: Search, trials: int | None, size: int | None, folds: int) -> int:
    most = MOST_TRIALS // folds
    of_folds = f" of {folds} folds each" if folds > 1 else ""
    if search is Search.GRID:
        assert size is not None
        if trials not in (None, size):
            raise BadInput(
                "trials",
                given=trials,
                expected=f"nothing (a grid runs all of its points, {size:,} here) or search:random",
            )
        if size > most:
            raise BadInput(
                "folds",
                given=folds,
                expected=f"fewer, as {MOST_TRIALS:,} trials are the most, and the grid has {size:,} points:",
            )
        return size
    if trials is None:
        return DEFAULT_TRIALS if size is None else min(size, DEFAULT_TRIALS)
    if not 1 <= trials <= most:
        raise BadInput("trials", given=trials, expected=f"a whole number from 1 to {most:,}{of_folds}")
    if size is not None and trials > size:
        expected = f"at most {size:,}, as there are no more different points (search:grid runs each of them once),"
        raise BadInput("trials", given=trials, expected=expected)
    return trials


def _check_folds(folds: int, parameters: Sequence[Parameter], text: str, readings: Sequence[Reading]) -> None:
    if folds == 1:
        return
    if not 2 <= folds <= MOST_FOLDS:
        raise BadInput("folds", given=folds, expected=f"a whole number from 2 to {MOST_FOLDS}")
    declared = {parameter.name: parameter for parameter in parameters if parameter.kind is Kind.INT}
    if not {"folds", "fold"} <= declared.keys():
        expected = (
            "a project with the parameters folds and fold, both int, which its command takes as --folds and --fold,"
        )
        raise BadInput("folds", given=folds, expected=expected)
    declared["folds"].parse(folds)
    for fold in (0, folds - 1):
        declared["fold"].parse(fold)
    for reading in readings:
        if reading.name in ("folds", "fold"):
            message = f"{reading.name}: folds:{folds} sets it; folds: or values here are expected, not both."
            raise GrammarError(message, text, reading.item.name.start, reading.item.end)


def _space(text: str, readings: Sequence[Reading], search: Search, folds: int, seed: int) -> Space:
    grid = search is Search.GRID
    axes = tuple(reading.axis(text, grid=grid) for reading in readings)
    encoded: dict[str, Any]
    if grid:
        encoded = {"axes": [[reading.name, reading.over] for reading in readings]}
    else:
        overs = [[each.name, {"choices": each.over} if isinstance(each.over, list) else each.over] for each in readings]
        encoded = {"ranges": overs, "seed": seed}
    if folds > 1:
        encoded["folds"] = folds
    if (length := len(json.dumps(encoded))) > _ENCODED:
        message = (
            f"The values take {length:,} characters in the trials' environment, at most {_ENCODED:,} are expected. "
            "A range is shorter than its values, and plain letters than others."
        )
        raise GrammarError(message, text, 0, len(text))
    return Space(axes, encoded)


def _valid(parameters: Sequence[Parameter]) -> str:
    return f" Valid: {', '.join(parameter.name for parameter in parameters[:25])}." if parameters else ""


def _lengths(readings: Sequence[Reading]) -> str:
    return " × ".join(f"{reading.name} {_many(reading.length or 1)}" for reading in readings[:5]) + (
        " × …" if len(readings) > 5 else ""
    )


def _many(count: int) -> str:
    return f"{count:,}" if count < 10**15 else f"about 10^{len(str(count)) - 1}"
