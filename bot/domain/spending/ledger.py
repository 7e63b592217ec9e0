"""What a job or a sweep has spent and may still spend, derived from its row alone."""

from dataclasses import dataclass

from bot.domain.model.job import Job
from bot.domain.model.rows import Posted
from bot.domain.model.states import EndReason
from bot.domain.model.sweep import Sweep
from bot.domain.money.quote import Quote
from bot.domain.spending.costs import Spent, spent


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


def spending(row: Posted) -> Spending:
    return _of_sweep(row) if isinstance(row, Sweep) else _of_job(row)


def places(row: Posted) -> int:
    """How many machines it may have at once from now on; a sweep without `parallel` takes as many as it has trials."""
    if isinstance(row, Job):
        return 1 if row.execution.live else 0
    return min(row.plan.parallel or row.plan.runs, _left(row))


def _of_job(job: Job) -> Spending:
    used = _lost(job) if job.execution.reason is EndReason.LOST else spent(job)
    usd, reserved = _usd(job.run.quote, used, 1 if job.execution.live else 0)
    return Spending(places(job), used.seconds, used.machines, 0.0, usd, reserved)


def _lost(job: Job) -> Spent:
    """Nobody knows how long it ran: all the time since it was asked for, but at most what it was allowed."""
    since, until = job.execution.started_at or job.request.created_at, job.execution.ended_at
    attempts = job.run.quote.attempts if job.run.quote is not None else 1
    most = float(attempts * job.run.timeout_seconds)
    seconds = min(most, max(0.0, until - since)) if until is not None else most
    return Spent(seconds, max(1, len(job.execution.attempts)))


def _of_sweep(sweep: Sweep) -> Spending:
    used = spent(sweep)
    usd, reserved = _usd(sweep.run.quote, used, _left(sweep))
    return Spending(places(sweep), used.seconds, used.machines, sweep.tally.saved_seconds, usd, reserved)


def _left(sweep: Sweep) -> int:
    """Its own trials that may still run, or are running."""
    return 0 if not sweep.execution.live else min(sweep.plan.runs, max(0, sweep.plan.trials - sweep.tally.ended))


def _usd(quote: Quote | None, used: Spent, left: int) -> tuple[float | None, float | None]:
    """Spent and reserved. `left` is how many runs may still cost something."""
    if quote is None:
        return None, None
    usd = used.usd(quote)
    return usd, max(0.0, min(quote.usd_most * left / quote.runs, quote.usd_most - usd)) if left else 0.0
