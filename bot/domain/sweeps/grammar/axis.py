"""Items checked against the declarations: lists of values and ranges, encoded as in `trainer/space.py`."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from bot.domain.model.space import Axis
from bot.domain.parameters import Kind, Parameter, Value, find, shown
from bot.domain.sweeps.grammar.ranges import DOTS, range_of, value_of
from bot.domain.sweeps.grammar.tokens import GrammarError, Item, Word, quoted, shortened
from bot.domain.text import as_spelled
from bot.errors import UnknownName
from trainer import space as trials_own

_OPTIONS = ("search", "trials", "parallel", "folds", "stop_losers", "branch", "commit", "project")
"""Options of `/sweep` besides its text."""


@dataclass(frozen=True, slots=True)
class Reading:
    """One checked item. `over` is a list or a range, not expanded yet."""

    parameter: Parameter
    item: Item
    over: Any

    @property
    def name(self) -> str:
        return self.parameter.name

    @property
    def length(self) -> int | None:
        """The number of values; None if any number may be taken from a range."""
        return trials_own.length(self.over)

    @property
    def open(self) -> bool:
        """A range without steps, from which random and tpe draw."""
        return isinstance(self.over, dict) and "count" not in self.over

    @property
    def log(self) -> bool:
        return isinstance(self.over, dict) and bool(self.over.get("log"))

    @property
    def encoded(self) -> Any:
        """The form used in `ranges`; `axes` use `over` itself."""
        return {"choices": self.over} if isinstance(self.over, list) else self.over

    def axis(self, *, drawn: bool) -> Axis:
        """Expand, unless it is open and values are `drawn`. Raises GrammarError if two of its values are equal."""
        kind = self.parameter.kind
        if self.open and drawn:
            return Axis(self.name, kind, low=self.over["low"], high=self.over["high"], log=self.log)
        values = tuple(trials_own.value(self.over, number) for number in range(self.length or 0))
        if len(set(values)) < len(values):
            raise self.item.wrong(
                f"`{self.name}`: this range doesn't hold {len(values):,} different values. Use fewer."
            )
        return Axis(self.name, kind, values, log=self.log)


def read(items: Sequence[Item], parameters: Sequence[Parameter]) -> list[Reading]:
    """Raise GrammarError for the first mistake."""
    readings: dict[str, Reading] = {}
    names = {name for each in parameters for name in (each.name, *each.aliases)}
    for item in items:
        parameter = _parameter(item.name, parameters)
        if parameter.name in readings:
            also = "" if parameter.name == item.name.text else f" (as {item.name.text})"
            raise item.wrong(f"`{parameter.name}` appears twice{also}. Write it once, with all of its values.")
        for word in item.values:
            _check(word, item, parameter, names)
        readings[parameter.name] = Reading(parameter, item, _over(item.values, parameter))
    return list(readings.values())


def _parameter(name: Word, parameters: Sequence[Parameter]) -> Parameter:
    try:
        return find(parameters, name.text)
    except UnknownName as error:
        if (option := as_spelled(name.text, _OPTIONS)) in _OPTIONS:
            raise name.wrong(f"`{option}` is an option of the command. Write it with a colon: `{option}:`.") from None
        inert = UnknownName("parameter", given=shortened(name.text), near=error.near, valid=error.valid)
        raise name.wrong(str(inert)) from None


def _check(word: Word, item: Item, parameter: Parameter, names: set[str]) -> None:
    """Find a missing value, and a `name=` that a stray comma or a missing value made part of this item."""
    before = "=" if word is item.values[0] else ","
    name, equals, _ = word.text.partition("=")
    swallowed = bool(equals) and not word.quoted and name in names
    if swallowed and parameter.kind is Kind.STRING:
        advice = "Separate parameters with spaces, or put quotes around this value."
        raise word.wrong(f"`{parameter.name}`: {quoted(word.text)} looks like the next parameter. {advice}")
    if swallowed or (not word.text and not word.quoted):
        raise word.wrong(f'`{parameter.name}` needs {parameter.expected} after "{before}".')


def _over(words: Sequence[Word], parameter: Parameter) -> Any:
    ranges = [word for word in words if _is_range(word, parameter)]
    if not ranges:
        return _values(words, parameter)
    if len(words) > 1:
        raise _mixed(ranges[0], parameter)
    return range_of(parameter, words[0])


def _values(words: Sequence[Word], parameter: Parameter) -> list[Value]:
    values: dict[Value, None] = {}
    for word in words:
        value = value_of(parameter, word)
        if value in values:
            raise word.wrong(f"`{parameter.name}` has {quoted(shown(value))} twice. Write each value once.")
        values[value] = None
    return list(values)


def _is_range(word: Word, parameter: Parameter) -> bool:
    ends, *_ = word.text.split(":")
    return parameter.kind in (Kind.FLOAT, Kind.INT) and not word.quoted and DOTS in ends


def _mixed(word: Word, parameter: Parameter) -> GrammarError:
    return word.wrong(
        f"`{parameter.name}`: {shortened(word.text)} is a range. Use one range alone, or a list of values."
    )
