"""When a week's costs are posted, and how far they have been."""

import datetime as dt
from dataclasses import dataclass, replace

from bot.domain.inert import Inert
from bot.domain.money.calendar import Calendar

WEEK = dt.timedelta(days=7)
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


@dataclass(frozen=True, slots=True)
class DigestTime:
    """`weekday` is 0 for Monday."""

    weekday: int
    time: dt.time

    def last(self, calendar: Calendar, at: float) -> dt.date:
        """The day of the latest digest that was due by then."""
        now = dt.datetime.fromtimestamp(at, calendar.zone)
        day = now.date() - dt.timedelta(days=(now.weekday() - self.weekday) % 7)
        return day if day < now.date() or now.time() >= self.time else day - WEEK


@dataclass(frozen=True, slots=True)
class WeeklyMessage:
    """A message under way: stored before it is sent, so that a restart sends this one and no other."""

    until: dt.date
    """The first day that it does not count."""
    nonce: str
    text: Inert
    attempted_at: float | None = None
    """When it was first handed to the chat, in seconds since the epoch; None before."""


@dataclass(frozen=True, slots=True)
class WeeklyPosition:
    """All days before `until` are settled in this channel: they were posted, or were none of its."""

    channel_id: int
    until: dt.date
    message_id: int = 0
    """The last message; 0 before the first."""
    pending: WeeklyMessage | None = None

    def next_days(self, due: dt.date) -> tuple[dt.date, dt.date] | None:
        """The days of the digest that is due that day; None before a week has passed since the last one, as after a
        change of the weekday. Of a longer time than two weeks, the last week alone."""
        if due - self.until < WEEK:
            return None
        return (self.until if due - self.until < 2 * WEEK else due - WEEK), due

    def settled(self, until: dt.date, message_id: int = 0) -> "WeeklyPosition":
        return replace(self, until=until, message_id=message_id or self.message_id, pending=None)
