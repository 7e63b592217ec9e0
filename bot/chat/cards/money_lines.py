"""Lines about money on answers, cards, previews and results. Each sum is an estimate, and says so."""

from collections.abc import Iterator

from bot.chat.cards.units import CENT, day, plural, usd
from bot.domain.inert import EMPTY, Inert, code, escape, listed, phrase
from bot.domain.model.job import Job
from bot.domain.model.rows import Posted
from bot.domain.model.states import EndReason
from bot.domain.money.quote import Quote, Terms
from bot.domain.project import Project
from bot.domain.spending.costs import lost, quote_of, spent

NAME = 40


def preview(posted: Posted, project: Project | None) -> Iterator[Inert]:
    """What it costs; or, while it can still be cancelled, that nobody knows."""
    if quote_of(posted, project) is None:
        yield _unknown(project)
    yield from offer(posted, project)


def offer(posted: Posted, project: Project | None) -> Iterator[Inert]:
    """Of what starts: `Cost: about **$0.11**, at most **$1.58** (estimate)`, and below it on which machines."""
    quote = quote_of(posted, project)
    if quote is None or not quote.usd_per_hour:
        return
    most = phrase("at most **{most}**", most=usd(max(CENT, quote.usd_most)))
    expected = quote.usd_expected
    if expected is None:
        limit = _when(quote)
        yield phrase("Cost: {most}, {limit} ({estimate})", most=most, limit=limit, estimate=_estimate(quote))
    else:
        sums = phrase("{expected}, {most}", expected=about(expected, bold=True), most=most)
        yield phrase("Cost: {sums} ({estimate})", sums=sums, estimate=_estimate(quote))
    if on := machine(quote):
        yield phrase("Machine: {on}", on=on)


def card(posted: Posted, project: Project | None) -> Inert:
    """`g4dn.xlarge spot · about $0.03 so far, at most $0.52`; of what has ended, `about $0.03`."""
    quote = quote_of(posted, project)
    if quote is None or not quote.usd_per_hour:
        return EMPTY
    so_far = spent(posted).usd(quote)
    if not posted.execution.live:
        money = about(so_far) if so_far else EMPTY
    else:
        most = phrase("at most {most}", most=usd(max(CENT, quote.usd_most)))
        expected = quote.usd_expected
        now = phrase("{sum} so far", sum=about(so_far)) if so_far else EMPTY
        money = listed(now or (about(expected) if expected is not None else EMPTY), most)
    return listed(machine(quote), money, _stale(quote), separator=" · ") if money else EMPTY


def result(job: Job, project: Project | None) -> Inert:
    """`Cost: about $0.03, $0.01 of it for 1 attempt that lost its machine. Spot saved about $0.07.`"""
    quote = quote_of(job, project)
    used = spent(job)
    if quote is None or not quote.usd_per_hour or not used.machines or job.execution.reason is EndReason.NEVER_STARTED:
        return EMPTY
    gone = lost(job)
    of_it = EMPTY
    if gone.machines:
        attempts = plural(gone.machines, "attempt")
        whose = phrase("its machine") if gone.machines == 1 else phrase("their machines")
        of_it = phrase(
            ", {usd} of it for {attempts} that lost {whose}", usd=usd(gone.usd(quote)), attempts=attempts, whose=whose
        )
    cost = phrase("Cost: {about}{of_it}.", about=about(used.usd(quote)), of_it=of_it)
    return listed(cost, saved(quote, used.seconds, used.machines), separator=" ")


def saved(quote: Quote, seconds: float, machines: int) -> Inert:
    """`Spot saved about $0.07.`; empty if that is less than a cent."""
    amount = quote.saved_usd(seconds, machines)
    return phrase("Spot saved about {amount}.", amount=usd(amount)) if amount >= CENT else EMPTY


def machine(quote: Quote) -> Inert:
    """`g4dn.xlarge spot`, `g4dn.xlarge to g5.xlarge, spot`; empty if only the config has a price."""
    if not quote.machine or quote.terms is Terms.FIXED:
        return EMPTY
    terms, dearest = escape(quote.terms, NAME), escape(quote.machine, NAME)
    if quote.usual_machine in ("", quote.machine):
        return phrase("{machine} {terms}", machine=dearest, terms=terms)
    usual = escape(quote.usual_machine, NAME)
    return phrase("{usual} to {dearest}, {terms}", usual=usual, dearest=dearest, terms=terms)


def about(amount: float, *, bold: bool = False) -> Inert:
    """`about $0.03`, `less than $0.01`."""
    text = phrase("**{amount}**", amount=usd(amount)) if bold else usd(amount)
    return phrase("about {text}", text=text) if amount >= CENT else text


def _when(quote: Quote) -> Inert:
    """What "at most" means."""
    what = phrase("it reaches") if quote.runs == 1 else phrase("all {runs} reach", runs=plural(quote.runs, "trial"))
    attempts = phrase(" in all {count} attempts", count=quote.attempts) if quote.attempts > 1 else EMPTY
    return phrase("if {what} the time limit{attempts}", what=what, attempts=attempts)


def _estimate(quote: Quote) -> Inert:
    return listed(phrase("estimate"), _stale(quote))


def _stale(quote: Quote) -> Inert:
    return phrase("prices of {day}", day=day(quote.priced_at)) if quote.stale else EMPTY


def _unknown(project: Project | None) -> Inert:
    """Says who knows more."""
    key = phrase("{key}", key=code(f"projects.{project.name}.usd_per_hour")) if project is not None else EMPTY
    setting = phrase(", and {key} sets one", key=key) if key else EMPTY
    doctor = code("signalbox doctor")
    return phrase("Cost: unknown. {doctor} says which price is missing{setting}.", doctor=doctor, setting=setting)
