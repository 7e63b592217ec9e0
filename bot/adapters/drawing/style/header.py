"""Draw the lines above the panels. Sizes are in inches."""

import textwrap
from collections.abc import Sequence
from math import ceil

from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from bot.adapters.drawing.style import theme

MARGIN = 0.16
TITLE_WIDTH, SUBTITLE_WIDTH, LEGEND_WIDTH = 48, 68, 58
"""Characters per line."""
Entry = tuple[Line2D, str]


class Header:
    """Title, subtitle, notes and legend. The legend gets as many columns as fit its longest text, at most `columns`."""

    def __init__(
        self, title: str, subtitle: str, *, notes: Sequence[str] = (), legend: Sequence[Entry] = (), columns: int = 2
    ) -> None:
        self._title = textwrap.shorten(title, TITLE_WIDTH, placeholder=" …") or "metrics"
        wrapped = textwrap.wrap(subtitle, SUBTITLE_WIDTH, max_lines=2, placeholder=" …")
        self._lines = wrapped + [note for note in notes if note]
        self._legend = tuple(legend)
        longest = max((len(text) for _, text in legend), default=1)
        self._columns = max(1, min(columns, len(legend), LEGEND_WIDTH // longest))

    @property
    def height(self) -> float:
        return 2 * MARGIN + 0.28 + 0.27 * len(self._lines) + 0.27 * self._legend_rows

    @property
    def _legend_rows(self) -> int:
        return ceil(len(self._legend) / self._columns)

    def draw(self, figure: Figure, height: float) -> None:
        left, top = MARGIN / theme.WIDTH_INCHES, height - MARGIN
        figure.text(left, top / height, self._title, size=theme.TITLE, weight="bold", va="top")
        top -= 0.38
        for line in self._lines:
            figure.text(left, top / height, line, size=theme.SUBTITLE, color=theme.MUTED, va="top")
            top -= 0.27
        if self._legend:
            self._draw_legend(figure, left, (top + (0.04 if not self._lines else -0.03)) / height)

    def _draw_legend(self, figure: Figure, left: float, top: float) -> None:
        width = LEGEND_WIDTH // 2 if self._columns > 1 else LEGEND_WIDTH + 4
        legend = figure.legend(
            [handle for handle, _ in self._legend],
            [textwrap.shorten(text, width, placeholder=" …") for _, text in self._legend],
            loc="upper left",
            bbox_to_anchor=(left, top),
            ncols=self._columns,
            borderpad=0,
            borderaxespad=0,
            handlelength=1.2,
            labelspacing=0.35,
        )
        legend.set_in_layout(False)
