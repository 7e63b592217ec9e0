"""Write numbers as people do: 12,345 and 0.178, never 1.234e+04."""

import math
from collections.abc import Sequence

DIGITS = 4
MOST_DIGITS = 12
TYPED_DIGITS = 9
"""A number with more digits was computed: the steps of a range have twelve, drawn values up to seventeen."""
SMALL, LARGE = 1e-4, 1e9
"""Outside this range, numbers that are not whole have a power of ten: `1.2e-5`."""
LARGEST_WHOLE = 1e15
_UNITS = ((1e12, "T"), (1e9, "B"), (1e6, "M"), (1e3, "k"))
LONG = 10_000
"""From this value on, `compact` uses a unit."""


def written(value: float, digits: int = DIGITS) -> str:
    """With at least `digits` significant digits; whole numbers in full: `96.7`, `12,345`, `0.121`, `1e-5`.

    More digits are used where rounding would reach the next power of ten: 99.996 is not 100.
    """
    if not math.isfinite(value):
        return f"{value:g}"
    if value == round(value) and abs(value) < LARGEST_WHOLE:
        return f"{round(value):,}"
    for more in range(digits, MOST_DIGITS + 1):
        text = _rounded(value, more)
        if _power(float(text.replace(",", ""))) == _power(value):
            return text
    return _rounded(value, digits)


def as_typed(value: float) -> str:
    """The shortest text that reads back as the same number, without commas: `0.1`, `1e-5`, `250000`."""
    mantissa, _, exponent = repr(float(value)).partition("e")
    mantissa = mantissa.removesuffix(".0")
    return f"{mantissa}e{int(exponent)}" if exponent else mantissa


def brief(value: float) -> str:
    """As typed, if somebody may have typed it; a number with more than `TYPED_DIGITS` digits is cut to six."""
    text = as_typed(value)
    digits = len(text.partition("e")[0].lstrip("-0.").replace(".", ""))
    if digits <= TYPED_DIGITS or not math.isfinite(value):
        return text
    return as_typed(float(f"{value:.{max(6, _power(value) + 1)}g}"))


def compact(value: float, digits: int = 3) -> str:
    """For an axis, where there is little room: `100k`, `2.5M`; below `LONG` as `written`."""
    if not LONG <= abs(value) < LARGEST_WHOLE:
        return written(value, digits)
    size, unit = next((size, unit) for size, unit in _UNITS if abs(value) >= size)
    return f"{written(value / size, digits)}{unit}"


def told_apart(values: Sequence[float], digits: int = 3, *, short: bool = False) -> list[str]:
    """The values with the fewest digits, at least `digits`, that tell different ones apart."""
    form = compact if short else written
    different = len(set(values))
    for more in range(digits, MOST_DIGITS):
        texts = [form(value, more) for value in values]
        if len(set(texts)) == different:
            return texts
    return [form(value, MOST_DIGITS) for value in values]


def _power(value: float) -> int:
    return math.floor(math.log10(abs(value))) if value and math.isfinite(value) else 0


def _rounded(value: float, digits: int) -> str:
    power = _power(value)
    if SMALL <= abs(value) < LARGE:
        text = f"{value:,.{max(0, digits - 1 - power)}f}"
        return text.rstrip("0").rstrip(".") if "." in text else text
    mantissa, _, exponent = f"{value:.{digits - 1}e}".partition("e")
    return f"{mantissa.rstrip('0').rstrip('.') if '.' in mantissa else mantissa}e{int(exponent)}"


def dollars(amount: float) -> str:
    """`$0.04`, `$84.16`, `$12,346`, and `less than $0.01`."""
    if 0 < amount < 0.01:
        return "less than $0.01"
    return f"${amount:,.2f}" if amount < 1_000 else f"${amount:,.0f}"
