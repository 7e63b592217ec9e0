"""The whole text and the options beside it, as a plan."""

from collections.abc import Sequence
from math import log10, prod
from typing import Any

from bot.domain.model.plan import MOST_TRIALS, Plan, Search
from bot.domain.model.space import Space
from bot.domain.parameters import Kind, Parameter
from bot.domain.sweeps.grammar.axis import Reading, read
from bot.domain.sweeps.grammar.tokens import EXAMPLE, GrammarError, cleaned, scan
from bot.errors import BadInput
from trainer.space import MOST_SHUFFLED

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
    distinct: bool = True,
    mixed: bool = True,
) -> Plan:
    """Read a sweep. Raises `GrammarError` for a mistake in the text and `BadInput` for one in the options.

    `trials` counts points here; each point runs on every fold. A grid's number of points is fixed. For random and tpe
    the default is 20, or all different points if there are fewer. Random runs no point twice while there are at
    most `MOST_SHUFFLED`; if not `distinct`, it draws points independently, as versions before 0.2 did. A grid runs in
    an order by the seed; if not `mixed`, in the order of its axes, as it did in those versions.
    """
    cleaned_text, readings = readings_of(text, parameters, search)
    _check_folds(folds, parameters, readings)
    points = _points(search, trials, readings, folds)
    if parallel < 0:
        raise BadInput(f"`parallel` must be a number of trials, or 0 for no limit, not {parallel}.")
    space = _space(readings, search, folds, _encoded(readings, search, seed, distinct=distinct, mixed=mixed))
    return Plan(cleaned_text, space, search, points * folds, parallel, folds, stop_losers, seed)


def readings_of(text: str, parameters: Sequence[Parameter], search: Search) -> tuple[str, list[Reading]]:
    """The cleaned text and its items, checked and counted, but not expanded."""
    text = cleaned(text)
    if not text:
        names = f" Parameters: {', '.join(each.name for each in parameters[:25])}." if parameters else ""
        raise GrammarError(f"What should vary? Write name=values, as in {EXAMPLE}.{names}")
    readings = read(scan(text), parameters)
    for reading in readings:
        _check_length(reading, search)
    points = size_of(readings)
    if search is Search.GRID and points is not None and points > MOST_TRIALS:
        over = " \N{MULTIPLICATION SIGN} ".join(f"{each.name} {each.length:,}" for each in readings)
        message = f"This grid has {_many(points)} points ({over}); at most {MOST_TRIALS:,} fit. Use fewer values."
        raise GrammarError(message, text, 0, len(text))
    return text, readings


def size_of(readings: Sequence[Reading]) -> int | None:
    """The number of different points; None if any number may be taken from a range."""
    lengths = [reading.length for reading in readings]
    return None if None in lengths else prod(length or 1 for length in lengths)


def default_trials(readings: Sequence[Reading]) -> int:
    """The number of trials of random and tpe if none is given."""
    size = size_of(readings)
    return _DEFAULT_TRIALS if size is None else min(size, _DEFAULT_TRIALS)


def _check_length(reading: Reading, search: Search) -> None:
    name, grid = reading.name, search is Search.GRID
    if grid and reading.open and (reading.length is None or reading.log):
        ends = reading.item.values[0].text.split(":")[0]
        advice = f"Write {name}={ends}:5 or {name}={ends}:log:5, or use `search:random`."
        raise reading.item.wrong(f"How many values of `{name}` should the grid take from this range? {advice}")
    length = reading.length or 0
    if length > MOST_TRIALS and (grid or not reading.open):
        raise reading.item.wrong(f"`{name}` has {_many(length)} values; at most {MOST_TRIALS:,} fit.")


def _check_folds(folds: int, parameters: Sequence[Parameter], readings: Sequence[Reading]) -> None:
    if folds == 1:
        return
    if not 2 <= folds <= MOST_FOLDS:
        raise BadInput(f"`folds` must be a whole number from 2 to {MOST_FOLDS}, not {folds}.")
    declared = {parameter.name: parameter for parameter in parameters if parameter.kind is Kind.INT}
    if not {"folds", "fold"} <= declared.keys():
        raise BadInput("This project can't run folds: it lacks the `int` parameters `folds` and `fold`.")
    declared["folds"].parse(folds)
    for fold in (0, folds - 1):
        declared["fold"].parse(fold)
    for reading in readings:
        if reading.name in ("folds", "fold"):
            raise reading.item.wrong(f"`folds:{folds}` already sets `{reading.name}`. Remove one of the two.")


def _points(search: Search, trials: int | None, readings: Sequence[Reading], folds: int) -> int:
    size, most = size_of(readings), MOST_TRIALS // folds
    if search is Search.GRID and size is not None:
        if trials not in (None, size):
            has = f"{size:,} point{'s' if size != 1 else ''}"
            raise BadInput(
                f"`trials:{trials}` doesn't fit: this grid has {has}. Leave `trials` out, or add `search:random`."
            )
        if size > most:
            fits = MOST_TRIALS // size
            advice = f"Use at most {fits} folds" if fits > 1 else "Leave `folds` out"
            raise BadInput(
                f"`folds:{folds}` turns this grid's {size:,} points into {size * folds:,} trials; at most "
                f"{MOST_TRIALS:,} fit. {advice}, or fewer points."
            )
        return size
    if trials is None:
        return default_trials(readings)
    if not 1 <= trials <= most:
        each = f" (each runs on {folds} folds)" if folds > 1 else ""
        raise BadInput(f"`trials` must be a whole number from 1 to {most:,}{each}, not {trials:,}.")
    if size is not None and trials > size:
        raise BadInput(
            f"`trials:{trials}` doesn't fit: there are only {size:,} different points. Use fewer trials, or "
            "`search:grid`, which runs each point once."
        )
    return trials


def _space(readings: Sequence[Reading], search: Search, folds: int, encoded: dict[str, Any]) -> Space:
    axes = tuple(reading.axis(drawn=search is not Search.GRID) for reading in readings)
    return Space(axes, encoded | ({"folds": folds} if folds > 1 else {}))


def _encoded(readings: Sequence[Reading], search: Search, seed: int, *, distinct: bool, mixed: bool) -> dict[str, Any]:
    """In the forms of `trainer/space.py`."""
    if search is Search.GRID and mixed:
        return {"mixed": [[each.name, each.over] for each in readings], "seed": seed}
    if search is Search.GRID:
        return {"axes": [[each.name, each.over] for each in readings]}
    size = size_of(readings)
    if search is Search.RANDOM and distinct and size is not None and size <= MOST_SHUFFLED:
        return {"shuffled": [[each.name, each.over] for each in readings], "seed": seed}
    return {"ranges": [[each.name, each.encoded] for each in readings], "seed": seed}


def _many(count: int) -> str:
    return f"{count:,}" if count < 10**15 else f"about 10^{int(log10(count))}"
