"""The days that people name, by the config's timezone."""

import datetime as dt
from zoneinfo import ZoneInfo

import pytest

from bot.domain.money.calendar import Calendar
from bot.domain.money.period import period, suggestions
from bot.errors import BadInput

TOKYO = Calendar(ZoneInfo("Asia/Tokyo"))
NOW = dt.datetime(2026, 11, 29, 16, 0, tzinfo=dt.UTC).timestamp()
"""Monday, 30 November, 01:00 in Tokyo."""
DAY = 86_400.0


@pytest.mark.parametrize(
    ("text", "first", "until", "name"),
    [
        ("", "2026-11-01", "2026-12-01", "November 2026"),
        ("this month", "2026-11-01", "2026-12-01", "November 2026"),
        ("Last  Month", "2026-10-01", "2026-11-01", "October 2026"),
        ("today", "2026-11-30", "2026-12-01", "30 November 2026"),
        ("yesterday", "2026-11-29", "2026-11-30", "29 November 2026"),
        ("this week", "2026-11-30", "2026-12-07", "30 November to 6 December 2026"),
        ("last week", "2026-11-23", "2026-11-30", "23 to 29 November 2026"),
        ("last 7 days", "2026-11-24", "2026-12-01", "24 to 30 November 2026"),
        ("this year", "2026-01-01", "2027-01-01", "2026"),
        ("last year", "2025-01-01", "2026-01-01", "2025"),
        ("2026-02", "2026-02-01", "2026-03-01", "February 2026"),
        ("2026/2/28", "2026-02-28", "2026-03-01", "28 February 2026"),
        ("\uff12\uff10\uff12\uff16-\uff11\uff11-\uff11\uff14", "2026-11-14", "2026-11-15", "14 November 2026"),
        ("2026-11-03..2026-11-14", "2026-11-03", "2026-11-15", "3 to 14 November 2026"),
        ("2026-11-03 to 2026-11-14", "2026-11-03", "2026-11-15", "3 to 14 November 2026"),
        ("2025-12…2026-02", "2025-12-01", "2026-03-01", "1 December 2025 to 28 February 2026"),
        ("2026", "2026-01-01", "2027-01-01", "2026"),
    ],
)
def test_what_people_write(text: str, first: str, until: str, name: str) -> None:
    found = period(text, TOKYO, NOW)
    assert (str(found.first), str(found.until), found.name) == (first, until, name)
    assert found.start == dt.datetime.fromisoformat(f"{first}T00:00+09:00").timestamp()
    assert found.end == dt.datetime.fromisoformat(f"{until}T00:00+09:00").timestamp()


def test_all_time_takes_in_everything() -> None:
    found = period("all time", TOKYO, NOW)
    assert found.name == "All time"
    assert found.start < 1_000_000_000 < NOW + 100 * 365 * DAY < found.end


def test_months_of_years_with_a_leap_day_and_days_of_23_hours() -> None:
    berlin = Calendar(ZoneInfo("Europe/Berlin"))
    assert period("2028-02", berlin, NOW).days == 29
    spring = period("2026-03-29", berlin, NOW)
    assert spring.end - spring.start == 23 * 3_600


@pytest.mark.parametrize(
    "text", ["last mont", "2026-13", "2026-02-30", "1026", "yesterday..today", "..", "a" * 500, "2026-1-1-1", "-"]
)
def test_what_is_no_period_is_answered_with_those_that_are(text: str) -> None:
    with pytest.raises(BadInput, match=r"this month, last month, .*2026-11-03\.\.2026-11-14") as error:
        period(text, TOKYO, NOW)
    assert len(str(error.value)) < 400
    if text == "last mont":
        assert "Did you mean last month?" in str(error.value)


def test_days_the_wrong_way_round_are_named() -> None:
    with pytest.raises(BadInput, match="2026-11-14 is after 2026-11-03"):
        period("2026-11-14..2026-11-03", TOKYO, NOW)


def test_suggestions_have_what_was_typed_in_them() -> None:
    assert suggestions("", TOKYO, NOW, 12)[:2] == ["this month", "last month"]
    assert suggestions("2026-1", TOKYO, NOW, 25) == ["2026-11", "2026-10"]
    assert suggestions("week", TOKYO, NOW, 25) == ["this week", "last week"]
    assert all(period(each, TOKYO, NOW) for each in suggestions("", TOKYO, NOW, 25))
