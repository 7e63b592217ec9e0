"""Read one cell of a table as a number, as training code writes numbers."""

import math
import re

NO_VALUE = frozenset({"nan", "na", "n/a", "none", "null", "-nan", "+nan", "1.#qnan", "1.#ind", "-1.#ind", "-nan(ind)"})
"""Words for "not a number". The last four are those of Microsoft's C library."""
_INFINITE = {"1.#inf": math.inf, "-1.#inf": -math.inf}
_WRAPPED = re.compile(
    r"\b(?:tensor|array|Array|DeviceArray|(?:np|numpy|jnp|torch)\.\w+)\(\s*[\[(]*\s*"
    r"([-+]?(?:nan|inf|[\d.][\d.eE+-]*))\s*[\])]*\s*(?:,\s*\w+\s*=[^()]*)?\)"
)
"""`tensor(0.5, device='cuda:0', grad_fn=<MeanBackward0>)`, `array([0.5])`, `np.float32(0.5)`: one number, wrapped."""
_SEVERAL = re.compile(r"\b(tensor|array|Array)\([^()]*\)")
_TENSORFLOW = re.compile(r"<tf\.(?:Tensor|Variable)[^<>]*\bnumpy=([-+.\w]+)>")
_THOUSANDS = re.compile(r"[-+]?\d{1,3}(?:,\d{3})+")
_DECIMAL_COMMA = re.compile(r"[-+]?\d*,\d+(?:[eE][-+]?\d+)?")
_PLAIN = re.compile(r"[-+]?\d")


def may_be_wrapped(text: str) -> bool:
    """True if `unwrapped` may find something."""
    return "(" in text or "<tf." in text


def unwrapped(text: str) -> str:
    """Return the text with `tensor(0.5, device='cuda:0')` and its like replaced by their number.

    Such a cell contains commas, so this comes before a line is split. A tensor of several numbers becomes a word.
    """
    if not may_be_wrapped(text):
        return text
    return _TENSORFLOW.sub(r"\1", _SEVERAL.sub(r"\1", _WRAPPED.sub(r"\1", text)))


def has_decimal_point(cell: str) -> bool:
    """True for a number such as `0.5` or `1.234,5`."""
    return "." in cell and number(cell) is not None


def number(cell: str, *, point: bool = False) -> float | None:
    """Parse a cell. None if it is blank or text. `point`: other cells have a decimal point, so `1,234` is 1234.

    Takes percent signs (`50.5%` is 50.5), decimal commas, thousands separators and one pair of brackets.
    """
    try:
        return float(cell)
    except ValueError:
        pass
    text = cell.strip().replace("\u2212", "-").strip("'\"")
    if text.endswith("%"):
        text = text[:-1].rstrip()
    if text[:1] == "[" and text[-1:] == "]":
        text = text[1:-1].strip()
    if text.lower() in NO_VALUE:
        return math.nan
    if text.lower() in _INFINITE:
        return _INFINITE[text.lower()]
    if not text or not (_PLAIN.match(text) or text[0] in ".,+-naiNI"):
        return None
    try:
        return float(_with_point(text, point=point))
    except ValueError:
        return None


def _with_point(text: str, *, point: bool) -> str:
    text = text.replace("\u00a0", "").replace("\u202f", "")
    if "," not in text:
        return text
    if "." in text:
        decimal_comma = text.rfind(",") > text.rfind(".")
        return text.replace(".", "").replace(",", ".") if decimal_comma else text.replace(",", "")
    if _THOUSANDS.fullmatch(text) and (point or text.count(",") > 1) and not text.lstrip("+-").startswith("0"):
        return text.replace(",", "")
    return text.replace(",", ".") if _DECIMAL_COMMA.fullmatch(text) else text
