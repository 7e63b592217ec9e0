"""Days and months by the config's timezone: when a cap begins to count, and when it counts anew."""

import datetime as dt
from dataclasses import dataclass
from enum import StrEnum


class Period(StrEnum):
    DAY = "day"
    MONTH = "month"


@dataclass(frozen=True, slots=True)
class Calendar:
    """Times are in seconds since the epoch."""

    zone: dt.tzinfo = dt.UTC

    def start(self, period: Period, at: float) -> float:
        """When the day or the month of this moment began."""
        return self.day_start(_first(period, self.date(at)))

    def end(self, period: Period, at: float) -> float:
        """When the next one begins. A day may have 23 or 25 hours."""
        first = _first(period, self.date(at))
        days = 1 if period is Period.DAY else 32
        return self.day_start(_first(period, first + dt.timedelta(days=days)))

    def date(self, at: float) -> dt.date:
        return dt.datetime.fromtimestamp(at, self.zone).date()

    def end_in_words(self, period: Period, at: float) -> str:
        """`tomorrow at 00:00 JST`, `on 1 December at 00:00 JST`."""
        end = dt.datetime.fromtimestamp(self.end(period, at), self.zone)
        day = "tomorrow" if period is Period.DAY else f"on {end.day} {end:%B}"
        return f"{day} at {end:%H:%M %Z}"

    def day_start(self, day: dt.date) -> float:
        """When this day begins. Where a clock change skips midnight, its first moment; where midnight comes twice, the
        earlier one."""
        return dt.datetime(day.year, day.month, day.day, tzinfo=self.zone).timestamp()


def _first(period: Period, day: dt.date) -> dt.date:
    return day if period is Period.DAY else day.replace(day=1)
