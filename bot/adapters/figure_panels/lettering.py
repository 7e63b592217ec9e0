"""Text that has to fit: how wide it is, in points, and which of many labels have room."""

from collections.abc import Sequence
from functools import lru_cache

from matplotlib.font_manager import FontProperties
from matplotlib.textpath import TextPath

from bot.adapters.figure_panels import theme
from bot.domain.params import Value, shown

LINE = 1.25
"""From one line to the next, in sizes."""


@lru_cache(maxsize=2_048)
def width(text: str, size: float, *, bold: bool = False) -> float:
    font = FontProperties(family=theme.FONT, weight="bold" if bold else "normal")
    return float(TextPath((0, 0), text or " ", size=100, prop=font, usetex=False).get_extents().width) * size / 100


def cut(text: str, most: int) -> str:
    """As much of it as `most` characters."""
    return text if len(text) <= most else text[: most - 1] + "…"


def labels(values: Sequence[Value], most: int) -> list[str]:
    """The values in short, and still apart: of numbers three digits where these do, of texts the beginnings."""
    written = [f"{value:.3g}" if isinstance(value, float) else cut(shown(value), most) for value in values]
    if len(set(written)) == len(written):
        return written
    return [_middle_cut(shown(value), most) for value in values]


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
