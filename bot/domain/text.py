"""Text helpers that every layer may use."""

import re
import unicodedata
from collections.abc import Collection


def cut(text: str, length: int) -> str:
    """The text, or its beginning and an ellipsis: at most `length` characters."""
    return text if len(text) <= length else text[: length - 1] + "…"


# ---- what people type --------------------------------------------------------------------------------------
_QUOTED_OR_NOT = re.compile(r'"(?:[^"\\]|\\.)*"|[^"]+|"')
_STRAIGHT = str.maketrans(dict.fromkeys("\u201c\u201d\u201e\u201f\u301d\u301e\uff02", '"'))
"""Quotes as phones and Japanese keyboards type them."""
_FULL_WIDTH = {code: chr(code - 0xFEE0) for code in range(0xFF01, 0xFF5F)} | {0x3000: " "}
"""Unicode, "Halfwidth and Fullwidth Forms" (U+FF00): U+FF01 to U+FF5E are U+0021 to U+007E."""
_PUNCTUATION = {
    **dict.fromkeys(map(ord, "\u3001\uff64\u060c"), ","),  # ideographic, half-width, Arabic
    **dict.fromkeys(map(ord, "\u3002\uff61\u066b"), "."),  # ideographic, half-width, Arabic decimal
    **dict.fromkeys(map(ord, "\u2212\u2010\u2011\u2012\u2013\ufe63"), "-"),  # minus, hyphens, the en dash
    **dict.fromkeys(map(ord, "\u2025\u2026\u301c\uff5e"), ".."),  # points in one sign, the Japanese "to"
}
_INVISIBLE = dict.fromkeys(
    map(ord, "\u00ad\u200b\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2060\u2066\u2067\u2068\u2069\ufeff"), ""
)
"""Marks that come along with copied text."""
_ASCII = str.maketrans({**_FULL_WIDTH, **_PUNCTUATION, **_INVISIBLE})


def straight_quotes(text: str) -> str:
    return text.translate(_STRAIGHT)


def keyboard_ascii(text: str) -> str:
    """The text as an ASCII keyboard types it: full-width forms, other commas, minus signs and curly quotes replaced.

    What is inside double quotes stays as it is.
    """
    parts = _QUOTED_OR_NOT.finditer(straight_quotes(text))
    return "".join(part[0] if part[0][0] == '"' else part[0].translate(_ASCII) for part in parts)


def ascii_word(word: str) -> str:
    """The same for one word, if that makes it ASCII; any other word, such as a branch in Japanese, stays."""
    plain = word.translate(_ASCII)
    return plain if plain.isascii() else word


def folded(text: str) -> str:
    """For comparisons: without capitals, full-width forms and other dashes, and accents in one form."""
    return unicodedata.normalize("NFKC", straight_quotes(text).translate(_ASCII)).casefold().strip()


def as_spelled(typed: str, names: Collection[str]) -> str:
    """The one name that differs only in capitals or the form of its letters; else what was typed."""
    alike = [name for name in names if folded(name) == folded(typed)]
    return alike[0] if len(alike) == 1 and typed not in names else typed
