"""Colours and sizes for Discord's dark theme, readable on a phone, which shows pictures a third as wide."""

from functools import cache
from typing import Any

from matplotlib import font_manager

from bot.domain.text import cut

WIDTH_INCHES, DPI = 8.0, 150
BACKGROUND = "#313338"
PANEL = "#2b2d31"
TEXT = "#f2f3f5"
MUTED = "#b5bac1"
GRID = "#43464d"

# Okabe and Ito's colours, distinct in every kind of colour vision, some lightened for the dark background.
COLOURS = ("#56b4e9", "#ffa62b", "#2fc99a", "#f27fb2", "#f0e442", "#ff6b4a", "#b39dff", "#e3e5e8")
AVERAGE = COLOURS[1]

TITLE, SUBTITLE, PANEL_TITLE, LABEL, LEGEND = 18, 13.5, 15, 13, 12.5
LINE, THIN, MARKER = 2.8, 1.3, 9.0

FONT = "DejaVu Sans"
FALLBACKS = (
    "Noto Sans CJK JP",
    "Noto Sans CJK SC",
    "Noto Sans JP",
    "IPAexGothic",
    "IPAGothic",
    "Hiragino Sans",
    "WenQuanYi Zen Hei",
    "Noto Sans",
)
"""Used, if installed, for characters that `FONT` lacks."""

_STYLE = {
    "figure.facecolor": BACKGROUND,
    "savefig.facecolor": BACKGROUND,
    "axes.facecolor": PANEL,
    "axes.edgecolor": GRID,
    "axes.labelcolor": MUTED,
    "axes.labelsize": LABEL,
    "axes.grid": True,
    "axes.axisbelow": True,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.unicode_minus": True,
    "axes.formatter.useoffset": False,
    "axes.formatter.limits": (-4, 5),
    "grid.color": GRID,
    "grid.linewidth": 0.8,
    "lines.solid_capstyle": "round",
    "lines.solid_joinstyle": "round",
    "text.color": TEXT,
    "text.parse_math": False,
    "xtick.color": MUTED,
    "ytick.color": MUTED,
    "xtick.labelsize": LABEL,
    "ytick.labelsize": LABEL,
    "xtick.major.size": 0,
    "ytick.major.size": 0,
    "ytick.minor.size": 0,
    "legend.frameon": False,
    "legend.fontsize": LEGEND,
    "legend.labelcolor": TEXT,
}

LONGEST_NAME = 24
"""Characters: a panel has room for no more."""


@cache
def style() -> Any:
    """Settings for `matplotlib.rc_context`."""
    installed = set(font_manager.get_font_names())
    return {**_STYLE, "font.family": [FONT, *(name for name in FALLBACKS if name in installed)]}


def colour(index: int) -> str:
    return COLOURS[index % len(COLOURS)]


def short(name: str) -> str:
    """A column's or parameter's name, cut to `LONGEST_NAME`."""
    return cut(name, LONGEST_NAME)
