"""What a job or a sweep has spent and may still spend, derived from its row alone."""

from dataclasses import dataclass

from bot.domain.model.job import Job
from bot.domain.model.observation import machine_seconds
from bot.domain.model.rows import Posted
from bot.domain.model.states import EndReason
from bot.domain.model.sweep import Sweep
from bot.domain.model.trial import TrialState
from bot.domain.money.quote import Quote


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
    seconds, machines = _lost(job) if job.execution.reason is EndReason.LOST else _ran(job)
    spent, reserved = _usd(job.run.quote, seconds, machines, 1 if job.execution.live else 0)
    return Spending(places(job), seconds, machines, 0.0, spent, reserved)


def _ran(job: Job) -> tuple[float, int]:
    execution = job.execution
    began = [attempt for attempt in execution.attempts if attempt.started_at is not None]
    if not execution.live:
        seconds = execution.machine_seconds
        return seconds, max(len(began), 1 if seconds else 0)
    ended = [attempt for attempt in began if attempt.stopped_at is not None]
    return machine_seconds(ended, 0.0), len(ended)


def _lost(job: Job) -> tuple[float, int]:
    """Nobody knows how long it ran: all the time since it was submitted, but at most what it was allowed."""
    since, until = job.execution.started_at or job.request.created_at, job.execution.ended_at
    attempts = job.run.quote.attempts if job.run.quote is not None else 1
    most = float(attempts * job.run.timeout_seconds)
    return (min(most, max(0.0, until - since)) if until is not None else most), max(1, len(job.execution.attempts))


def _of_sweep(sweep: Sweep) -> Spending:
    tally = sweep.tally
    machines = max(0, tally.ended + tally.count(TrialState.RUNNING) - sweep.plan.carried_over)
    spent, reserved = _usd(sweep.run.quote, tally.seconds, machines, _left(sweep))
    return Spending(places(sweep), tally.seconds, machines, tally.saved_seconds, spent, reserved)


def _left(sweep: Sweep) -> int:
    """Its own trials that may still run, or are running."""
    return 0 if not sweep.execution.live else min(sweep.plan.runs, max(0, sweep.plan.trials - sweep.tally.ended))


def _usd(quote: Quote | None, seconds: float, machines: int, left: int) -> tuple[float | None, float | None]:
    """Spent and reserved. `left` is how many runs may still cost something."""
    if quote is None:
        return None, None
    spent = quote.usd_for(seconds, machines) if seconds else 0.0
    return spent, max(0.0, min(quote.usd_most * left / quote.runs, quote.usd_most - spent)) if left else 0.0
