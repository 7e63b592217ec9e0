"""Days and months begin where the config's timezone says so."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from bot.domain.money.calendar import Calendar, Period

TOKYO, BERLIN, SAO_PAULO = (Calendar(ZoneInfo(name)) for name in ("Asia/Tokyo", "Europe/Berlin", "America/Sao_Paulo"))


def at(text: str) -> float:
    """UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()


@pytest.mark.parametrize(
    ("calendar", "period", "now", "start", "end"),
    [
        (Calendar(), Period.DAY, "2026-11-29T00:00:00", "2026-11-29T00:00:00", "2026-11-30T00:00:00"),
        (Calendar(), Period.DAY, "2026-11-29T23:59:59", "2026-11-29T00:00:00", "2026-11-30T00:00:00"),
        (TOKYO, Period.DAY, "2026-11-29T14:59:59", "2026-11-28T15:00:00", "2026-11-29T15:00:00"),
        (TOKYO, Period.DAY, "2026-11-29T15:00:00", "2026-11-29T15:00:00", "2026-11-30T15:00:00"),
        (TOKYO, Period.MONTH, "2026-11-30T15:00:00", "2026-11-30T15:00:00", "2026-12-31T15:00:00"),
        (Calendar(), Period.MONTH, "2024-02-29T12:00:00", "2024-02-01T00:00:00", "2024-03-01T00:00:00"),
        (Calendar(), Period.MONTH, "2026-12-31T12:00:00", "2026-12-01T00:00:00", "2027-01-01T00:00:00"),
        # Days of 25 and of 23 hours, and one that begins at 01:00 because midnight is skipped.
        (BERLIN, Period.DAY, "2026-10-25T12:00:00", "2026-10-24T22:00:00", "2026-10-25T23:00:00"),
        (BERLIN, Period.DAY, "2026-03-29T12:00:00", "2026-03-28T23:00:00", "2026-03-29T22:00:00"),
        (SAO_PAULO, Period.DAY, "2018-11-04T12:00:00", "2018-11-04T03:00:00", "2018-11-05T02:00:00"),
    ],
)
def test_a_moment_is_between_the_start_and_the_end_of_its_period(
    calendar: Calendar, period: Period, now: str, start: str, end: str
) -> None:
    assert calendar.start(period, at(now)) == at(start)
    assert calendar.end(period, at(now)) == at(end)


def test_the_end_is_named_as_people_of_that_timezone_say_it() -> None:
    assert TOKYO.end_in_words(Period.DAY, at("2026-11-29T10:00:00")) == "tomorrow at 00:00 JST"
    assert TOKYO.end_in_words(Period.MONTH, at("2026-11-29T10:00:00")) == "on 1 December at 00:00 JST"
    assert Calendar().end_in_words(Period.MONTH, at("2026-12-29T10:00:00")) == "on 1 January at 00:00 UTC"
