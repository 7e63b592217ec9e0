"""`0.001..0.1:log:3`: a range with its options, as `trainer/space.py` encodes it."""

import sys
from decimal import Decimal
from typing import Any, cast

from bot.domain.parameters import Kind, Parameter, Value, shown
from bot.domain.sweeps.grammar.tokens import GrammarError, Word, given
from bot.errors import BadInput

DOTS = ".."

_SPACINGS = ("log", "linear")
_STEP = "step="
_DIGITS = {Kind.FLOAT: 40, Kind.INT: 18}
"""Of one number: with more it is none that anyone means, and a whole one does not fit into 64 bits."""


def value_of(parameter: Parameter, word: Word, *, unbounded: bool = False) -> Value:
    """One value, as the declaration has it."""
    declared = Parameter(parameter.name, parameter.kind) if unbounded else parameter
    try:
        if len(word.text) > (most := _DIGITS.get(declared.kind, len(word.text))):
            expected = f"{declared.expected} of at most {most} characters"
            raise BadInput(declared.name, given=word.text, expected=expected)  # noqa: TRY301  as any other
        return declared.parse(word.text)
    except BadInput as bad:
        inert = BadInput(bad.what, given=given(str(bad.given)), expected=bad.expected, choices=bad.choices)
        raise word.wrong(str(inert)) from None


def range_of(parameter: Parameter, word: Word) -> dict[str, Any]:
    """The range that a word without quotes stands for. Both ends are values that the declaration allows."""
    ends, *options = word.split(":")
    first, last = ends.split(DOTS, 1)
    low, high = _end(parameter, first, "before"), _end(parameter, last, "after")
    if low >= high:
        message = f"the range runs from {shown(low)} to {shown(high)}; the lower end first is expected."
        raise ends.wrong(f"{parameter.name}: {message}")
    if high - low > sys.float_info.max:
        raise ends.wrong(f"{parameter.name}: the range is wider than any number; a narrower one is expected.")
    whole = {"int": True} if parameter.kind is Kind.INT else {}
    return _Options(parameter, options).applied({"low": low, "high": high, **whole})


class _Options:
    """What stands after the colons."""

    def __init__(self, parameter: Parameter, options: list[Word]) -> None:
        self._parameter = parameter
        self._spacings = [option for option in options if option.text in _SPACINGS]
        self._counts = [option for option in options if option.text not in _SPACINGS]

    def applied(self, over: dict[str, Any]) -> dict[str, Any]:
        for twice in (self._spacings[1:], self._counts[1:]):
            if twice:
                raise self._wrong(
                    twice[0], "one of :log and :linear, and one count (:5) or step (:step=0.1), is expected"
                )
        for option in self._counts:
            over |= self._stepped(option, over) if option.text.startswith(_STEP) else self._counted(option)
        for option in self._spacings:
            over |= self._logarithmic(option, over) if option.text == "log" else {}
        return over

    def _counted(self, option: Word) -> dict[str, Any]:
        digits = option.text
        if not (digits.isascii() and digits.isdigit() and len(digits) <= _DIGITS[Kind.INT] and int(digits) >= 2):
            expected = "a count of 2 or more (:5), :log, :linear or :step=0.1 is expected"
            raise self._wrong(option, f'"{given(digits)}" was given; {expected}')
        return {"count": int(digits)}

    def _stepped(self, option: Word, over: dict[str, Any]) -> dict[str, Any]:
        """As a count, whose last value may lie below the upper end."""
        size = value_of(self._parameter, option.split(_STEP, 1)[1], unbounded=True)
        step, low, high = (Decimal(repr(each)) for each in (size, over["low"], over["high"]))
        if not 0 < step <= high - low:
            raise self._wrong(option, f"{shown(size)} was given; a step above 0 and up to {high - low:g} is expected")
        if any(spacing.text == "log" for spacing in self._spacings):
            raise self._wrong(option, "a logarithmic range has no step; a count is expected, as in :log:5")
        count = int((high - low) / step) + 1
        return {"count": count, "high": type(over["high"])(low + step * (count - 1))}

    def _logarithmic(self, option: Word, over: dict[str, Any]) -> dict[str, Any]:
        if over["low"] <= 0:
            raise self._wrong(
                option, f"a range from {shown(over['low'])} has no logarithm; one from above 0 is expected"
            )
        return {"log": True}

    def _wrong(self, option: Word, message: str) -> GrammarError:
        return option.wrong(f"{self._parameter.name}: {message}.")


def _end(parameter: Parameter, word: Word, side: str) -> float:
    if not word.text:
        raise word.wrong(f'{parameter.name}: {parameter.expected} is expected {side} "{DOTS}".')
    return cast("float", value_of(parameter, word))
