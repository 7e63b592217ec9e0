"""Failed jobs with what may mend them, and the jobs with which they were retried."""

from collections.abc import Iterator
from dataclasses import replace

from bot.chat.catalogue.samples import ENDED, JOB, RUN, RUNNING, ended_job
from bot.domain.model.job import Job
from bot.domain.model.states import EndReason
from bot.domain.remedy import Obstacle, Offer, Remedied, RemedyKind, ResumeFrom


def mended() -> Iterator[tuple[str, Job]]:
    """Failed jobs with what may mend them, and what became of it."""
    memory = Offer(RemedyKind.MEMORY, 12_288, 18_432, usd_most=0.61)
    longer = Offer(RemedyKind.TIME, 7_200, 10_800, usd_most=1.58)
    again, origin = Offer(RemedyKind.AGAIN, usd_most=1.05), ResumeFrom("k7q2mx", "s3://bucket/jobs/k7q2mx/")
    cap = "This would pass the cap of a day ($20.00, `caps.person_day_usd`)."
    small, unknown = Obstacle.MACHINES_TOO_SMALL, Obstacle.MACHINES_UNKNOWN
    out = EndReason.OUT_OF_MEMORY
    yield "more memory", _offering(out, memory)
    yield "more memory, price unknown", _offering(out, replace(memory, usd_most=None))
    yield "more memory, from its checkpoint", _offering(out, replace(memory, resume_from=origin))
    yield "retried with more memory", _offering(out, replace(memory, retried_as="qpwm3x", by_bot=True))
    yield "not retried because of a cap", _offering(out, replace(memory, not_by_bot=cap))
    yield "machines too small", _offering(out, replace(memory, obstacle=small, most=15_073))
    yield "machines unknown", _offering(out, replace(memory, obstacle=unknown))
    yield "more time", _offering(EndReason.TIMED_OUT, replace(longer, resume_from=origin))
    yield "more time from the beginning", _offering(EndReason.TIMED_OUT, longer)
    yield "no more time", _offering(EndReason.TIMED_OUT, replace(longer, obstacle=Obstacle.LONGEST_TIME, most=7_200))
    yield "another machine", _offering(EndReason.HOST_LOST, replace(again, resume_from=origin))
    retried = replace(again, retried_as="qpwm3x")
    yield "retried on another machine", _offering(EndReason.HOST_LOST, retried)
    yield "retried from its checkpoint", _offering(EndReason.HOST_LOST, replace(retried, resume_from=origin))
    steady = Offer(RemedyKind.ON_DEMAND, usd_most=1.2, machine="steady", reclaims=3)
    yield "on demand", _offering(EndReason.HOST_LOST, steady)
    yield "on demand, from its checkpoint", _offering(EndReason.HOST_LOST, replace(steady, resume_from=origin))
    yield "retried on demand", _offering(EndReason.HOST_LOST, replace(steady, retried_as="qpwm3x", by_bot=True))
    gpu = "torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 2.00 GiB."
    yield "a GPU's memory", JOB.ended(EndReason.COMMAND_FAILED, ENDED, gpu)


def retries() -> Iterator[tuple[str, Job]]:
    """The jobs with which those were retried."""
    origin = ResumeFrom("c5d6f7", "s3://bucket/jobs/c5d6f7/")
    for name, kind, before, after in (
        ("memory", RemedyKind.MEMORY, 12_288, 18_432),
        ("time", RemedyKind.TIME, 7_200, 10_800),
        ("again", RemedyKind.AGAIN, 0, 0),
    ):
        run = replace(RUN, remedied=Remedied(kind, "c5d6f7", before, after))
        yield f"retried: {name}", replace(RUNNING, run=run)
        yield f"retried: {name}, from a checkpoint", replace(RUNNING, run=replace(run, resume_from=origin))
    for count in (1, 3):
        moved = Remedied(RemedyKind.ON_DEMAND, "c5d6f7", machine="steady", reclaims=count)
        yield f"retried on demand: {count}", replace(RUNNING, run=replace(RUN, machine="steady", remedied=moved))


def _offering(reason: EndReason, offer: Offer) -> Job:
    return replace(ended_job(reason), offer=offer)
