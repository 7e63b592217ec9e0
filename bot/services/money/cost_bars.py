"""What the picture of a report on costs shows: at most two months of days, or years of months."""

import datetime as dt
from collections.abc import Iterator

from bot.domain.drawing.figures import CostRequest, Stack
from bot.domain.money.period import Span
from bot.domain.spending.cost_report import CostReport, Grouping, Key

MOST_BARS = 62
MOST_STACKS = 7
"""As many colours as can be told apart, less one for the rest."""
_DAY = dt.timedelta(days=1)


def cost_request(
    report: CostReport, span: Span, by: Grouping, today: dt.date, title: str, subtitle: str
) -> CostRequest:
    """`by` is what the layers are; of days and months they are the projects."""
    layers = Grouping.PERSON if by is Grouping.PERSON else Grouping.PROJECT
    begin, until = _ends(report, span, today)
    monthly = by is Grouping.MONTH or (until - begin).days > MOST_BARS
    bars = list(_months(begin, until) if monthly else _days(begin, until))[-MOST_BARS:]
    place = {bar: number for number, bar in enumerate(bars)}
    sums: dict[Key, list[float]] = {}
    for (day, key), usd in report.usd[layers].items():
        number = place.get(day.replace(day=1) if monthly else day)
        if number is not None:
            sums.setdefault(key, [0.0] * len(bars))[number] += usd
    return CostRequest(title, subtitle, tuple(_labels(bars, monthly=monthly)), _stacks(report, sums, layers))


def _ends(report: CostReport, span: Span, today: dt.date) -> tuple[dt.date, dt.date]:
    """The days of the span up to today; of a long one those from the first to the last with a job."""
    days = sorted(report.days) or [today]
    begin, until = span.first, max(min(span.until, today + _DAY), days[-1] + _DAY)
    return (begin, until) if span.days <= MOST_BARS else (max(begin, days[0]), until)


def _days(begin: dt.date, until: dt.date) -> Iterator[dt.date]:
    for number in range((until - begin).days):
        yield begin + number * _DAY


def _months(begin: dt.date, until: dt.date) -> Iterator[dt.date]:
    month = begin.replace(day=1)
    while month < until:
        yield month
        month = (month + 31 * _DAY).replace(day=1)


def _labels(bars: list[dt.date], *, monthly: bool) -> Iterator[str]:
    """The year at each January and the month at each first day, and both at the beginning."""
    for number, bar in enumerate(bars):
        if monthly:
            yield f"{bar:%b %Y}" if bar.month == 1 or not number else f"{bar:%b}"
        else:
            yield f"{bar.day} {bar:%b}" if bar.day == 1 or not number else f"{bar.day}"


def _stacks(report: CostReport, sums: dict[Key, list[float]], layers: Grouping) -> tuple[Stack, ...]:
    ordered = sorted(sums, key=lambda key: (-sum(sums[key]), str(key)))
    shown, others = ordered[:MOST_STACKS], ordered[MOST_STACKS:]
    if len(others) == 1:
        shown, others = ordered, []
    found = [Stack(_name(report, key, layers), tuple(sums[key])) for key in shown]
    if others:
        rest = tuple(map(sum, zip(*(sums[key] for key in others), strict=True)))
        found.append(Stack(f"{len(others)} others", rest, rest=True))
    return tuple(found)


def _name(report: CostReport, key: Key, layers: Grouping) -> str:
    return report.person(int(key)) if layers is Grouping.PERSON else str(key)
