"""The machines that a job and the jobs before it, whose retry it is, have lost."""

from collections.abc import Iterable

from bot.domain.model.job import Job
from bot.domain.model.states import EndReason
from bot.domain.remedy import RemedyKind


def reclaims(row: Iterable[Job], on_demand_machine: str) -> int:
    """How many all of them have lost, but for what they have lost on demand: nobody takes that back."""
    return sum(_lost(job) for job in row if job.run.machine != on_demand_machine)


def moved_before(row: Iterable[Job]) -> bool:
    """Whether one of them has been moved to the machine on demand already."""
    return any(job.run.remedied is not None and job.run.remedied.kind is RemedyKind.ON_DEMAND for job in row)


def _lost(job: Job) -> int:
    """The engine tries again only after a lost machine. One on which the container never started was lost, too."""
    attempts, lost = job.execution.attempts, job.execution.reason is EndReason.HOST_LOST
    return max(1, len(attempts)) if lost else len(attempts[:-1])
