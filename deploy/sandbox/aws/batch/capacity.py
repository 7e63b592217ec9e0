"""Who gets a host next: queues by priority, in each queue the highest scheduling priority, then the oldest."""

import asyncio
import heapq
from collections import defaultdict
from collections.abc import Callable
from typing import Any

from deploy.sandbox.aws.batch.jobs import Host, Job

TOO_LARGE = (
    "MISCONFIGURATION:COMPUTE_ENVIRONMENT_MAX_RESOURCE - CE(s) associated with the job queue cannot scale up to "
    "meet the job requirement."
)

_Place = tuple[int, int, Job, "asyncio.Future[Host]"]


class Capacity:
    """The vCPUs of the compute environments, up to each one's `maxvCpus`.

    The head of a queue that does not fit holds up its queue, as it does at AWS, and has the reason as its
    statusReason. `shortage` gives a reason for which no host can be had at all, or "".
    """

    def __init__(self, shortage: Callable[[], str], new_instance_id: Callable[[], str]) -> None:
        self._shortage = shortage
        self._new_instance_id = new_instance_id
        self._waiting: dict[str, list[_Place]] = defaultdict(list)
        self._queues: dict[str, Any] = {}
        self._used: dict[str, float] = defaultdict(float)
        self._count = 0

    async def acquire(self, job: Job) -> Host:
        """Waits for room. The host must be given back by `release`."""
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
        """Gives hosts to whom there is room for; called whenever room or the settings have changed."""
        for queue in sorted(self._queues.values(), key=lambda each: -int(each.priority)):
            self._place_queue(queue)

    def _place_queue(self, queue: Any) -> None:
        waiting = self._waiting[queue.arn]
        while waiting:
            _, _, job, placed = waiting[0]
            if not placed.done():
                environment = self._room(queue, job)
                if environment is None:
                    return
                job.status_reason = ""
                self._used[environment.arn] += job.spec.vcpus
                placed.set_result(Host(environment, self._new_instance_id()))
            heapq.heappop(waiting)

    def _room(self, queue: Any, job: Job) -> Any:
        """The first compute environment of the queue that can take the job now; None leaves it waiting."""
        job.status_reason = self._shortage()
        if job.status_reason:
            return None
        limits = [(environment, _max_vcpus(environment)) for environment in queue.environments]
        if all(job.spec.vcpus > limit for _, limit in limits):
            job.status_reason = TOO_LARGE
            return None
        room = (e for e, limit in limits if self._used[e.arn] + job.spec.vcpus <= limit)
        return next(room, None)


def _max_vcpus(environment: Any) -> float:
    if environment.state == "DISABLED":
        return 0
    return float((environment.compute_resources or {}).get("maxvCpus", 0))
