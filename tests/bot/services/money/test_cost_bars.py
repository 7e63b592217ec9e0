"""Which bars and which layers the picture of costs has."""

import datetime as dt

from bot.domain.drawing.figures import CostRequest
from bot.domain.money.calendar import Calendar
from bot.domain.money.period import period
from bot.domain.spending.charge import Charge
from bot.domain.spending.cost_report import CostReport, Grouping
from bot.services.money.cost_bars import MOST_BARS, cost_request

CALENDAR = Calendar()
TODAY = dt.date(2026, 11, 29)
NOW = dt.datetime(2026, 11, 29, 12, tzinfo=dt.UTC).timestamp()
DAY = 86_400.0


def charge(days_ago: float, usd: float, project: str = "mnist", asker: int = 1) -> Charge:
    return Charge(f"j{days_ago}", "job", project, asker, f"p{asker}", NOW - days_ago * DAY, seconds=60.0, spent_usd=usd)


def drawn(*charges: Charge, when: str = "", by: Grouping = Grouping.PROJECT) -> CostRequest:
    report = CostReport(CALENDAR, {})
    for each in charges:
        report.add(each)
    return cost_request(report, period(when, CALENDAR, NOW), by, TODAY, "title", "")


def test_a_month_has_a_bar_for_each_day_up_to_today() -> None:
    found = drawn(charge(0, 2.0), charge(28, 3.0))
    assert (found.bars[0], found.bars[1], found.bars[-1], len(found.bars)) == ("1 Nov", "2", "29", 29)
    assert (found.stacks[0].usd[0], found.stacks[0].usd[-1]) == (3.0, 2.0)


def test_an_earlier_month_has_all_of_its_days() -> None:
    assert len(drawn(charge(35, 1.0), when="last month").bars) == 31


def test_long_periods_have_a_bar_for_each_month_from_the_first_job_on() -> None:
    found = drawn(charge(0, 2.0), charge(120, 3.0), when="all time")
    assert found.bars == ("Aug 2026", "Sep", "Oct", "Nov")
    assert found.stacks[0].usd == (3.0, 0.0, 0.0, 2.0)
    many = drawn(charge(0, 2.0), charge(9_000, 3.0), when="all time")
    assert len(many.bars) == MOST_BARS
    assert many.bars.count("Jan 2026") == 1


def test_a_wish_for_months_makes_bars_of_months() -> None:
    assert drawn(charge(0, 2.0), charge(20, 3.0), by=Grouping.MONTH).bars == ("Nov 2026",)


def test_the_dearest_lie_at_the_bottom_and_the_rest_is_together() -> None:
    found = drawn(*(charge(0, float(number), project=f"p{number}") for number in range(1, 11)))
    assert [stack.name for stack in found.stacks] == ["p10", "p9", "p8", "p7", "p6", "p5", "p4", "3 others"]
    assert (sum(found.stacks[-1].usd), found.stacks[-1].rest) == (6.0, True)
    eight = drawn(*(charge(0, 1.0, project=f"p{number}") for number in range(8)))
    assert not any(stack.rest for stack in eight.stacks)


def test_layers_of_people_have_their_names() -> None:
    found = drawn(charge(0, 1.0, asker=1), charge(0, 2.0, asker=2), by=Grouping.PERSON)
    assert [stack.name for stack in found.stacks] == ["p2", "p1"]
