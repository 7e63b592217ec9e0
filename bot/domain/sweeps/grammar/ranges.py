"""`0.001..0.1:log:3`: a range with its options, as `trainer/space.py` encodes it."""

import sys
from decimal import Decimal
from typing import Any, cast

from bot.domain.parameters import Kind, Parameter, Value, shown
from bot.domain.sweeps.grammar.tokens import GrammarError, Word, quoted, shortened
from bot.errors import BadInput

DOTS = ".."

_SPACINGS = ("log", "linear")
_STEP = "step="
_MAX_DIGITS = {Kind.FLOAT: 40, Kind.INT: 18}
"""Longer numbers are typos, and an integer must fit into 64 bits."""


def value_of(parameter: Parameter, word: Word, *, unbounded: bool = False) -> Value:
    """Read one value. Raises `GrammarError` if the declaration doesn't allow it."""
    declared = Parameter(parameter.name, parameter.kind) if unbounded else parameter
    length = len(word.text.lstrip("+-").replace("_", ""))
    if length > (most := _MAX_DIGITS.get(declared.kind, length)):
        raise word.wrong(f"`{declared.name}`: {quoted(word.text)} is too long. Use at most {most} characters.")
    try:
        return declared.parse(word.text)
    except BadInput:
        raise word.wrong(str(declared.refusal(shortened(word.text)))) from None


def range_of(parameter: Parameter, word: Word) -> dict[str, Any]:
    """Read a range from a word without quotes. The declaration must allow both ends."""
    ends, *options = word.split(":")
    first, last = ends.split(DOTS, 1)
    low, high = _end(parameter, first, "before"), _end(parameter, last, "after")
    if low >= high:
        advice = "Put the lower end first." if low > high else "Its ends must differ."
        raise ends.wrong(f"`{parameter.name}`: the range runs from {shown(low)} to {shown(high)}. {advice}")
    if high - low > sys.float_info.max:
        raise ends.wrong(f"`{parameter.name}`: this range is too wide to compute with. Use a narrower one.")
    whole = {"int": True} if parameter.kind is Kind.INT else {}
    return _Options(parameter, options).applied({"low": low, "high": high, **whole})


class _Options:
    """The options after the colons."""

    def __init__(self, parameter: Parameter, options: list[Word]) -> None:
        self._parameter = parameter
        self._spacings = [option for option in options if option.text.lower() in _SPACINGS]
        self._counts = [option for option in options if option.text.lower() not in _SPACINGS]

    def applied(self, over: dict[str, Any]) -> dict[str, Any]:
        for twice in (self._spacings[1:], self._counts[1:]):
            if twice:
                raise self._wrong(twice[0], "use one of :log and :linear, and one count (:5) or step (:step=0.1)")
        for option in self._counts:
            over |= self._stepped(option, over) if option.text.lower().startswith(_STEP) else self._counted(option)
        for option in self._spacings:
            over |= self._logarithmic(option, over) if option.text.lower() == "log" else {}
        return over

    def _counted(self, option: Word) -> dict[str, Any]:
        digits = option.text
        if not (digits.isascii() and digits.isdigit() and len(digits) <= _MAX_DIGITS[Kind.INT] and int(digits) >= 2):
            advice = "Use a count of at least 2 (:5), a step (:step=0.1), :log or :linear"
            raise self._wrong(option, f"{quoted(':' + digits)} doesn't fit after a range. {advice}")
        return {"count": int(digits)}

    def _stepped(self, option: Word, over: dict[str, Any]) -> dict[str, Any]:
        """Turn a step into a count. The last value may be below the upper end."""
        size = value_of(self._parameter, option.split("=", 1)[1], unbounded=True)
        step, low, high = (Decimal(repr(each)) for each in (size, over["low"], over["high"]))
        if not 0 < step <= high - low:
            raise self._wrong(
                option, f"a step of {shown(size)} doesn't fit. Use one above 0 and at most {shown(float(high - low))}"
            )
        if any(spacing.text.lower() == "log" for spacing in self._spacings):
            raise self._wrong(option, "a :log range has no step. Use a count, as in :log:5")
        count = int((high - low) / step) + 1
        return {"count": count, "high": type(over["high"])(low + step * (count - 1))}

    def _logarithmic(self, option: Word, over: dict[str, Any]) -> dict[str, Any]:
        if over["low"] <= 0:
            raise self._wrong(option, f"a :log range can't start at {shown(over['low'])}. Start it above 0")
        return {"log": True}

    def _wrong(self, option: Word, message: str) -> GrammarError:
        return option.wrong(f"`{self._parameter.name}`: {message}.")


def _end(parameter: Parameter, word: Word, side: str) -> float:
    if not word.text:
        raise word.wrong(f'`{parameter.name}` needs {parameter.expected} {side} "{DOTS}".')
    return cast("float", value_of(parameter, word))
