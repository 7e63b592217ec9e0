"""A report on costs as people read it. Each sum is an estimate, and says so."""

from collections.abc import Iterable, Iterator, Sequence
from typing import TypeVar

from bot.chat.cards.money_lines import about
from bot.chat.cards.units import CENT, duration, plural, usd
from bot.domain.inert import EMPTY, Inert, capital, code, escape, listed, phrase
from bot.domain.money.caps import Pool
from bot.domain.spending.cost_report import CostReport, Grouping, Total
from bot.domain.stack import STACK_TAG
from bot.ports.costs import Used
from bot.services.money.report_costs import Billed, CostAnswer

NAME = 40
IN_BOTH, IN_ONE = 5, 15
"""Lines of a list: of two below each other, and of one alone."""
MOST_CAPS = 4
UNPRICED = 3


def lines(answer: CostAnswer) -> Iterator[Inert]:
    """The sums, and below them by what they were asked for."""
    total = answer.report.total
    if not total.count:
        yield _nothing(answer)
    else:
        yield phrase("Spent: **{about}** for {what}.", about=_about(total), what=_what(total))
        yield from _more(total)
        yield from _unpriced(answer)
    yield _billed(answer.billed)
    yield _caps(answer.caps)
    if total.count:
        yield from _lists(answer)
    if answer.left_out:
        rows = plural(answer.left_out, "row")
        yield phrase("The file has room for no more: {rows} of the newest are missing. Ask for fewer days.", rows=rows)


def summary(total: Total) -> Inert:
    """`about $84.16, 42 jobs and 3 sweeps`."""
    return phrase("{about}, {count}", about=_about(total), count=_count(total))


def cap(used: Used) -> Inert:
    """`you $3.20 of $20.00 today`, `mnist $12.00 of $200.00 this month`, `you 3 of 8 live jobs`: what is left."""
    sums, most, pool = used.sums, used.cap.most, used.cap.pool
    person = pool in (Pool.PERSON_DAY, Pool.PERSON_LIVE)
    name = code(used.project, NAME)
    who = name if not person else phrase("you in {name}", name=name) if used.project else phrase("you")
    if not pool.in_usd:
        room = max(0.0, most - sums.live)
        return phrase("{who} {room:,.0f} of {most:,.0f} live jobs", who=who, room=room, most=most)
    left = usd(max(0.0, most - sums.spent_usd - sums.reserved_usd))
    when = phrase("today") if person else phrase("this month")
    return phrase("{who} {left} of {most} {when}", who=who, left=left, most=usd(most), when=when)


def _nothing(answer: CostAnswer) -> Inert:
    whose = phrase("You asked for no job or sweep") if answer.query.mine else phrase("No job or sweep was asked for")
    project = phrase(" in {name}", name=code(answer.query.project, NAME)) if answer.query.project else EMPTY
    return phrase("{whose}{project}: nothing to add up.", whose=whose, project=project)


def _about(total: Total) -> Inert:
    return about(total.spent_usd) if total.spent_usd or not total.unpriced else phrase("unknown cost")


def _what(total: Total) -> Inert:
    """`42 jobs and 3 sweeps, 5 d 3 h on machines`."""
    time = phrase("{time} on machines", time=duration(total.seconds)) if total.seconds else EMPTY
    return listed(_count(total), time)


def _count(total: Total) -> Inert:
    jobs = plural(total.jobs, "job") if total.jobs or not total.sweeps else EMPTY
    return listed(jobs, plural(total.sweeps, "sweep") if total.sweeps else EMPTY, separator=" and ")


def _more(total: Total) -> Iterator[Inert]:
    if total.live:
        are = phrase("1 of them is") if total.live == 1 else phrase("{live:,} of them are", live=total.live)
        most = phrase(" and may still cost {most} at most", most=usd(total.reserved_usd))
        yield phrase("{are} live{most}.", are=are, most=most if total.reserved_usd >= CENT else EMPTY)
    if total.lost_machines:
        machines = plural(total.lost_machines, "machine")
        were = phrase("was") if total.lost_machines == 1 else phrase("were")
        lost = capital(about(total.lost_usd))
        yield phrase(
            "{lost} of the sum went to {machines} that {were} taken back.", lost=lost, machines=machines, were=were
        )
    spot = _saved(total.spot_saved_usd, phrase("by spot machines"))
    early = _saved(total.early_saved_usd, phrase("by stopping trials early"))
    if spot or early:
        yield phrase("Saved: {sums}.", sums=listed(spot, early))


def _saved(amount: float, how: Inert) -> Inert:
    return phrase("{about} {how}", about=about(amount), how=how) if amount >= CENT else EMPTY


def _unpriced(answer: CostAnswer) -> Iterator[Inert]:
    """What is missing in the sums, and which setting would add it."""
    found = {name: each.unpriced for name, each in answer.report.projects.items() if each.unpriced}
    for name, count in list(found.items())[:UNPRICED]:
        have = phrase("has") if count == 1 else phrase("have")
        jobs = phrase("{count} of {name}", count=plural(count, "job"), name=code(name, NAME))
        setting = code(f"projects.{name}.usd_per_hour", 100)
        mend = phrase("set {setting} to add them", setting=setting)
        if name not in answer.configured:
            mend = phrase("the config has this project no longer")
        yield phrase("{jobs} {have} no price: {mend}.", jobs=jobs, have=have, mend=mend)
    if len(found) > UNPRICED:
        yield phrase("So have jobs of {more} more projects.", more=len(found) - UNPRICED)


def _billed(billed: Billed | None) -> Inert:
    """AWS's own sum beside the estimates; a bill of nothing most likely lacks the tag by which it is asked for."""
    if billed is None:
        return EMPTY
    days, sums = escape(billed.days, 60), (usd(billed.usd), usd(billed.estimated_usd))
    text = phrase(
        "AWS billed {billed} for {days} (UTC); the estimates of these days are {ours}.",
        days=days,
        billed=sums[0],
        ours=sums[1],
    )
    if billed.usd >= CENT or billed.estimated_usd < CENT:
        return text
    tag = phrase("Is {tag} an active cost allocation tag?", tag=code(STACK_TAG))
    return listed(text, tag, separator=" ")


def _caps(caps: Sequence[Used]) -> Inert:
    """What is left under them, those with the least share first."""
    if not caps:
        return EMPTY
    ordered = sorted(caps, key=_share)
    return phrase(
        "Left under the caps: {caps}.", caps=listed(*(cap(used) for used in ordered[:MOST_CAPS]), separator=" · ")
    )


def _share(used: Used) -> float:
    taken = used.sums.spent_usd + used.sums.reserved_usd if used.cap.pool.in_usd else float(used.sums.live)
    return 1 - taken / used.cap.most


def _lists(answer: CostAnswer) -> Iterator[Inert]:
    by, report = answer.query.by, answer.report
    if by is None:
        yield from _list(phrase("By project"), _projects(report), IN_BOTH)
        yield from _list(phrase("By person"), _people(report), IN_BOTH)
        return
    headings = {
        Grouping.PROJECT: (phrase("By project"), _projects(report)),
        Grouping.PERSON: (phrase("By person"), _people(report)),
        Grouping.DAY: (phrase("By day"), _days(report)),
        Grouping.MONTH: (phrase("By month"), _months(report)),
    }
    heading, found = headings[by]
    yield from _list(heading, found, IN_ONE)


Row = tuple[Inert, Total]
AnyKey = TypeVar("AnyKey", str, int)


def _projects(report: CostReport) -> list[Row]:
    return [(code(name, NAME), total) for name, total in _dearest(report.projects.items())]


def _people(report: CostReport) -> list[Row]:
    return [(escape(report.person(asker), NAME), total) for asker, total in _dearest(report.people.items())]


def _days(report: CostReport) -> list[Row]:
    """The newest first."""
    return [(escape(f"{day.day} {day:%B}", NAME), report.days[day]) for day in sorted(report.days, reverse=True)]


def _months(report: CostReport) -> list[Row]:
    return [(escape(f"{day:%B %Y}", NAME), report.months[day]) for day in sorted(report.months, reverse=True)]


def _dearest(totals: Iterable[tuple[AnyKey, Total]]) -> list[tuple[AnyKey, Total]]:
    return sorted(totals, key=lambda item: (-item[1].spent_usd, -item[1].seconds, str(item[0])))


def _list(heading: Inert, rows: Sequence[Row], most: int) -> Iterator[Inert]:
    """One more than `most` is shown rather than summed up."""
    shown = rows if len(rows) <= most + 1 else rows[:most]
    yield phrase("\n**{heading}**", heading=heading)
    for name, total in shown:
        yield phrase("{name}: {summary}", name=name, summary=summary(total))
    if rest := rows[len(shown) :]:
        together = about(sum(total.spent_usd for _, total in rest))
        yield phrase("{count:,} more: {together}", count=len(rest), together=together)
