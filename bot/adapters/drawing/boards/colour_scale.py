"""Colour values: brighter is better, in every kind of colour vision and in greyscale."""

from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import ListedColormap, LogNorm, Normalize
from matplotlib.figure import SubFigure
from matplotlib.ticker import MaxNLocator, NullFormatter

from bot.adapters.drawing.boards.sweep_points import SweepPoints
from bot.adapters.drawing.series import Series
from bot.adapters.drawing.style import theme
from bot.adapters.drawing.style.numbers import Ticks

FENCE = 3.0
"""Values more than this many interquartile ranges beyond the worse quartile all get the darkest colour; otherwise one
outlier would make all others look alike."""
DARK_TEXT, LIGHT_TEXT = "#000000", "#ffffff"


class ColourScale:
    """The colours of a sweep's values. `mappable` is for matplotlib's colour bar."""

    def __init__(self, points: SweepPoints) -> None:
        values = points.values[points.final]
        colours = mpl.colormaps["viridis"](np.linspace(0.08, 1, 256))
        better = ListedColormap(colours if points.maximize else colours[::-1])
        self.extend = "neither"
        self.mappable = ScalarMappable(self._norm(values, points), better)

    def __call__(self, values: Series) -> Any:
        """RGBA, one row per value."""
        return self.mappable.to_rgba(values)

    @property
    def varies(self) -> bool:
        return bool(self.mappable.norm.vmin != self.mappable.norm.vmax)

    def draw_bar(self, figure: SubFigure, **where: Any) -> None:
        """Draw the colour bar in `cax` or beside `ax`. The values must vary."""
        norm = self.mappable.norm
        bar = figure.colorbar(self.mappable, extend=self.extend, **where)
        bar.outline.set_visible(False)
        if not isinstance(norm, LogNorm):
            bar.ax.yaxis.set_major_locator(MaxNLocator(nbins=5, steps=(1, 2, 2.5, 5, 10)))
        bar.ax.yaxis.set_minor_formatter(NullFormatter())
        bar.ax.yaxis.set_major_formatter(Ticks())

    def _norm(self, values: Series, points: SweepPoints) -> Normalize:
        if values.size == 0:
            return Normalize(0, 0)
        low, high = float(values.min()), float(values.max())
        if points.over_decades:
            return LogNorm(low, high)
        first, third = np.quantile(values, (0.25, 0.75))
        fence = FENCE * float(third - first)
        if fence > 0 and points.maximize and low < first - fence:
            low, self.extend = float(first - fence), "min"
        elif fence > 0 and not points.maximize and high > third + fence:
            high, self.extend = float(third + fence), "max"
        return Normalize(low, high)


def text_on(colour: Any) -> str:
    """Black or white, whichever contrasts more with `colour`."""
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in colour[:3])
    luminance = 0.2126 * red + 0.7152 * green + 0.0722 * blue
    return DARK_TEXT if luminance > 0.179 else LIGHT_TEXT


def draw_star(axes: Axes, x: float, y: float, *, size: float = 19.0) -> None:
    """Mark the best point."""
    axes.plot([x], [y], "*", ms=size, mfc=theme.TEXT, mec=DARK_TEXT, mew=1.3, zorder=9, clip_on=False, label="_best")
