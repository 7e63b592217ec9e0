"""The machines of compute environments, as ECS knows them: each runs one job here, and idles before Batch ends it.

Batch names a cluster "AWSBatch-<environment>-<uuid>": the policy of aws/aws-parallelcluster has cluster/AWSBatch-…* and
container-instance/AWSBatch-…* (cli/src/pcluster/templates/awsbatch_builder.py). A container instance's ARN has the
cluster's name: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/ecs-account-settings.html#ecs-resource-ids
"""

import uuid
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from moto.ec2.models.instance_types import INSTANCE_TYPES

from deploy.sandbox.aws.batch.jobs import Host, Job, Status, StopCause
from deploy.sandbox.aws.common.settings import LiveSettings


@dataclass(frozen=True, slots=True)
class Machine:
    """`since` is in seconds since the epoch. A task is pending while its image is pulled, and then running."""

    host: Host
    since: float
    running: int = 0
    pending: int = 0

    @property
    def id(self) -> str:
        """32 digits, as ECS gives them."""
        return sha256(self.host.instance_id.encode()).hexdigest()[:32]

    @property
    def kind(self) -> str:
        """Of several types, the first one: which one Batch takes is its own choice."""
        names = (self.host.environment.compute_resources or {}).get("instanceTypes") or ("m6i.large",)
        return str(names[0])

    @property
    def vcpus(self) -> int:
        return int(INSTANCE_TYPES.get(self.kind, {}).get("VCpuInfo", {}).get("DefaultVCpus", 2))


class Machines:
    """`clock` returns seconds since the epoch. Used on the scheduler's event loop alone."""

    def __init__(self, settings: LiveSettings, clock: Callable[[], float]) -> None:
        self._settings, self._clock = settings, clock
        self._left: dict[str, tuple[Machine, float]] = {}
        """Without a job, and since when."""

    def left(self, host: Host, job: Job) -> None:
        """After the job's end. A machine that was taken away is gone at once."""
        stop = job.attempt.stop if job.attempt is not None and job.attempt.host == host else None
        if stop is None or (stop.done() and not stop.cancelled() and stop.result().cause is StopCause.RECLAIMED):
            return
        now = self._clock()
        self._left[host.instance_id] = Machine(host, now), now

    def of(self, cluster: str, jobs: Iterable[Job]) -> list[Machine]:
        """Those of one cluster, by its ARN."""
        ends = self._clock() - self._settings.now.scale_down_seconds
        self._left = {name: (machine, at) for name, (machine, at) in self._left.items() if at > ends}
        found = [*_busy(jobs), *(machine for machine, _ in self._left.values())]
        return sorted((each for each in found if each.host.environment.ecs_arn == cluster), key=lambda each: each.id)


def cluster_name(environment: str) -> str:
    return f"AWSBatch-{environment}-{uuid.uuid4()}"


def container_instance_arn(cluster: Any, machine: Machine) -> str:
    return f"{cluster.arn.replace(':cluster/', ':container-instance/')}/{machine.id}"


def _busy(jobs: Iterable[Job]) -> Iterator[Machine]:
    for job in jobs:
        if job.status.on_host and job.attempt is not None:
            running = job.status is Status.RUNNING
            yield Machine(job.attempt.host, job.history[-1][0] / 1_000, running=running, pending=not running)
