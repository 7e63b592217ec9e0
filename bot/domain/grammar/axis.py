"""One item of the text against its declaration: a list of values or a range, as `trainer/space.py` encodes it."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from bot.domain.grammar.text import GrammarError, Item, Word, given
from bot.domain.params import Kind, Parameter, Value, find, shown
from bot.domain.space import Axis
from bot.errors import BadInput, UnknownName
from trainer import space as trials_own

_NUMBERS = (Kind.FLOAT, Kind.INT)
_DIGITS = 40
"""Of one number: more are no number that anyone means."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What one item says. `over` is a list or a range; nothing is expanded yet."""

    parameter: Parameter
    item: Item
    over: Any

    @property
    def name(self) -> str:
        return self.parameter.name

    @property
    def length(self) -> int | None:
        return trials_own.length(self.over)

    @property
    def open(self) -> bool:
        """A range without steps: a sampler draws from it, and a grid can only take every whole number of it."""
        return isinstance(self.over, dict) and "count" not in self.over

    def axis(self, text: str, *, grid: bool) -> Axis:
        """Expanded; GrammarError where two of its values are the same."""
        log = isinstance(self.over, dict) and bool(self.over.get("log"))
        if self.open and not grid:
            return Axis(self.name, self.parameter.kind, low=self.over["low"], high=self.over["high"], log=log)
        values = tuple(trials_own.value(self.over, place) for place in range(self.length or 0))
        if len(set(values)) < len(values):
            message = f"{self.name}: {len(values):,} values are too many between these two, fewer are expected."
            raise GrammarError(message, text, self.item.name.start, self.item.end)
        return Axis(self.name, self.parameter.kind, values, log=log)


def read(text: str, items: Sequence[Item], parameters: Sequence[Parameter]) -> list[Reading]:
    """Raises GrammarError at the first mistake."""
    readings: list[Reading] = []
    for item in items:
        parameter = _parameter(text, item.name, parameters)
        if any(parameter.name == earlier.name for earlier in readings):
            also = "" if parameter.name == item.name.text else f" ({item.name.text} is short for it)"
            message = f"{parameter.name}{also} is given twice; once, with all of its values, is expected."
            raise GrammarError(message, text, item.name.start, item.end)
        readings.append(Reading(parameter, item, _Values(text, item, parameter, parameters).over()))
    return readings


def _parameter(text: str, name: Word, parameters: Sequence[Parameter]) -> Parameter:
    try:
        return find(parameters, name.text)
    except UnknownName as error:
        shorter = UnknownName("parameter", given=given(name.text), near=error.near, valid=error.valid)
        raise GrammarError(str(shorter), text, name.start, name.end) from None


class _Values:
    """The values of one item."""

    def __init__(self, text: str, item: Item, parameter: Parameter, parameters: Sequence[Parameter]) -> None:
        self._text, self._item, self._parameter = text, item, parameter
        self._names = {name for each in parameters for name in (each.name, *each.aliases)}

    def over(self) -> Any:
        words = self._item.values
        for word in words:
            self._check(word)
        ranges = [word for word in words if self._is_range(word)]
        if not ranges:
            return self._list()
        if len(words) > 1:
            raise self._wrong(ranges[0], f"{given(ranges[0].text)} is a range; a range alone, or values, is expected.")
        return self._range(words[0])

    def _check(self, word: Word) -> None:
        name, equals, _ = word.text.partition("=")
        if equals and not word.quoted and name in self._names:
            quotes = "" if self._is_number else f', or quotes: "{given(word.text)}"'
            raise self._wrong(word, f"a value is expected here, and a space, no comma, before {name}={quotes}.")
        if not word.text and not word.quoted:
            after = "=" if word is self._item.values[0] else ","
            raise self._wrong(word, f'{self._parameter.expected} is expected after "{after}".' + self._choices())

    def _list(self) -> list[Value]:
        values: list[Value] = []
        for word in self._item.values:
            value = self._value(word, word.text)
            if value in values:
                raise self._wrong(word, f"{given(shown(value))} is there twice; each value once is expected.")
            values.append(value)
        return values

    def _range(self, word: Word) -> dict[str, Any]:
        ends, *options = word.text.split(":")
        low_text, _, high_text = ends.partition("..")
        low, high = self._end(word, low_text, "before"), self._end(word, high_text, "after")
        if low >= high:
            raise self._wrong(
                word, f"the range runs from {shown(low)} to {shown(high)}; the lower end first is expected."
            )
        over: dict[str, Any] = {"low": low, "high": high}
        if self._parameter.kind is Kind.INT:
            over["int"] = True
        for key, value in self._options(word, options, over).items():
            over[key] = value
        return over

    def _options(self, word: Word, options: list[str], over: dict[str, Any]) -> dict[str, Any]:
        spacing = [option for option in options if option in ("log", "linear")]
        counts = [option for option in options if option not in spacing]
        if len(spacing) > 1 or len(counts) > 1 or (counts and counts[0].startswith("step=") and "log" in spacing):
            raise self._wrong(
                word, "at most one of :log and :linear is expected, and a count or, of :linear, a :step=."
            )
        found: dict[str, Any] = {}
        if "log" in spacing:
            if over["low"] <= 0:
                raise self._wrong(word, f"a logarithmic range begins above 0; {shown(over['low'])} was given.")
            found["log"] = True
        if counts:
            found |= (
                self._step(word, counts[0], over) if counts[0].startswith("step=") else self._count(word, counts[0])
            )
        return found

    def _count(self, word: Word, option: str) -> dict[str, Any]:
        if not (option.isascii() and option.isdigit() and len(option) <= _DIGITS and int(option) >= 2):
            message = (
                f':"{given(option)}" was given; a count of 2 or more (:5), :log, :linear or :step=0.1 is expected.'
            )
            raise self._wrong(word, message)
        return {"count": int(option)}

    def _step(self, word: Word, option: str, over: dict[str, Any]) -> dict[str, Any]:
        unbounded = Parameter(self._parameter.name, self._parameter.kind)
        step = self._value(word, option.removeprefix("step="), unbounded)
        low, high = Decimal(repr(over["low"])), Decimal(repr(over["high"]))
        if not 0 < Decimal(repr(step)) <= high - low:
            message = f"a step above 0 and up to {high - low:g} is expected; {shown(step)} was given."
            raise self._wrong(word, message)
        count = int((high - low) / Decimal(repr(step))) + 1
        last = low + Decimal(repr(step)) * (count - 1)
        return {"count": count, "high": type(over["high"])(last)}

    def _end(self, word: Word, end: str, side: str) -> float:
        if not end:
            raise self._wrong(word, f'{self._parameter.expected} is expected {side} "..".')
        value = self._value(word, end)
        assert isinstance(value, int | float)
        return value

    def _value(self, word: Word, text: str, parameter: Parameter | None = None) -> Value:
        parameter = parameter or self._parameter
        try:
            if self._is_number and len(text) > _DIGITS:
                raise BadInput(parameter.name, given=text, expected=parameter.expected)
            return parameter.parse(text)
        except BadInput as error:
            shorter = BadInput(
                error.what, given=given(str(error.given)), expected=error.expected, choices=error.choices
            )
            raise GrammarError(str(shorter), self._text, word.start, word.end) from None

    @property
    def _is_number(self) -> bool:
        return self._parameter.kind in _NUMBERS

    def _is_range(self, word: Word) -> bool:
        return self._is_number and not word.quoted and ".." in word.text

    def _choices(self) -> str:
        return f" Valid: {', '.join(self._parameter.choices)}." if self._parameter.choices else ""

    def _wrong(self, word: Word, message: str) -> GrammarError:
        start, end = (word.start, word.end) if word.start < word.end else (max(0, word.start - 1), word.start)
        return GrammarError(f"{self._parameter.name}: {message}", self._text, start, end)
