"""What was spent on each day of UTC, as a bill has it: a job's cost is spread from its first start to its end."""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Iterator

from bot.domain.spending.charge import Charge

DAY = 86_400.0


def spent_by_day(charges: Iterable[Charge], now: float) -> dict[dt.date, float]:
    """In USD. What lives has spent up to `now`, in seconds since the epoch; what has no price is left out."""
    found: dict[dt.date, float] = defaultdict(float)
    for charge in charges:
        if charge.spent_usd:
            for day, share in _shares(charge, now):
                found[day] += charge.spent_usd * share
    return dict(found)


def _shares(charge: Charge, now: float) -> Iterator[tuple[dt.date, float]]:
    begin = charge.started_at or charge.created_at
    end = max(begin, charge.ended_at or now)
    if end <= begin:
        yield _date(begin), 1.0
        return
    at = begin
    while at < end:
        midnight = (at // DAY + 1) * DAY
        yield _date(at), (min(midnight, end) - at) / (end - begin)
        at = midnight


def _date(at: float) -> dt.date:
    return dt.datetime.fromtimestamp(at, dt.UTC).date()
