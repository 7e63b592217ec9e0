"""The machines of compute environments: those that are registered in the ECS cluster of each.

https://docs.aws.amazon.com/batch/latest/APIReference/API_ComputeEnvironmentDetail.html, `ecsClusterArn`: "The Amazon
Resource Name (ARN) of the underlying Amazon ECS cluster that the compute environment uses."
https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ListContainerInstances.html
https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DescribeContainerInstances.html
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from bot.adapters.aws.clients import Client
from bot.adapters.aws.error_codes import calling
from bot.adapters.aws.queue_queries import describe_environments, describe_queue
from bot.domain.guard.machines import Machine
from bot.domain.money.quote import Terms
from bot.ports.fleet import MachineGroup

CACHE_SECONDS = 300
"""The environments of a queue cost two calls, and change only when someone changes them."""
MACHINES_PER_CALL = 100
"""`containerInstances`: "A list of up to 100 container instance IDs or full Amazon Resource Name (ARN) entries."
(API_DescribeContainerInstances)"""
CPU_UNITS = 1_024
"""A vCPU's: "You can determine the number of CPU units that are available per Amazon EC2 instance type by multiplying
the number of vCPUs listed for that instance type [...] by 1,024."
https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task_definition_parameters.html"""
_SPOT = frozenset({"SPOT", "FARGATE_SPOT"})


class AwsFleet:
    """`bot.ports.fleet.Fleet` by Batch and ECS. `now` is in seconds, from any starting point."""

    def __init__(self, batch: Client, ecs: Client, now: Callable[[], float]) -> None:
        self._batch, self._ecs, self._now = batch, ecs, now
        self._cache: dict[str, tuple[float, tuple[MachineGroup, ...]]] = {}

    async def groups(self, queue: str) -> Sequence[MachineGroup]:
        at, known = self._cache.get(queue, (None, ()))
        if at is None or self._now() - at >= CACHE_SECONDS:
            region = str(self._batch.meta.region_name)
            environments = await describe_environments(self._batch, await describe_queue(self._batch, queue, region))
            known = tuple(_group(each, region) for each in environments if _ends_machines(each))
            self._cache[queue] = self._now(), known
        return known

    async def machines(self, group: MachineGroup) -> Sequence[Machine]:
        names = await self._list(group)
        found: list[Machine] = []
        for start in range(0, len(names), MACHINES_PER_CALL):
            with calling(f"Describing the machines of {group.name}"):
                answer = await self._ecs.describe_container_instances(
                    cluster=group.id, containerInstances=names[start : start + MACHINES_PER_CALL]
                )
                # One that ends between the two calls is in `failures`.
                found += [_machine(each) for each in answer["containerInstances"]]
        return found

    async def _list(self, group: MachineGroup) -> list[str]:
        """The ARNs of all pages. "The default is to include container instances set to all states other than
        INACTIVE." (API_ListContainerInstances)"""
        names: list[str] = []
        page: dict[str, str] = {}
        while True:
            with calling(f"Listing the machines of {group.name}"):
                answer = await self._ecs.list_container_instances(cluster=group.id, **page)
                names += answer["containerInstanceArns"]
            if not answer.get("nextToken"):
                return names
            page = {"nextToken": answer["nextToken"]}


def _ends_machines(environment: Mapping[str, Any]) -> bool:
    """Whether Batch ends its machines, and ECS knows them. "Compute environments in a DISABLED state may continue to
    incur billing charges", so these count. Those of an unmanaged one are whoever started them to end; on Fargate there
    are none, and on EKS they are no container instances. (API_ComputeEnvironmentDetail)"""
    kind = str((environment.get("computeResources") or {}).get("type"))
    managed = environment.get("type", "MANAGED") == "MANAGED"
    return managed and not kind.startswith("FARGATE") and bool(environment.get("ecsClusterArn"))


def _group(environment: Mapping[str, Any], region: str) -> MachineGroup:
    """`minvCpus`: "The minimum number of vCPUs that a compute environment should maintain (even if the compute
    environment is DISABLED)." (API_ComputeResource) `minScaleDownDelayMinutes`: "The minimum time (in minutes) that AWS
    Batch keeps instances running in the compute environment after their jobs complete." (API_ComputeScalingPolicy)"""
    resources = environment.get("computeResources") or {}
    delay = (resources.get("scalingPolicy") or {}).get("minScaleDownDelayMinutes") or 0
    return MachineGroup(
        id=str(environment["ecsClusterArn"]),
        name=str(environment["computeEnvironmentName"]),
        region=region,
        terms=Terms.SPOT if resources.get("type") in _SPOT else Terms.ON_DEMAND,
        least_vcpus=float(resources.get("minvCpus") or 0),
        delay_seconds=float(delay) * 60,
    )


def _machine(instance: Mapping[str, Any]) -> Machine:
    """https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ContainerInstance.html

    A task that is to run or to start keeps it busy. Type and zone are attributes that ECS sets:
    https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-placement-constraints.html
    """
    attributes = {each["name"]: each.get("value", "") for each in instance.get("attributes") or ()}
    tasks = int(instance.get("runningTasksCount") or 0) + int(instance.get("pendingTasksCount") or 0)
    units = [
        each.get("integerValue") for each in instance.get("registeredResources") or () if each.get("name") == "CPU"
    ]
    # "instances with disconnected agents aren't automatically deregistered when terminated"
    # (https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DeregisterContainerInstance.html)
    return Machine(
        id=str(instance.get("ec2InstanceId") or instance["containerInstanceArn"].rpartition("/")[2]),
        kind=str(attributes.get("ecs.instance-type", "")),
        zone=str(attributes.get("ecs.availability-zone", "")),
        busy=tasks > 0,
        vcpus=float(units[0] or 0) / CPU_UNITS if units else 0.0,
        answers=bool(instance.get("agentConnected", True)),
    )
