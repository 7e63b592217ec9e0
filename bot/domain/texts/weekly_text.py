"""The digest of a week's costs, as it is posted in a channel. It mentions nobody."""

import datetime as dt
from collections.abc import Iterator

from bot.domain.inert import EMPTY, Inert, capital, code, cut_blocks, escape, joined, listed, phrase, stacked
from bot.domain.money.period import Span
from bot.domain.money.quote import HOUR
from bot.domain.numbers import dollars
from bot.domain.spending.cost_report import CostReport, Total
from bot.domain.texts.command_names import command

NAME = 40
SHOWN = 5
CENT = 0.01
CHARACTERS = 1_900


def weekly_text(report: CostReport, span: Span) -> Inert:
    """What the jobs and sweeps of these days have cost, by an estimate."""
    return cut_blocks(stacked(*_lines(report, span)), CHARACTERS)


def _lines(report: CostReport, span: Span) -> Iterator[Inert]:
    total = report.total
    spent = phrase("**{about}**", about=_about(total.spent_usd)) if total.spent_usd else phrase("**no known cost**")
    hours = phrase(", {hours:,.1f} h on machines", hours=total.seconds / HOUR) if total.seconds else EMPTY
    days = escape(span.name, 60)
    what = phrase("{count}{hours}", count=_count(total), hours=hours)
    yield phrase("**Costs of {days}**: {spent} for {what}.", days=days, spent=spent, what=what)
    if len(report.projects) > 1:
        projects = ((code(name, NAME), each) for name, each in report.projects.items())
        yield phrase("By project: {sums}.", sums=_sums(list(projects)))
    people = [(escape(report.person(asker), NAME), each) for asker, each in report.people.items()]
    yield phrase("By person: {sums}.", sums=_sums(people))
    if (dearest := report.dearest) is not None and total.count > 1:
        name, by = code(dearest.id), escape(report.person(dearest.asker_id), NAME)
        yield phrase("The dearest: {name} by {by}, {usd}.", name=name, by=by, usd=_about(dearest.spent_usd or 0.0))
    yield from _more(total)
    when = f"when:{span.first}..{span.until - dt.timedelta(days=1)}"
    yield phrase("These are estimates. {cost} shows more.", cost=command("cost", when))


def _more(total: Total) -> Iterator[Inert]:
    if total.live:
        are = phrase("1 of them still runs") if total.live == 1 else phrase("{count:,} still run", count=total.live)
        yield phrase("{are}, and may yet cost {usd} at most.", are=are, usd=escape(dollars(total.reserved_usd), NAME))
    if total.lost_machines:
        one, usd = total.lost_machines == 1, capital(_about(total.lost_usd))
        machines = phrase("1 machine that was") if one else phrase("{n:,} machines that were", n=total.lost_machines)
        yield phrase("{usd} of the sum went to {machines} taken back.", usd=usd, machines=machines)
    spot = _saved(total.spot_saved_usd, phrase("by spot machines"))
    early = _saved(total.early_saved_usd, phrase("by stopping trials early"))
    if spot or early:
        yield phrase("Saved: {sums}.", sums=listed(spot, early))
    if total.unpriced:
        jobs = phrase("1 job") if total.unpriced == 1 else phrase("{count:,} jobs", count=total.unpriced)
        yield phrase("The sums are without {jobs} of unknown price.", jobs=jobs)


def _sums(rows: list[tuple[Inert, Total]]) -> Inert:
    """The dearest first."""
    ordered = sorted(rows, key=lambda row: (-row[1].spent_usd, row[0]))
    shown = [phrase("{name} {usd}", name=name, usd=_about(each.spent_usd)) for name, each in ordered[:SHOWN]]
    rest = [each for _, each in ordered[SHOWN:]]
    if rest:
        usd = _about(sum(each.spent_usd for each in rest))
        shown.append(phrase("{count:,} more {usd}", count=len(rest), usd=usd))
    return joined(shown, ", ", CHARACTERS)


def _count(total: Total) -> Inert:
    jobs = phrase("1 job") if total.jobs == 1 else phrase("{count:,} jobs", count=total.jobs)
    sweeps = phrase("1 sweep") if total.sweeps == 1 else phrase("{count:,} sweeps", count=total.sweeps)
    return listed(jobs if total.jobs else EMPTY, sweeps if total.sweeps else EMPTY, separator=" and ")


def _saved(amount: float, how: Inert) -> Inert:
    return phrase("{about} {how}", about=_about(amount), how=how) if amount >= CENT else EMPTY


def _about(amount: float) -> Inert:
    """`about $0.03`, `less than $0.01`, `$0.00`."""
    text = escape(dollars(amount), NAME)
    return phrase("about {text}", text=text) if amount >= CENT else text
