"""The days that a report on costs is about, as people name them: `last month`, `2026-11`, `2026-11-03..2026-11-14`."""

import datetime as dt
import re
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import get_close_matches

from bot.domain.money.calendar import Calendar
from bot.domain.text import keyboard_ascii
from bot.errors import BadInput

THIS_MONTH = "this month"
NAMES = (
    THIS_MONTH,
    "last month",
    "today",
    "yesterday",
    "this week",
    "last week",
    "last 7 days",
    "last 30 days",
    "this year",
    "last year",
    "all time",
)
_DATE = re.compile(r"(\d{4})(?:[-/](\d{1,2}))?(?:[-/](\d{1,2}))?")
_RANGE = re.compile(r"\s*(?:\.\.+|~|\bto\b)\s*")
FIRST, LAST = dt.date(2000, 1, 1), dt.date(9000, 1, 1)
_DAY = dt.timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Span:
    """From the first moment of day `first` to before the first of day `until`."""

    name: str
    """`November 2026`, `14 November 2026`, `3 to 14 November 2026`."""
    first: dt.date
    until: dt.date
    start: float
    end: float

    @property
    def days(self) -> int:
        return (self.until - self.first).days


def period(text: str, calendar: Calendar, now: float) -> Span:
    """Raises `BadInput`, with the choices, for what is no period."""
    today, words = calendar.date(now), " ".join(keyboard_ascii(text).lower().split())
    found = _by_name(words or THIS_MONTH, today) or _by_dates(words)
    if found is None:
        near = get_close_matches(words, NAMES, 1)
        meant = f"Did you mean {near[0]}? " if near else ""
        raise BadInput(
            f'"{text.strip()[:40]}" is no period that I know. {meant}Write one such as {", ".join(NAMES[:5])}, or '
            "dates such as 2026-11, 2026-11-14 or 2026-11-03..2026-11-14."
        )
    first, until = found
    return span(first, until, calendar)


def span(first: dt.date, until: dt.date, calendar: Calendar) -> Span:
    name = "All time" if first == FIRST else named_days(first, until)
    return Span(name, first, until, calendar.day_start(first), calendar.day_start(until))


def suggestions(text: str, calendar: Calendar, now: float, limit: int) -> list[str]:
    """Names that have what was typed in them, then the months before this one."""
    typed = " ".join(keyboard_ascii(text).lower().split())
    month, months = calendar.date(now).replace(day=1), list[str]()
    while len(months) < limit:
        months.append(f"{month:%Y-%m}")
        month = (month - _DAY).replace(day=1)
    known: Sequence[str] = (*NAMES, *months)
    return [name for name in known if typed in name][:limit]


def _by_name(words: str, today: dt.date) -> tuple[dt.date, dt.date] | None:
    month, year = today.replace(day=1), today.replace(month=1, day=1)
    monday = today - today.weekday() * _DAY
    before = (month - _DAY).replace(day=1)
    return {
        THIS_MONTH: (month, _next_month(month)),
        "last month": (before, month),
        "today": (today, today + _DAY),
        "yesterday": (today - _DAY, today),
        "this week": (monday, monday + 7 * _DAY),
        "last week": (monday - 7 * _DAY, monday),
        "last 7 days": (today - 6 * _DAY, today + _DAY),
        "last 30 days": (today - 29 * _DAY, today + _DAY),
        "this year": (year, year.replace(year=year.year + 1)),
        "last year": (year.replace(year=year.year - 1), year),
        "all time": (FIRST, LAST),
    }.get(words)


def _by_dates(words: str) -> tuple[dt.date, dt.date] | None:
    parts = _RANGE.split(words)
    ends = [_dates(part) for part in parts]
    if not 1 <= len(ends) <= 2 or any(end is None for end in ends):
        return None
    (first, _), (_, until) = ends[0] or (FIRST, FIRST), ends[-1] or (FIRST, FIRST)
    if first >= until:
        raise BadInput(f"{parts[0]} is after {parts[-1]}. Write the earlier day first.")
    return first, until


def _dates(text: str) -> tuple[dt.date, dt.date] | None:
    """The day, month or year of this text: its first day, and the first behind it."""
    match = _DATE.fullmatch(text)
    if match is None:
        return None
    year, month, day = (int(each) if each else None for each in match.groups())
    try:
        first = dt.date(year or 0, month or 1, day or 1)
    except ValueError:
        return None
    if not FIRST <= first < LAST:
        return None
    if day is not None:
        return first, first + _DAY
    return first, _next_month(first) if month is not None else first.replace(year=first.year + 1)


def _next_month(month: dt.date) -> dt.date:
    return (month + 31 * _DAY).replace(day=1)


def named_days(first: dt.date, until: dt.date) -> str:
    """`3 to 14 November 2026`; `until` is the first day that is not one of them."""
    last = until - _DAY
    if first == last:
        return f"{first.day} {first:%B %Y}"
    if first.day == 1 and last + _DAY == _next_month(first):
        return f"{first:%B %Y}"
    if (first.month, first.day, last.month, last.day) == (1, 1, 12, 31) and first.year == last.year:
        return f"{first.year}"
    if first.year != last.year:
        return f"{first.day} {first:%B %Y} to {last.day} {last:%B %Y}"
    if first.month != last.month:
        return f"{first.day} {first:%B} to {last.day} {last:%B %Y}"
    return f"{first.day} to {last.day} {last:%B %Y}"
