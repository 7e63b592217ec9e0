"""Spot prices as a picture: steps, cut off above the cheap zones, and the price on demand."""

import io

import pytest
from matplotlib.axes import Axes

from bot.adapters.drawing.drawing_requests import pack_request, unpack_request
from bot.adapters.drawing.spot_page import draw_spot, make_spot
from bot.adapters.processes.frames import read_frame
from bot.chat.alt_text import alt_text
from bot.domain.drawing.figures import SpotRequest
from bot.domain.jobs.picture_size import picture_size

HOUR = 3_600.0
START = 1_000_000.0


def request(*prices: float, on_demand: float | None = 0.5, hours: float = 24) -> SpotRequest:
    """One zone for each price, which was a tenth higher in the first half."""
    until = START + hours * HOUR
    zones = tuple(
        (f"us-east-1{'abcdefghij'[index]}", ((START, usd * 1.1), (START + hours / 2 * HOUR, usd)))
        for index, usd in enumerate(prices)
    )
    return SpotRequest("g4dn.xlarge spot", "USD an hour, Linux, the last 24 h", zones, START, until, on_demand)


def axes(asked: SpotRequest) -> Axes:
    return make_spot(asked).axes[0]


def test_a_price_holds_until_the_next_change_and_the_last_one_until_now() -> None:
    (line,) = [each for each in axes(request(0.2)).get_lines() if each.get_label() == "_named"]
    assert line.get_drawstyle() == "steps-post"
    assert [(float(x), float(y)) for x, y in zip(line.get_xdata(), line.get_ydata(), strict=True)] == [
        *((24.0, pytest.approx(0.22)), (12.0, 0.2)),
        (0.0, 0.2),
    ]


def test_dear_zones_are_cut_off() -> None:
    low, top = axes(request(0.2, 0.21, 0.22, 0.23, 0.24, 2.0, on_demand=3.0)).get_ylim()
    assert 0 < low < 0.2
    assert 0.24 < top < 0.5


def test_on_demand_is_a_line_where_it_is_near_and_words_where_it_is_far() -> None:
    near, far = axes(request(0.4, 0.45)), axes(request(0.1, 0.11))
    assert [line.get_ydata()[0] for line in near.get_lines() if line.get_label() == "_on_demand"] == [0.5]
    assert not [line for line in far.get_lines() if line.get_label() == "_on_demand"]
    assert [text.get_text() for text in near.texts] == ["on demand $0.500"]
    assert [text.get_text() for text in far.texts] == ["on demand $0.500 ↑"]
    assert not list(axes(request(0.1, on_demand=None)).texts)


def test_the_cheapest_five_are_named_and_the_rest_is_counted() -> None:
    figure = make_spot(request(*(0.2 + n / 100 for n in range(8))))
    names = [text.get_text() for text in figure.legends[0].get_texts()]
    assert names[0] == "★ us-east-1a $0.200"
    assert len(names) == 6
    assert names[-1] == "3 more zones"


def test_long_histories_count_days() -> None:
    assert axes(request(0.2, hours=24)).get_xlabel() == "hours ago"
    assert axes(request(0.2, hours=24 * 30)).get_xlabel() == "days ago"


def test_the_picture_fits_and_says_what_it_shows() -> None:
    png = draw_spot(request(0.2, 0.3)).png or b""
    assert picture_size(png) == (1260, 801)
    assert "Cheapest now us-east-1a at $0.200, on demand $0.500." in alt_text(png)


def test_a_request_arrives_as_it_was_sent() -> None:
    asked = request(0.2, 0.3)
    received = read_frame(io.BytesIO(pack_request(asked)))
    assert received is not None
    assert unpack_request(*received) == asked
    assert draw_spot(SpotRequest("", "", (), 0, 1)).png is None
