"""Reports on costs, from sample entries of the ledger."""

import datetime as dt
from collections.abc import Iterator
from dataclasses import replace

from bot.chat.catalogue.entries import Entry, embed_text
from bot.chat.commands.cost import embed
from bot.domain.money.calendar import Calendar
from bot.domain.money.caps import Cap, Pool, Sums
from bot.domain.money.period import period, span
from bot.domain.spending.charge import Charge
from bot.domain.spending.cost_report import CostReport, Grouping
from bot.domain.texts.weekly_text import weekly_text
from bot.ports.costs import Used
from bot.services.money.report_costs import Billed, CostAnswer, CostQuery

CALENDAR = Calendar()
NOW = dt.datetime(2026, 11, 14, 12, tzinfo=dt.UTC).timestamp()
DAY = 86_400.0


def cost_entries() -> Iterator[Entry]:
    for by in (None, *Grouping):
        yield Entry("Costs", f"by {by or 'project and person'}", _text(CostQuery(by=by), _charges()))
    yield Entry(
        "Costs", "no price", _text(CostQuery(), [Charge("k7q2mx", "job", "walker", 7, "mika", NOW, seconds=60)])
    )
    yield Entry("Costs", "nothing", _text(CostQuery(project="walker", mine=True), []))
    yield Entry("Costs", "more than a file takes", _text(CostQuery(), _charges(), left_out=1_200))
    for usd in (12.3, 0.0):
        billed = Billed("3 to 12 November 2026", usd, 11.9)
        yield Entry("Costs", f"billed {usd:g}", _text(CostQuery(), _charges(), billed=billed))
    report, days = CostReport(CALENDAR, {}), span(dt.date(2026, 11, 9), dt.date(2026, 11, 16), CALENDAR)
    for charge in [*_charges(), Charge("f7g8h9", "job", "walker", 1, "mika", NOW, seconds=60)]:
        report.add(charge)
    yield Entry("Costs", "the digest of a week", weekly_text(report, days))


def _charges() -> list[Charge]:
    ended = Charge("", "job", "mnist", 1, "mika", NOW, seconds=9_000, machines=1, spent_usd=2.5, spot_saved_usd=4.1)
    sweep = replace(ended, id="b2c3d4", kind="sweep", live=True, reserved_usd=7.5, early_saved_usd=1.2)
    return [
        replace(ended, id="k7q2mx"),
        replace(ended, id="c5d6f7", asker_id=2, asker_name="noor", counted_at=NOW - DAY),
        replace(ended, id="d6f7g8", project="walker", counted_at=NOW - 2 * DAY),
        replace(sweep, asker_id=2, asker_name="noor", lost_machines=2, lost_usd=0.6),
    ]


def _text(query: CostQuery, charges: list[Charge], left_out: int = 0, billed: Billed | None = None) -> str:
    report = CostReport(CALENDAR, {})
    for charge in charges:
        report.add(charge)
    caps = [
        Used(Cap(Pool.PERSON_DAY, 20.0, "caps.person_day_usd", own=False), "", Sums(2.5, 1.0)),
        Used(Cap(Pool.PERSON_DAY, 5.0, "projects.walker.caps.person_day_usd", own=True), "walker", Sums(1.0)),
        Used(Cap(Pool.PROJECT_MONTH, 200.0, "caps.project_month_usd", own=False), "mnist", Sums(84.16, 7.5)),
        Used(Cap(Pool.PERSON_LIVE, 8, "caps.person_live_jobs", own=False), "", Sums(live=3)),
    ]
    days = period(query.when, CALENDAR, NOW)
    answer = CostAnswer(query, days, report, "UTC", b"", left_out, caps, ("mnist", "walker"), billed)
    return embed_text(embed(answer, picture=False))
