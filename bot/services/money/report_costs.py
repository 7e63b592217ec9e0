"""Add up for a person what was spent: on the projects that they may see, in the days that they name."""

import asyncio
import datetime as dt
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches

import structlog

from bot.domain.access import Person
from bot.domain.drawing.figures import CostRequest
from bot.domain.money.period import Span, named_days, period, suggestions
from bot.domain.spending import cost_table
from bot.domain.spending.by_day import spent_by_day
from bot.domain.spending.charge import Charge
from bot.domain.spending.cost_report import CostReport, Grouping
from bot.domain.text import folded
from bot.errors import ServiceError, UnknownName
from bot.ports.costs import FIRST, Used
from bot.ports.figures import Figures
from bot.services.money.bill_book import BillBook
from bot.services.money.cost_bars import cost_request
from bot.services.running.core import Core

log = structlog.get_logger()

ONE_DAY = dt.timedelta(days=1)
LONGEST_SECONDS = 14 * 86_400.0
"""A job that was asked for so long before a day is not looked for on it."""
PAGE = 1_000
"""Entries that are read at a time: the store does other work between two pages."""
MOST_SUGGESTED = 25


@dataclass(frozen=True, slots=True)
class CostQuery:
    """`when` is a period in words; `by` None adds up by project and by person. Empty texts mean all."""

    when: str = ""
    by: Grouping | None = None
    project: str = ""
    mine: bool = False


@dataclass(frozen=True, slots=True)
class Billed:
    """The bill of some days of UTC, and the estimates of the same days. `days` is as people read it."""

    days: str
    usd: float
    estimated_usd: float


@dataclass(frozen=True, slots=True)
class CostAnswer:
    """`caps` are those that count now, if the period has this day in it. The rows that did not fit into the CSV, the
    newest of them, are `left_out`."""

    query: CostQuery
    span: Span
    report: CostReport
    zone: str
    csv: bytes
    left_out: int = 0
    caps: Sequence[Used] = ()
    configured: Collection[str] = ()
    """The projects that the config has."""
    billed: "Billed | None" = None
    """What AWS has billed; None if that is not known, or is of more than the person asked for or may see."""


class ReportCosts:
    """Called by the chat. What a person may not see of a project is not part of any sum, and its name of no error."""

    def __init__(self, core: Core, figures: Figures, bills: BillBook | None = None) -> None:
        self._store, self._figures, self._bills = core.store, figures, bills
        self._projects, self._permits, self._now = core.projects, core.permits, core.now
        self._calendar = core.caps.calendar

    async def report(self, person: Person, query: CostQuery, most_bytes: int) -> CostAnswer:
        """Raises `BadInput` for what is no period, and `UnknownName` for a project that does not exist for them."""
        now = await self._store.latest_time()
        span = period(query.when, self._calendar, now)
        chosen = await self._chosen(person, query.project)
        if query.project and chosen:
            query = replace(query, project=next(iter(chosen)))
        report, csv, left_out = CostReport(self._calendar, self.rates()), bytearray(cost_table.head()), 0
        after = FIRST
        while page := await self._store.costs(span.start, span.end, projects=chosen, after=after, limit=PAGE):
            after = page[-1].counted_at, page[-1].id
            own = [report.add(each) for each in page if not query.mine or each.asker_id == person.id]
            rows = await asyncio.to_thread(cost_table.lines, own, self._calendar)
            if left_out or len(csv) + len(rows) > most_bytes:
                left_out += len(own)
            else:
                csv += rows
        caps: Sequence[Used] = ()
        if span.start <= now < span.end:
            caps = await self._store.used(self._seen(person, chosen), person.id)
        zone = str(self._calendar.zone)
        billed = await self._billed(span, now) if chosen is None and not query.mine else None
        return CostAnswer(query, span, report, zone, bytes(csv), left_out, caps, self._projects.keys(), billed)

    async def picture(self, answer: CostAnswer, title: str, subtitle: str) -> bytes | None:
        """None if there is nothing to draw, or drawing fails: the sums are worth reading without it."""
        today = self._calendar.date(await self._store.latest_time())
        by = answer.query.by or Grouping.PROJECT
        try:
            return await self._drawn(cost_request(answer.report, answer.span, by, today, title, subtitle))
        except ServiceError as error:
            log.warning("could not draw costs", error=str(error))
            return None

    async def periods(self, text: str) -> list[str]:
        """Suggestions for a period that somebody types."""
        return suggestions(text, self._calendar, await self._store.latest_time(), MOST_SUGGESTED)

    def rates(self) -> dict[str, float]:
        """What an hour costs by the config, of the projects that say it."""
        found = ((name, each.usd_per_hour) for name, each in self._projects.items())
        return {name: usd for name, usd in found if usd is not None}

    async def _billed(self, span: Span, now: float) -> Billed | None:
        """Of the days of the span that AWS has billed: those of UTC, whatever the timezone."""
        usd = {} if self._bills is None else self._bills.days()
        days = sorted(day for day in usd if span.first <= day < span.until)
        if not days:
            return None
        until = days[-1] + ONE_DAY
        begin, end = (dt.datetime.combine(day, dt.time(), dt.UTC).timestamp() for day in (days[0], until))
        charges, after, rates = list[Charge](), FIRST, self.rates()
        while page := await self._store.costs(begin - LONGEST_SECONDS, end, projects=None, after=after, limit=PAGE):
            charges += [each.priced_with(rates.get(each.project)) for each in page]
            after = page[-1].counted_at, page[-1].id
        spent = await asyncio.to_thread(spent_by_day, charges, now)
        named = named_days(days[0], until)
        return Billed(named, sum(usd[day] for day in days), sum(spent.get(day, 0.0) for day in days))

    async def _drawn(self, request: CostRequest) -> bytes | None:
        return (await self._figures.costs(request)).png

    async def _chosen(self, person: Person, text: str) -> Collection[str] | None:
        """The projects to add up; None for all that there are or ever were."""
        seen = self._permits.seen_projects(person)
        if not text:
            return seen
        known = [*self._projects, *await self._store.charged_projects()]
        names = [name for name in dict.fromkeys(known) if seen is None or name in seen]
        found = [name for name in names if folded(name) == folded(text)]
        if not found:
            raise UnknownName("project", given=text, near=get_close_matches(text, names, 1), valid=names)
        return found[:1]

    def _seen(self, person: Person, chosen: Collection[str] | None) -> list[str]:
        """The chosen projects that the config has: no other has caps."""
        return [
            name for name in self._projects if (chosen is None or name in chosen) and self._permits.sees(person, name)
        ]
