"""Colours and sizes for Discord's dark theme, readable at 550 pixels on a desktop and 350 on a phone."""

from functools import cache
from typing import Any

from bot.adapters.drawing.style import fonts
from bot.domain.text import cut

WIDTH_INCHES, HEIGHT_INCHES, DPI = 7.0, 4.45, 180
"""The shape of the largest picture that Discord shows in a message, 550 x 350 pixels. A higher one would be scaled down
to 350 pixels of height. Assumption: picture-size. (The stand-in's page has the same limits:
`deploy/sandbox/discord/page/render/attachment.js`.)
"""
BACKGROUND = "#313338"
PANEL = "#2b2d31"
TEXT = "#f2f3f5"
MUTED = "#b5bac1"
GRID = "#43464d"

# At least 17 apart by CIEDE2000 for every two, with normal vision and with protanopia, deuteranopia and tritanopia as
# Machado et al. (2009) simulate them, and 3:1 against the panel, as WCAG 1.4.11 asks of graphics. The test measures it.
# Line styles and markers tell the curves apart besides.
COLOURS = ("#60bfdf", "#ff9f20", "#ffffbf", "#df4020", "#9f40ff", "#608080", "#dfffff", "#9f9f80")
AVERAGE = COLOURS[1]
STYLES: tuple[Any, ...] = ("solid", (0, (4, 1.4)), (0, (1, 1.2)), (0, (6, 1.4, 1, 1.4)))
MARKERS = ("o", "s", "^", "D", "v", "P", "X", "*")

TITLE, SUBTITLE, PANEL_TITLE, LABEL, LEGEND = 17, 13, 14, 13, 12.5
LINE, SEVERAL, THIN, MARKER = 2.6, 2.1, 1.2, 9.0

FONT = "DejaVu Sans"

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
    return {**_STYLE, "font.family": families()}


@cache
def families() -> list[str]:
    """`FONT`, and after it the fonts for characters that it lacks."""
    return [FONT, *fonts.fallbacks()]


def colour(index: int) -> str:
    return COLOURS[index % len(COLOURS)]


def line_style(index: int) -> Any:
    return STYLES[index % len(STYLES)]


def marker(index: int) -> str:
    return MARKERS[index % len(MARKERS)]


def short(name: str) -> str:
    """A column's or parameter's name, cut to `LONGEST_NAME`."""
    return cut(name, LONGEST_NAME)
