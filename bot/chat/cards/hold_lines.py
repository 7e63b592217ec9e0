"""Why an accepted job or sweep is not submitted yet, and who let it start."""

from collections.abc import Iterator

from bot.chat.cards.units import clock, hourly, relative, usd
from bot.domain.inert import EMPTY, Inert, capital, code, escape, listed, phrase
from bot.domain.model.rows import Posted
from bot.domain.model.sweep import Sweep
from bot.domain.money.hold import Hold, HoldKind
from bot.domain.money.quote import Quote, Terms
from bot.domain.texts import hold_texts
from bot.domain.texts.command_names import command
from bot.domain.texts.engine import engine_title
from bot.services.running.pending import held_for_failures

NAME = 40


def lines(posted: Posted) -> Iterator[Inert]:
    execution = posted.execution
    if execution.live and execution.hold is not None and execution.hold.kind is HoldKind.APPROVAL:
        yield from _approval(execution.hold, posted.run.quote)
    if execution.live and execution.hold is not None and execution.hold.kind is HoldKind.PRICE:
        yield capital(price(execution.hold))
    if isinstance(posted, Sweep):
        yield from _of_sweep(posted)
    if execution.live and execution.paused_by:
        by, resume = escape(execution.paused_by, NAME), command("resume")
        yield phrase("Paused by {by}: it waits until an admin uses {resume}.", by=by, resume=resume)
    if execution.approval is not None:
        by, at = escape(execution.approval.by, NAME), relative(execution.approval.at)
        yield phrase("approved by {by} {at}", by=by, at=at)


def price(hold: Hold) -> Inert:
    """`waits for g4dn.xlarge below $0.200 an hour (now $0.310), until 02:00 in 3 hours; then it ends`."""
    return phrase(
        "waits for {machine} below **{below}** an hour ({now}), until {until}.",
        machine=code(hold.machine) if hold.machine else phrase("a spot machine"),
        below=hourly(hold.below_usd),
        now=phrase("now {usd}", usd=hourly(hold.seen_usd)) if hold.seen_usd else phrase("now unknown"),
        until=clock(hold.until or hold.since),
    )


def _of_sweep(sweep: Sweep) -> Iterator[Inert]:
    hold, engine = sweep.execution.hold, engine_title(None)
    if (failures := held_for_failures(sweep)) is not None:
        yield phrase("**Held:** {how}.", how=hold_texts.how(failures, engine))
        yield hold_texts.choices(sweep, failures)
    elif sweep.execution.live and hold is not None and hold.kind is HoldKind.PILOT:
        yield hold_texts.pilot(sweep)


def mentions(hold: Hold) -> Inert:
    """The roles that may approve, as mentions."""
    return listed(*(phrase("<@&{role}>", role=role) for role in hold.approvers), separator=" ")


def _approval(hold: Hold, quote: Quote | None) -> Iterator[Inert]:
    until = relative(hold.until) if hold.until is not None else phrase("soon")
    if quote is not None:
        terms = EMPTY if quote.terms is Terms.FIXED else escape(quote.terms, NAME)
        machine = listed(code(quote.machine) if quote.machine else EMPTY, terms, separator=" ")
        yield phrase(
            "It may cost up to **{most}** ({hour} an hour{on}), so somebody else must approve it.",
            most=usd(quote.usd_most),
            hour=usd(quote.usd_per_hour),
            on=phrase(" on {machine}", machine=machine) if machine else EMPTY,
        )
    yield phrase("{roles} may approve it; the request ends {until}.", roles=mentions(hold), until=until)
