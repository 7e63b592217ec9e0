"""Until when something waits, as people write it: `02:00`, `2026-12-01 02:00`, `6h`."""

import datetime as dt
import math
import re

from bot.domain.money.rates import MOST_USD_PER_HOUR
from bot.domain.text import folded, keyboard_ascii
from bot.errors import BadInput

START_BELOW, BY = "start_below", "by"
"""The options' names."""
WHEN = (START_BELOW, BY)
DEFAULT_SECONDS, MOST_SECONDS = 86_400.0, 7 * 86_400.0
_CLOCK = re.compile(r"(?:(?P<day>\d{4}-\d\d-\d\d)[ t])?(?P<hour>\d{1,2}):(?P<minute>\d\d)")
_SPAN = re.compile(r"(?P<number>\d{1,4}(?:\.\d)?)\s*(?P<unit>h|hours?|min|minutes?|d|days?)")
_SECONDS = {"h": 3_600.0, "m": 60.0, "d": 86_400.0}
_FORMS = "Write a time such as 02:00, a day and a time such as 2026-12-01 02:00, or a span such as 6h"


def deadline(text: str, now: float, zone: dt.tzinfo, option: str = BY) -> float:
    """In seconds since the epoch; a day from now for an empty text. A time without a day is the next such time in
    `zone`. Raises `BadInput`, which names the option, for what is none, has passed, or is more than a week away."""
    typed = folded(keyboard_ascii(text))
    if not typed:
        return now + DEFAULT_SECONDS
    at = _read(typed, now, zone)
    if at is None:
        raise BadInput(f"`{option}` doesn't understand {text[:40]!r}. {_FORMS}.")
    if at <= now:
        raise BadInput(f"`{option}:{typed[:40]}` has passed. {_FORMS}.")
    if at - now > MOST_SECONDS:
        raise BadInput(
            f"`{option}:{typed[:40]}` is more than 7 days away, and nothing waits for a price longer. {_FORMS}."
        )
    return at


def price(typed: object) -> float:
    """In USD an hour, with or without a dollar sign. Raises `BadInput`."""
    try:
        usd = float(str(typed).strip().lstrip("$"))
    except ValueError:
        usd = math.nan
    if not 0 < usd <= MOST_USD_PER_HOUR:
        raise BadInput(f"`{START_BELOW}` must be a price in USD an hour above 0, such as 0.20, not {str(typed)[:40]}.")
    return usd


def _read(typed: str, now: float, zone: dt.tzinfo) -> float | None:
    if (span := _SPAN.fullmatch(typed)) is not None:
        return now + float(span["number"]) * _SECONDS[span["unit"][0]]
    clock = _CLOCK.fullmatch(typed)
    if clock is None:
        return None
    today = dt.datetime.fromtimestamp(now, zone).date()
    try:
        day = dt.date.fromisoformat(clock["day"]) if clock["day"] else today
        time = dt.time(int(clock["hour"]), int(clock["minute"]), tzinfo=zone)
        at = dt.datetime.combine(day, time).timestamp()
        if at <= now and not clock["day"]:
            at = dt.datetime.combine(day + dt.timedelta(days=1), time).timestamp()
    except (ValueError, OverflowError):
        return None
    return at
