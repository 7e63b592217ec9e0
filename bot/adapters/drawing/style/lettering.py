"""Text that has to fit: how wide it is, in points, and which of many labels have room."""

import warnings
from collections.abc import Sequence
from functools import lru_cache

from matplotlib.font_manager import FontProperties
from matplotlib.textpath import text_to_path

from bot.adapters.drawing.style import theme
from bot.domain.parameters import Value, shown

LINE = 1.25
"""From one line to the next, in sizes."""


@lru_cache(maxsize=2_048)
def width(text: str, size: float, *, bold: bool = False) -> float:
    font = FontProperties(family=theme.FONT, weight="bold" if bold else "normal", size=size)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph .* missing")
        return float(text_to_path.get_text_width_height_descent(plain(text), font, ismath=False)[0])


def cut(text: str, most: int) -> str:
    """As much of it as `most` characters, on one line."""
    text = plain(text)
    return text if len(text) <= most else text[: most - 1] + "…"


def labels(values: Sequence[Value], most: int) -> list[str]:
    """The values in short, and still apart: of numbers three digits where these do, of texts the beginnings."""
    written = [f"{value:.3g}" if isinstance(value, float) else cut(shown(value), most) for value in values]
    if len(set(written)) == len(written):
        return written
    return [_middle_cut(plain(shown(value)), most) for value in values]


def plain(text: str) -> str:
    """Without line breaks and what else cannot be drawn."""
    return "".join(letter if letter.isprintable() else " " for letter in text)


def _middle_cut(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[: most // 2]}…{text[len(text) - most + most // 2 + 1 :]}"


def with_room(places: Sequence[float], rooms: Sequence[float], gap: float) -> list[int]:
    """Which labels to show so that none touches another: the first, and each that is clear of the one before.

    `places` are their middles and `rooms` their lengths along the axis, in points.
    """
    shown: list[int] = []
    end = float("-inf")
    for index in sorted(range(len(places)), key=places.__getitem__):
        if places[index] - rooms[index] / 2 >= end + gap or not shown:
            shown.append(index)
            end = places[index] + rooms[index] / 2
    return shown
