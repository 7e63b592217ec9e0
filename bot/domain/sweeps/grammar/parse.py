"""The whole text, with what was asked for beside it, as a plan."""

from collections.abc import Sequence
from math import prod
from typing import Any

from bot.domain.model.plan import MOST_TRIALS, Plan, Search
from bot.domain.model.space import Space
from bot.domain.parameters import Kind, Parameter
from bot.domain.sweeps.grammar.axis import Reading, read
from bot.domain.sweeps.grammar.tokens import EXAMPLE, GrammarError, cleaned, scan
from bot.errors import BadInput

MOST_FOLDS = 20

_DEFAULT_TRIALS = 20


def parse(  # noqa: PLR0913  each is an option of the command
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

    `trials` are points here, each of which runs on every fold. A grid has as many as it has; of random and tpe they
    are 20, or all different ones where those are fewer, if not given. Random draws each point apart from the others,
    so where there are few values one may come twice.
    """
    cleaned_text, readings = readings_of(text, parameters, search)
    _check_folds(folds, parameters, readings)
    points = _points(search, trials, readings, folds)
    if parallel < 0:
        raise BadInput("parallel", given=parallel, expected="how many trials at a time, or 0 for no limit,")
    space = _space(readings, search, folds, seed)
    return Plan(cleaned_text, space, search, points * folds, parallel, folds, stop_losers, seed)


def readings_of(text: str, parameters: Sequence[Parameter], search: Search) -> tuple[str, list[Reading]]:
    """The cleaned text and what it says, checked and counted, and not expanded."""
    text = cleaned(text)
    if not text:
        valid = f" Valid: {', '.join(each.name for each in parameters[:25])}." if parameters else ""
        raise GrammarError(f"What is to be varied? name=values is expected, as in {EXAMPLE}.{valid}")
    readings = read(scan(text), parameters)
    for reading in readings:
        _check_length(reading, search)
    points = size_of(readings)
    if search is Search.GRID and points is not None and points > MOST_TRIALS:
        over = " \N{MULTIPLICATION SIGN} ".join(f"{each.name} {each.length:,}" for each in readings)
        message = f"The grid has {_many(points)} points, at most {MOST_TRIALS:,} are expected: {over}."
        raise GrammarError(message, text, 0, len(text))
    return text, readings


def size_of(readings: Sequence[Reading]) -> int | None:
    """How many different points there are; None where any number of a range may be taken."""
    lengths = [reading.length for reading in readings]
    return None if None in lengths else prod(length or 1 for length in lengths)


def default_trials(readings: Sequence[Reading]) -> int:
    """Of random and tpe."""
    size = size_of(readings)
    return _DEFAULT_TRIALS if size is None else min(size, _DEFAULT_TRIALS)


def _check_length(reading: Reading, search: Search) -> None:
    name, grid = reading.name, search is Search.GRID
    if grid and reading.open and (reading.length is None or reading.log):
        ends = reading.item.values[0].text.split(":")[0]
        mend = f"{name}={ends}:5, {name}={ends}:log:5 or search:random is expected"
        raise reading.item.wrong(f"{name}: a grid needs to know how many values this range stands for; {mend}.")
    length = reading.length or 0
    if length > MOST_TRIALS and (grid or not reading.open):
        raise reading.item.wrong(f"{name}: {_many(length)} values were given, at most {MOST_TRIALS:,} are expected.")


def _check_folds(folds: int, parameters: Sequence[Parameter], readings: Sequence[Reading]) -> None:
    if folds == 1:
        return
    if not 2 <= folds <= MOST_FOLDS:
        raise BadInput("folds", given=folds, expected=f"a whole number from 2 to {MOST_FOLDS}")
    declared = {parameter.name: parameter for parameter in parameters if parameter.kind is Kind.INT}
    if not {"folds", "fold"} <= declared.keys():
        expected = "a project with the parameters folds and fold, both of type int,"
        raise BadInput("folds", given=folds, expected=expected)
    declared["folds"].parse(folds)
    for fold in (0, folds - 1):
        declared["fold"].parse(fold)
    for reading in readings:
        if reading.name in ("folds", "fold"):
            message = f"{reading.name}: folds:{folds} sets it already; one of the two is expected."
            raise reading.item.wrong(message)


def _points(search: Search, trials: int | None, readings: Sequence[Reading], folds: int) -> int:
    size, most = size_of(readings), MOST_TRIALS // folds
    if search is Search.GRID and size is not None:
        if trials not in (None, size):
            expected = f"{size:,}, all points of the grid, or no trials:, or search:random"
            raise BadInput("trials", given=trials, expected=expected)
        if size > most:
            expected = (
                f"at most {MOST_TRIALS // size}, for a grid of {size:,} points and at most {MOST_TRIALS:,} trials,"
            )
            raise BadInput("folds", given=folds, expected=expected)
        return size
    if trials is None:
        return default_trials(readings)
    if not 1 <= trials <= most:
        each = f" (each runs on {folds} folds)" if folds > 1 else ""
        raise BadInput("trials", given=trials, expected=f"a whole number from 1 to {most:,}{each}")
    if size is not None and trials > size:
        expected = f"at most {size:,}, the number of different points (search:grid runs each of them once),"
        raise BadInput("trials", given=trials, expected=expected)
    return trials


def _space(readings: Sequence[Reading], search: Search, folds: int, seed: int) -> Space:
    drawn = search is not Search.GRID
    axes = tuple(reading.axis(drawn=drawn) for reading in readings)
    encoded: dict[str, Any] = (
        {"ranges": [[each.name, each.encoded] for each in readings], "seed": seed}
        if drawn
        else {"axes": [[each.name, each.over] for each in readings]}
    )
    return Space(axes, encoded | ({"folds": folds} if folds > 1 else {}))


def _many(count: int) -> str:
    return f"{count:,}" if count < 10**15 else f"about 10^{len(str(count)) - 1}"
