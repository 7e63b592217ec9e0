"""What a job or a sweep has cost so far, by its quote and the time that it had machines."""

from dataclasses import dataclass

from bot.domain.model.job import Job
from bot.domain.model.observation import Attempt, lost_attempts, machine_seconds
from bot.domain.model.rows import Posted
from bot.domain.model.sweep import Sweep
from bot.domain.model.trial import TrialState
from bot.domain.money.quote import Quote
from bot.domain.project import Project


@dataclass(frozen=True, slots=True)
class Spent:
    """Machine time, and the machines that it is spread over: each is also billed before and after."""

    seconds: float = 0.0
    machines: int = 0

    def usd(self, quote: Quote) -> float:
        return quote.usd_for(self.seconds, self.machines) if self.machines else 0.0


def quote_of(posted: Posted, project: Project | None) -> Quote | None:
    """Its own quote. What an earlier version accepted has none: then it is by the config's `usd_per_hour`."""
    if posted.run.quote is not None or posted.run.machine or project is None or project.usd_per_hour is None:
        return posted.run.quote
    runs = posted.plan.runs if isinstance(posted, Sweep) else 1
    return Quote(project.usd_per_hour, posted.run.timeout_seconds, runs=runs)


def spent(posted: Posted) -> Spent:
    """As far as the bot has seen it: of a job that runs, up to its last metrics. A machine on which the container never
    started has cost something, too, and so has a second job of the same command."""
    return _by_sweep(posted) if isinstance(posted, Sweep) else _by_job(posted)


def lost(job: Job) -> Spent:
    """What went to attempts that lost their machine."""
    gone = lost_attempts(job.execution.attempts, job.execution.reason)
    return Spent(machine_seconds(gone, _until(job)), len(gone))


def _by_job(job: Job) -> Spent:
    execution = job.execution
    attempts = execution.attempts
    if not any(each.started_at is not None for each in attempts):
        attempts = (Attempt(started_at=execution.started_at),)
    begun = [each for each in attempts if each.started_at is not None]
    unstarted = sum(1 for each in execution.attempts if each.started_at is None and each.stopped_at is not None)
    seconds = machine_seconds(begun, _until(job)) + execution.unstarted_seconds + sum(execution.doubles.values())
    return Spent(seconds, len(begun) + max(unstarted, execution.unstarted) + len(execution.doubles))


def _until(job: Job) -> float:
    """When the bot last saw it run."""
    execution = job.execution
    return execution.ended_at or max(job.progress.last_at or 0.0, execution.started_at or 0.0)


def _by_sweep(sweep: Sweep) -> Spent:
    tally, quote = sweep.tally, sweep.run.quote
    own = tally.ended + tally.count(TrialState.RUNNING) - sweep.plan.carried_over
    begun = max(1 if tally.seconds else 0, own)
    return Spent(tally.seconds, min(begun, quote.at_once if quote is not None and quote.at_once else begun))
