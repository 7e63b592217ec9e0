"""Decide which job gets a host next: by the queue's priority, then the job's scheduling priority, then its age."""

import asyncio
import heapq
from collections import defaultdict
from collections.abc import Callable
from typing import Any

from deploy.sandbox.aws.batch.instance_types import has_machine
from deploy.sandbox.aws.batch.jobs import Host, Job

TOO_LARGE = (
    "MISCONFIGURATION:COMPUTE_ENVIRONMENT_MAX_RESOURCE - CE(s) associated with the job queue cannot meet the CPU "
    "requirement of the job."
)
"""https://docs.aws.amazon.com/batch/latest/userguide/job_stuck_in_runnable_misconfiguration.html: maxvCpus of every
compute environment is smaller than what the job asks for. A job behind others in a full queue has no reason."""

NO_MACHINE = (
    "MISCONFIGURATION:JOB_RESOURCE_REQUIREMENT - The job resource requirement (vCPU/memory/GPU) is higher than that "
    "can be met by the CE(s) attached to the job queue."
)
"""The same page: no instance type of a compute environment has the vCPUs, the memory and the GPUs."""

_Place = tuple[int, int, Job, "asyncio.Future[Host]"]


class Capacity:
    """The vCPUs of the compute environments, up to each one's `maxvCpus`.

    If the first job of a queue does not fit, the whole queue waits, as at AWS, and the job's statusReason says why.
    `shortage` returns the reason why no host is available at all, or "". `blocked` is called when a job gets another
    reason than before. `starts` is whether the account may run this number of vCPUs of an environment; if not, the job
    waits without a reason.
    """

    def __init__(
        self,
        shortage: Callable[[], str],
        new_instance_id: Callable[[], str],
        blocked: Callable[[Job], None],
        starts: Callable[[Any, float], bool] = lambda _environment, _vcpus: True,
    ) -> None:
        self._starts = starts
        self._blocked = blocked
        self._shortage = shortage
        self._new_instance_id = new_instance_id
        self._waiting: dict[str, list[_Place]] = defaultdict(list)
        self._queues: dict[str, Any] = {}
        self._used: dict[str, float] = defaultdict(float)
        self._count = 0

    async def acquire(self, job: Job) -> Host:
        """Wait for a host. Give it back with `release`."""
        placed: asyncio.Future[Host] = asyncio.get_running_loop().create_future()
        self._count += 1
        queue = job.spec.queue
        self._queues[queue.arn] = queue
        heapq.heappush(self._waiting[queue.arn], (-(job.spec.scheduling_priority or 0), self._count, job, placed))
        self.place()
        try:
            return await placed
        except asyncio.CancelledError:
            if placed.done() and not placed.cancelled():
                self.release(job, placed.result())
            raise

    def release(self, job: Job, host: Host) -> None:
        self._used[host.environment.arn] -= job.spec.vcpus
        self.place()

    def place(self) -> None:
        """Give hosts to all jobs that fit. Call whenever capacity or settings have changed."""
        for queue in sorted(self._queues.values(), key=lambda each: -int(each.priority)):
            self._place_queue(queue)

    def _place_queue(self, queue: Any) -> None:
        waiting = self._waiting[queue.arn]
        while waiting:
            _, _, job, placed = waiting[0]
            if not placed.done():
                before = job.status_reason
                environment = self._find_environment(queue, job)
                if environment is None:
                    if job.status_reason not in ("", before):
                        self._blocked(job)
                    return
                job.status_reason = ""
                self._used[environment.arn] += job.spec.vcpus
                placed.set_result(Host(environment, self._new_instance_id()))
            heapq.heappop(waiting)

    def _find_environment(self, queue: Any, job: Job) -> Any:
        """The queue's first compute environment with room for the job; None if it must wait."""
        job.status_reason = self._shortage()
        if job.status_reason:
            return None
        limits = [(environment, _max_vcpus(environment)) for environment in queue.environments]
        if all(job.spec.vcpus > limit for _, limit in limits):
            job.status_reason = TOO_LARGE
            return None
        if not any(has_machine(environment, job.spec) for environment in queue.environments):
            job.status_reason = NO_MACHINE
            return None
        wanted = ((e, limit, self._used[e.arn] + job.spec.vcpus) for e, limit in limits)
        return next((e for e, limit, vcpus in wanted if vcpus <= limit and self._starts(e, vcpus)), None)


def _max_vcpus(environment: Any) -> float:
    if environment.state == "DISABLED":
        return 0
    return float((environment.compute_resources or {}).get("maxvCpus", 0))
