"""From how a job failed to what may mend it. More memory never mends a lack of GPU memory."""

import math
import re
from collections.abc import Callable
from dataclasses import dataclass, replace

from bot.domain.model.job import Job
from bot.domain.model.run import Run
from bot.domain.model.states import EndReason
from bot.domain.remedy import Obstacle, Offer, Remedied, RemedyKind, ResumeFrom

MORE = 1.5
"""Half as much more."""
LEAST = 1.2
"""Where a limit allows less than half as much more: a fifth more may help, and less rarely does."""
GIB = 1_024
_STEP_MIB = 256
_MINUTE = 60
_GPU_MEMORY = re.compile(
    r"\b(CUDA|HIP|XPU|MPS backend) out of memory|CUDA error: out of memory|CUDA_ERROR_OUT_OF_MEMORY"
    r"|CUBLAS_STATUS_ALLOC_FAILED|RESOURCE_EXHAUSTED: (Out of memory|Failed to allocate)"
    r"|OOM when allocating tensor(?!.*device:CPU)",
    re.IGNORECASE,
)
"""PyTorch's words (https://github.com/pytorch/pytorch/issues/16417), JAX's (https://github.com/jax-ml/jax/issues/13428,
https://github.com/patrick-kidger/equinox/issues/737) and TensorFlow's, which names the device
(https://github.com/tensorflow/models/issues/5527)."""


@dataclass(frozen=True, slots=True)
class OnDemand:
    """Where a job may go that has lost its machines."""

    machine: str
    after: int
    """How many machines it must have lost."""
    reclaims: int
    """How many it and the jobs before it have lost."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What a next run may have. 0: unknown."""

    memory_mib: int
    """What the job definition asks for now."""
    most_memory_mib: int
    """What fits on the largest machine of the queue."""
    longest_seconds: int
    """The project's longest time limit."""
    checkpoint: ResumeFrom | None = None
    on_demand: OnDemand | None = None
    """None if the project has no such machine, or the job doesn't fit there."""


def out_of_gpu_memory(error: str) -> bool:
    """Whether the line of an exception says that a GPU's memory ran out."""
    return bool(_GPU_MEMORY.search(error))


def offer_for(job: Job, limits: Limits) -> Offer | None:
    """None for an end that none of these may mend."""
    find = _REMEDIES.get(job.execution.reason) if job.execution.reason is not None else None
    return None if find is None else replace(find(job, limits), resume_from=limits.checkpoint)


def mended(failed: Job, run: Run, offer: Offer, *, by_bot: bool) -> Run:
    """`run`, which is as the failed one, with what is offered."""
    already = failed.run.remedied is not None and failed.run.remedied.by_bot
    return replace(
        run,
        memory_mib=offer.after if offer.kind is RemedyKind.MEMORY else run.memory_mib,
        timeout_seconds=offer.after if offer.kind is RemedyKind.TIME else run.timeout_seconds,
        machine=offer.machine or run.machine,
        remedied=Remedied(
            offer.kind, failed.id, offer.before, offer.after, by_bot or already, offer.machine, offer.reclaims
        ),
        resume_from=offer.resume_from,
    )


def kept(failed: Run, run: Run, definition_mib: int) -> Run:
    """A plain retry's run keeps what was changed of the run that it repeats, unless the definition has it by now."""
    remedied = failed.remedied
    if remedied is None:
        return run
    memory = failed.memory_mib if failed.memory_mib > definition_mib else 0
    longer = remedied.kind is RemedyKind.TIME and failed.timeout_seconds > run.timeout_seconds
    seconds = failed.timeout_seconds if longer else run.timeout_seconds
    return replace(run, memory_mib=memory, timeout_seconds=seconds, remedied=remedied)


def _more_memory(job: Job, limits: Limits) -> Offer:
    before = job.execution.memory_mib or job.run.memory_mib or limits.memory_mib
    offer, most = Offer(RemedyKind.MEMORY, before), limits.most_memory_mib
    if not before or not most:
        return replace(offer, obstacle=Obstacle.MACHINES_UNKNOWN)
    wanted = max(math.ceil(before * MORE / GIB) * GIB, limits.memory_mib)
    after = wanted if wanted <= most else most // _STEP_MIB * _STEP_MIB
    if after < before * LEAST:
        return replace(offer, obstacle=Obstacle.MACHINES_TOO_SMALL, after=wanted, most=most)
    return replace(offer, after=after)


def _more_time(job: Job, limits: Limits) -> Offer:
    before = job.run.timeout_seconds
    wanted = math.ceil(before * MORE / _MINUTE) * _MINUTE
    after = min(wanted, limits.longest_seconds)
    if after < before * LEAST:
        obstacle = Obstacle.LONGEST_TIME
        return Offer(RemedyKind.TIME, before, wanted, obstacle=obstacle, most=limits.longest_seconds)
    return Offer(RemedyKind.TIME, before, after)


def _another_machine(job: Job, limits: Limits) -> Offer:
    there = limits.on_demand
    if there is None or there.reclaims < there.after or job.run.machine == there.machine:
        return Offer(RemedyKind.AGAIN)
    return Offer(RemedyKind.ON_DEMAND, machine=there.machine, reclaims=there.reclaims)


_REMEDIES: dict[EndReason, Callable[[Job, Limits], Offer]] = {
    EndReason.OUT_OF_MEMORY: _more_memory,
    EndReason.TIMED_OUT: _more_time,
    EndReason.HOST_LOST: _another_machine,
}
MENDED = frozenset(_REMEDIES)
"""The ends that one of these may mend."""
