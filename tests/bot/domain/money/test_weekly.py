"""When a digest was due last, by the config's timezone."""

import datetime as dt
from zoneinfo import ZoneInfo

import pytest

from bot.domain.money.calendar import Calendar
from bot.domain.money.weekly import DigestTime

BERLIN = Calendar(ZoneInfo("Europe/Berlin"))


@pytest.mark.parametrize(
    ("now", "due"),
    [
        ("2026-11-30T08:59", "2026-11-23"),
        ("2026-11-30T09:00", "2026-11-30"),
        ("2026-12-06T23:59", "2026-11-30"),
        ("2026-12-07T09:00", "2026-12-07"),
    ],
)
def test_the_last_monday_at_nine(now: str, due: str) -> None:
    at = dt.datetime.fromisoformat(now).replace(tzinfo=BERLIN.zone).timestamp()
    assert str(DigestTime(0, dt.time(9)).last(BERLIN, at)) == due


def test_a_time_that_a_clock_change_skips_comes_an_hour_later() -> None:
    sunday = DigestTime(6, dt.time(2, 30))
    change = dt.datetime(2026, 3, 29, 1, 0, tzinfo=dt.UTC).timestamp()
    assert str(sunday.last(BERLIN, change - 1)) == "2026-03-22"
    assert str(sunday.last(BERLIN, change)) == "2026-03-29"
