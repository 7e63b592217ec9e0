import datetime as dt
from zoneinfo import ZoneInfo

import pytest

from bot.domain.money.deadline import deadline, price
from bot.errors import BadInput

TOKYO = ZoneInfo("Asia/Tokyo")
NOW = dt.datetime(2026, 11, 29, 23, 30, tzinfo=TOKYO).timestamp()
HOUR = 3_600.0


def at(*day_and_time: int) -> float:
    return dt.datetime(2026, *day_and_time, tzinfo=TOKYO).timestamp()


@pytest.mark.parametrize(
    ("text", "until"),
    [
        ("02:00", at(11, 30, 2, 0)),
        ("2:00", at(11, 30, 2, 0)),
        ("23:45", at(11, 29, 23, 45)),
        ("23:30", at(11, 30, 23, 30)),
        ("2026-12-01 02:00", at(12, 1, 2, 0)),
        ("6h", NOW + 6 * HOUR),
        ("1.5 hours", NOW + 1.5 * HOUR),
        ("90min", NOW + 1.5 * HOUR),
        ("7d", NOW + 168 * HOUR),
        ("\uff10\uff12:\uff10\uff10", at(11, 30, 2, 0)),
        ("", NOW + 24 * HOUR),
        ("  ", NOW + 24 * HOUR),
    ],
)
def test_a_time_is_the_next_one_in_the_zone_of_the_caps(text: str, until: float) -> None:
    assert deadline(text, NOW, TOKYO) == until


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("25:00", "doesn't understand"),
        ("02:60", "doesn't understand"),
        ("2am", "doesn't understand"),
        ("-6h", "doesn't understand"),
        ("soon", "doesn't understand"),
        ("2026-13-01 02:00", "doesn't understand"),
        ("x" * 900, "doesn't understand"),
        ("0h", "has passed"),
        ("2026-11-28 02:00", "has passed"),
        ("8d", "more than 7 days"),
        ("9999h", "more than 7 days"),
        ("9999-12-31 23:59", "more than 7 days"),
    ],
)
def test_what_is_no_time_says_what_would_be(text: str, wrong: str) -> None:
    with pytest.raises(BadInput, match=wrong) as raised:
        deadline(text, NOW, TOKYO)
    assert "such as 02:00" in str(raised.value)
    assert len(str(raised.value)) < 300


def test_what_is_wrong_names_the_option() -> None:
    with pytest.raises(BadInput, match="`until:8d` is more"):
        deadline("8d", NOW, TOKYO, "until")


def test_a_night_without_that_hour_has_a_deadline_all_the_same() -> None:
    berlin = ZoneInfo("Europe/Berlin")  # 2026-03-29 02:00 is 03:00
    now = dt.datetime(2026, 3, 29, 0, 0, tzinfo=berlin).timestamp()
    assert deadline("02:30", now, berlin) - now == 2.5 * HOUR


@pytest.mark.parametrize(("typed", "usd"), [(0.2, 0.2), ("0.20", 0.2), ("$0.2", 0.2), (3, 3.0)])
def test_a_price_is_in_dollars(typed: object, usd: float) -> None:
    assert price(typed) == usd


@pytest.mark.parametrize("typed", [0, -1, "nan", "inf", "cheap", "", 1e9, None])
def test_what_is_no_price_is_refused(typed: object) -> None:
    with pytest.raises(BadInput, match="must be a price in USD an hour above 0"):
        price(typed)
