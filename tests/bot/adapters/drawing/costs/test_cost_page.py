"""The picture of costs: bars of the right height, labels that fit, and the same in words."""

import struct
import warnings

import matplotlib as mpl
import pytest
from matplotlib.patches import Rectangle

from bot.adapters.drawing.costs.cost_page import draw_costs, make_costs
from bot.adapters.drawing.style import theme
from bot.chat.alt_text import alt_text
from bot.domain.drawing.figures import CostRequest, Stack

DAYS = ("1 Nov", *(str(day) for day in range(2, 31)))


def request(*stacks: Stack, bars: tuple[str, ...] = DAYS) -> CostRequest:
    return CostRequest("Costs, November 2026", "about $84.16, 42 jobs", bars, stacks)


def spent(name: str, usd: float, bars: int = 30) -> Stack:
    return Stack(name, tuple(usd * (day % 3) for day in range(bars)))


def test_layers_lie_on_each_other() -> None:
    figure = make_costs(request(spent("mnist", 2.0), spent("walker", 1.0), Stack("2 others", (0.5,) * 30, rest=True)))
    assert figure is not None
    bars = [patch for patch in figure.axes[0].patches if isinstance(patch, Rectangle)]
    assert len(bars) == 90
    day = [(bar.get_y(), bar.get_height()) for bar in bars if abs(bar.get_x() + bar.get_width() / 2 - 2) < 0.01]
    assert day == [(0.0, 4.0), (4.0, 2.0), (6.0, 0.5)]
    assert figure.axes[0].get_ylim()[1] > 6.5
    assert bars[-1].get_facecolor() == pytest.approx(mpl.colors.to_rgba(theme.MUTED))


def test_nothing_spent_is_said() -> None:
    for nothing in (request(), request(Stack("mnist", (0.0,) * 30)), request(bars=())):
        assert draw_costs(nothing).png is None
        assert draw_costs(nothing).remarks == ("Nothing was spent, so there is nothing to draw.",)


@pytest.mark.parametrize(
    "names", [["mnist"], ["歩行ロボットの学習プロジェクト", "田中さん"], ["x" * 300, "$a_b$", "\n\x00"]]
)
@pytest.mark.parametrize("usd", [1e-7, 0.004, 1.0, 123_456.0])
def test_any_names_and_sums_are_drawn_without_a_missing_glyph(names: list[str], usd: float) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        png = draw_costs(request(*(spent(name, usd) for name in names))).png
    assert png is not None
    assert struct.unpack(">II", png[16:24]) == (1260, 801)


def test_one_bar_is_no_background() -> None:
    figure = make_costs(request(Stack("mnist", (0.03,)), bars=("14",)))
    assert figure is not None
    low, high = figure.axes[0].get_xlim()
    assert high - low > 5
    assert [label.get_text() for label in figure.axes[0].get_xticklabels()] == ["14"]
    assert [label.get_text() for label in figure.axes[0].get_yticklabels()][:3] == ["$0", "$0.01", "$0.02"]


def test_labels_do_not_overlap() -> None:
    figure = make_costs(request(spent("mnist", 5.0)))
    assert figure is not None
    shown = [label.get_text() for label in figure.axes[0].get_xticklabels()]
    assert shown[0] == "1 Nov"
    assert 8 <= len(shown) <= 16


def test_the_picture_has_its_words() -> None:
    png = draw_costs(request(spent("mnist", 2.0), spent("walker", 1.0))).png
    assert png is not None
    assert alt_text(png) == (
        "Costs, November 2026: a bar for each of 30, from 1 Nov to 30, $90.00 together. The highest is 3 with $6.00. "
        "mnist $60.00, walker $30.00."
    )
