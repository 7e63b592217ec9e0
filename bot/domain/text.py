"""Text helpers that every layer may use."""

import re


def cut(text: str, length: int) -> str:
    """The text, or its beginning and an ellipsis: at most `length` characters."""
    return text if len(text) <= length else text[: length - 1] + "…"


_QUOTED_OR_NOT = re.compile(r'"(?:[^"\\]|\\.)*"|[^"]+|"')
_FULL_WIDTH = str.maketrans({code: chr(code - 0xFEE0) for code in range(0xFF01, 0xFF5F)} | {0x3000: " "})
"""Full-width forms, as Japanese keyboards type them, to ASCII. Each is one character, so positions hold.

Unicode, "Halfwidth and Fullwidth Forms" (U+FF00): U+FF01 to U+FF5E are U+0021 to U+007E.
"""


def ascii_form(word: str) -> str:
    """The word in ASCII if it is only full-width letters; any other word, such as a branch in Japanese, stays."""
    half = word.translate(_FULL_WIDTH)
    return half if half.isascii() else word


def half_width(text: str) -> str:
    """The text with ASCII for full-width forms, except inside straight quotes."""
    return _QUOTED_OR_NOT.sub(lambda part: part[0] if part[0][0] == '"' else part[0].translate(_FULL_WIDTH), text)
