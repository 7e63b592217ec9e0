"""What a job or a sweep has spent and may still spend, derived from its row alone."""

from dataclasses import dataclass, field

from bot.domain.model.job import Job
from bot.domain.model.rows import Posted
from bot.domain.model.states import EndReason
from bot.domain.model.sweep import Sweep
from bot.domain.money.quote import Quote
from bot.domain.spending.costs import Spent, lost, spent


@dataclass(frozen=True, slots=True)
class Spending:
    """`usd` are None if the price is not known. What lives has spent and reserved together what it was quoted at most,
    or more if it has spent more."""

    places: int
    """How many machines it may have at once: live jobs, for the caps that count them."""
    seconds: float
    """On machines. Of a job, those of attempts that have ended."""
    machines: int
    """Over how many machines the seconds are spread."""
    saved_seconds: float = 0.0
    """What the pruned trials of a sweep would have taken still."""
    spent_usd: float | None = None
    reserved_usd: float | None = None
    lost: Spent = field(default_factory=Spent)
    """Of the seconds and machines, what went to attempts that lost their machine."""
    lost_usd: float | None = None
    spot_saved_usd: float | None = None
    """Against the same machines on demand."""
    early_saved_usd: float | None = None
    """By trials that were stopped early."""


def spending(row: Posted) -> Spending:
    return _of_sweep(row) if isinstance(row, Sweep) else _of_job(row)


def places(row: Posted) -> int:
    """How many machines it may have at once from now on; a sweep without `parallel` takes as many as it has trials."""
    if isinstance(row, Job):
        return 1 if row.execution.live else 0
    return min(row.plan.parallel or row.plan.runs, _left(row))


def _of_job(job: Job) -> Spending:
    used = _unseen(job) if job.execution.reason is EndReason.LOST else spent(job)
    return _spending(job, used, lost(job), 0.0, 1 if job.execution.live else 0)


def _unseen(job: Job) -> Spent:
    """Nobody knows how long it ran: all the time since it was asked for, but at most what it was allowed."""
    since, until = job.execution.started_at or job.request.created_at, job.execution.ended_at
    attempts = job.run.quote.attempts if job.run.quote is not None else 1
    most = float(attempts * job.run.timeout_seconds)
    seconds = min(most, max(0.0, until - since)) if until is not None else most
    return Spent(seconds, max(1, len(job.execution.attempts)))


def _of_sweep(sweep: Sweep) -> Spending:
    gone = Spent(sweep.tally.lost_seconds, sweep.tally.lost_machines)
    return _spending(sweep, spent(sweep), gone, sweep.tally.saved_seconds, _left(sweep))


def _left(sweep: Sweep) -> int:
    """Its own trials that may still run, or are running."""
    return 0 if not sweep.execution.live else min(sweep.plan.runs, max(0, sweep.plan.trials - sweep.tally.ended))


def _spending(row: Posted, used: Spent, gone: Spent, saved_seconds: float, left: int) -> Spending:
    quote = row.run.quote
    known = Spending(places(row), used.seconds, used.machines, saved_seconds, lost=gone)
    if quote is None:
        return known
    usd = used.usd(quote)
    return Spending(
        known.places,
        used.seconds,
        used.machines,
        saved_seconds,
        usd,
        _reserved(quote, usd, left),
        gone,
        min(usd, gone.usd(quote)),
        quote.saved_usd(used.seconds, used.machines) if used.machines else 0.0,
        quote.usd_for(saved_seconds, 0),
    )


def _reserved(quote: Quote, spent_usd: float, left: int) -> float:
    """`left` is how many runs may still cost something."""
    return max(0.0, min(quote.usd_most * left / quote.runs, quote.usd_most - spent_usd)) if left else 0.0
