"""Draw the lines above the panels. Sizes are in inches."""

from collections.abc import Sequence
from math import ceil
from typing import Any

from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from bot.adapters.drawing.style import lettering, theme

MARGIN, LINE = 0.13, 0.235
INSIDE = (theme.WIDTH_INCHES - 2 * MARGIN) * 72
"""Points from margin to margin."""
HANDLE = 34.0
"""Points that the sign of an entry takes, with the space around it."""
FEW = 3
"""Up to this many entries may have a row each."""
Entry = tuple[Line2D, str]


class Header:
    """Title, subtitle, notes and legend, each cut to the width. `corner` is written at the title's right."""

    def __init__(
        self,
        title: str,
        subtitle: str,
        *,
        notes: Sequence[str] = (),
        legend: Sequence[Entry] = (),
        columns: int = 2,
        corner: str = "",
    ) -> None:
        room = INSIDE - (lettering.width(corner, theme.LABEL) + 12 if corner else 0)
        self._title = lettering.fitted(title, room, theme.TITLE, bold=True) or "metrics"
        self._corner = corner
        lines = 1 if notes or len(legend) > FEW else 2
        self._lines = lettering.wrapped(subtitle, INSIDE, theme.SUBTITLE, lines)
        self._lines += [lettering.fitted(note, INSIDE, theme.SUBTITLE) for note in notes if note]
        self._columns = _columns([text for _, text in legend], columns)
        room = INSIDE / self._columns - HANDLE
        self._legend = [(handle, lettering.fitted(text, room, theme.LEGEND)) for handle, text in legend]

    @property
    def height(self) -> float:
        return 2 * MARGIN + 0.25 + LINE * (len(self._lines) + self._legend_rows)

    @property
    def _legend_rows(self) -> int:
        return ceil(len(self._legend) / self._columns)

    def draw(self, figure: Figure, height: float) -> None:
        left, top = MARGIN / theme.WIDTH_INCHES, height - MARGIN
        figure.text(left, top / height, self._title, size=theme.TITLE, weight="bold", va="top")
        if self._corner:
            style: dict[str, Any] = {"size": theme.LABEL, "color": theme.MUTED, "va": "top", "ha": "right"}
            figure.text(1 - left, (top - 0.04) / height, self._corner, **style)
        top -= 0.33
        for line in self._lines:
            figure.text(left, top / height, line, size=theme.SUBTITLE, color=theme.MUTED, va="top")
            top -= LINE
        if self._legend:
            self._draw_legend(figure, left, (top - 0.02) / height)

    def _draw_legend(self, figure: Figure, left: float, top: float) -> None:
        legend = figure.legend(
            [handle for handle, _ in self._legend],
            [text for _, text in self._legend],
            loc="upper left",
            bbox_to_anchor=(left, top),
            ncols=self._columns,
            borderpad=0,
            borderaxespad=0,
            handlelength=2.0,
            handletextpad=0.5,
            columnspacing=1.0,
            labelspacing=0.25,
        )
        legend.set_in_layout(False)


def _columns(texts: Sequence[str], most: int) -> int:
    """As many columns as the longest text allows; two for more than `FEW` long ones, which are then cut."""
    if not texts:
        return 1
    longest = max(lettering.width(lettering.printable(text), theme.LEGEND) for text in texts) + HANDLE
    fewest = 2 if len(texts) > FEW else 1
    return max(fewest, min(most, len(texts), int(INSIDE // longest)))
