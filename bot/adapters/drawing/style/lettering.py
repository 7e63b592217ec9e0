"""Make text fit: measure it in points, shorten it, and choose which labels have room."""

import unicodedata
import warnings
from collections.abc import Sequence
from functools import lru_cache

from matplotlib.font_manager import FontProperties
from matplotlib.textpath import text_to_path

from bot.adapters.drawing.style import theme
from bot.domain import text as texts
from bot.domain.numbers import compact, told_apart
from bot.domain.parameters import Value, shown

LINE = 1.25
"""Line spacing, as a multiple of the font size."""


@lru_cache(maxsize=2_048)
def width(text: str, size: float, *, bold: bool = False) -> float:
    """Points."""
    font = FontProperties(family=theme.families(), weight="bold" if bold else "normal", size=size)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph .* missing")
        return float(text_to_path.get_text_width_height_descent(printable(text), font, ismath=False)[0])


def cut(text: str, length: int) -> str:
    """The text on one line, cut to `length` characters."""
    return texts.cut(printable(text), length)


def labels(values: Sequence[Value], length: int) -> list[str]:
    """Short labels that still differ: numbers with three digits and the beginnings of texts, if that is enough.

    `length` counts Latin letters; a Japanese one has the width of two.
    """
    length = min([length, *(_wide_length(value, length) for value in values if isinstance(value, str))])
    short = [_short(value, length) for value in values]
    if len(set(short)) == len(short):
        return short
    if all(isinstance(value, float) for value in values):
        return [_cut_middle(text, length) for text in told_apart([float(value) for value in values], short=True)]
    return [_cut_middle(printable(shown(value)), length) for value in values]


def _wide_length(text: str, length: int) -> int:
    """How many of the text's characters have room where `length` Latin letters have."""
    columns = sum(2 if unicodedata.east_asian_width(character) in "WF" else 1 for character in text)
    return length if columns <= length else max(1, length * len(text) // columns)


def _short(value: Value, length: int) -> str:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return cut(shown(value), length)
    try:
        return cut(compact(float(value)), length)
    except OverflowError:  # an integer of 400 digits
        return cut(str(value), length)


def fitted(text: str, room: float, size: float, *, bold: bool = False) -> str:
    """The text on one line, cut to `room` points."""
    text = printable(text)
    if width(text, size, bold=bold) <= room:
        return text
    low, high = 0, len(text)
    while low < high:  # the longest beginning that fits
        middle = (low + high + 1) // 2
        low, high = (middle, high) if width(f"{text[:middle]}…", size, bold=bold) <= room else (low, middle - 1)
    return f"{text[:low].rstrip()}…"


def wrapped(text: str, room: float, size: float, lines: int) -> list[str]:
    """At most `lines` lines of `room` points each, broken at spaces; the last one is cut."""
    words, found = printable(text).split(" "), [""]
    for number, word in enumerate(words):
        longer = f"{found[-1]} {word}" if found[-1] else word
        if not found[-1] or width(longer, size) <= room:
            found[-1] = longer
        elif len(found) == lines:
            found[-1] = " ".join([found[-1], *words[number:]])
            break
        else:
            found.append(word)
    return [fitted(line, room, size) for line in found if line.strip()]


def printable(text: str) -> str:
    """Replace line breaks and other characters that cannot be drawn by spaces."""
    return "".join(character if character.isprintable() else " " for character in text)


def _cut_middle(text: str, length: int) -> str:
    if len(text) <= length:
        return text
    return f"{text[: length // 2]}…{text[len(text) - length + length // 2 + 1 :]}"


def without_overlap(middles: Sequence[float], lengths: Sequence[float], gap: float) -> list[int]:
    """Indices of the labels to show: the first, and each that is at least `gap` behind the one shown before it.

    `middles` and `lengths` are the labels' positions and sizes along the axis, in points.
    """
    chosen: list[int] = []
    end = float("-inf")
    for index in sorted(range(len(middles)), key=middles.__getitem__):
        if middles[index] - lengths[index] / 2 >= end + gap or not chosen:
            chosen.append(index)
            end = middles[index] + lengths[index] / 2
    return chosen
