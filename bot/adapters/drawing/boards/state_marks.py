"""Give each state of a sweep's points its own sign. Colours differ too, but nobody has to rely on them."""

from dataclasses import dataclass
from typing import Any

from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.font_manager import FontProperties
from matplotlib.lines import Line2D
from matplotlib.path import Path
from matplotlib.textpath import TextPath
from matplotlib.transforms import Affine2D

from bot.adapters.drawing.boards.sweep_points import SweepPoints
from bot.adapters.drawing.series import Series
from bot.adapters.drawing.style import theme
from bot.domain.model.trial import TrialState
from bot.domain.texts.state_words import TRIAL_STATES

WORDS: dict[TrialState, str] = {state: text.count for state, text in TRIAL_STATES.items()}
"""As on the sweep's card."""
MANY = 400
"""From this many points on, signs are small."""


@dataclass(frozen=True, slots=True)
class Mark:
    """A matplotlib marker; if `hollow`, only its outline."""

    sign: str | Path
    colour: str
    hollow: bool = False


def _letter(letter: str) -> Path:
    path = TextPath((0, 0), letter, size=1, prop=FontProperties(family=theme.FONT, weight="bold"), usetex=False)
    box = path.get_extents()
    return path.transformed(Affine2D().translate(-box.x0 - box.width / 2, -box.y0 - box.height / 2))


MARKS = {
    TrialState.WAITING: Mark("o", "#9aa0aa", hollow=True),
    TrialState.RUNNING: Mark(">", "#56b4e9"),
    TrialState.SUCCEEDED: Mark("o", "#2fc99a"),
    TrialState.MISSING: Mark(_letter("?"), "#f27fb2"),
    TrialState.FAILED: Mark("x", "#ff6b4a"),
    TrialState.PRUNED: Mark("v", "#b39dff"),
    TrialState.STOPPED: Mark("s", "#e3e5e8", hollow=True),
}


def background(state: TrialState) -> tuple[float, float, float]:
    """A dim tint of the state's colour, as RGB."""
    share = 0.13 if state is TrialState.WAITING else 0.3
    red, green, blue = (
        share * own + (1 - share) * panel
        for own, panel in zip(to_rgb(MARKS[state].colour), to_rgb(theme.PANEL), strict=True)
    )
    return red, green, blue


def text_colour(state: TrialState) -> str:
    """For text on that background; muted for points that have not started."""
    return theme.MUTED if state is TrialState.WAITING else theme.TEXT


def state_legend(points: SweepPoints) -> list[tuple[Line2D, str]]:
    """The states of points that are not final, each with its count."""
    counts = points.counts.items()
    return [
        (Line2D([], [], linestyle="none", **_look(state, 10)), f"{count:,} {WORDS[state]}") for state, count in counts
    ]


def draw_signs(axes: Axes, state: TrialState, x: Series, y: Series, **more: Any) -> None:
    """Draw the state's sign at each position, smaller if there are many. `more` goes to `Axes.plot`."""
    size = more.pop("size", 9.0 if x.size < MANY else 5.0)
    style = {"linestyle": "none", "zorder": 3, "label": f"_{state}", **more}
    axes.plot(x, y, **_look(state, size), **style)


def _look(state: TrialState, size: float) -> dict[str, Any]:
    mark = MARKS[state]
    return {
        "marker": mark.sign,
        "color": mark.colour,
        "markersize": size,
        "markerfacecolor": "none" if mark.hollow else mark.colour,
        "markeredgewidth": max(0.6, size / 5) if mark.sign == "x" else max(0.5, size / 7) if mark.hollow else 0,
    }
