"""ListContainerInstances and DescribeContainerInstances of the machines that Batch runs here, in place of moto's.

https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ListContainerInstances.html
https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DescribeContainerInstances.html
"""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any

from moto.core.responses import ActionResult
from moto.ecs.exceptions import InvalidParameterException
from moto.ecs.responses import EC2ContainerServiceResponse

from deploy.sandbox.aws.batch.machines import Machine, container_instance_arn
from deploy.sandbox.aws.common.settings import REGION

MOST = 100
"""`maxResults`: "This value can be between 1 and 100. If this parameter isn't used, then ListContainerInstances returns
up to 100 results"; `containerInstances`: "A list of up to 100 container instance IDs or full Amazon Resource Name (ARN)
entries." """
ID_CHARACTERS = (32, 36)
"""Of a container instance: what is neither is refused, and not only missing."""

MachinesOf = Callable[[str], Sequence[Machine]]
"""The machines of a cluster, by its ARN."""


def install(machines_of: MachinesOf) -> None:
    """Call once per process, before the server answers."""
    vars_of: Any = EC2ContainerServiceResponse
    vars_of.machines_of = staticmethod(machines_of)
    vars_of.list_container_instances = _list
    vars_of.describe_container_instances = _describe


def _list(self: Any) -> ActionResult:
    """Raises ClusterNotFoundException. "The default is to include container instances set to all states other than
    INACTIVE", and here all are ACTIVE."""
    cluster = _cluster(self)
    if self._get_param("filter"):
        raise InvalidParameterException("The stand-in knows no cluster query language.")
    most, start = int(self._get_param("maxResults") or MOST), int(self._get_param("nextToken") or 0)
    if not 1 <= most <= MOST:
        raise InvalidParameterException(f"maxResults must be between 1 and {MOST}.")
    active = self._get_param("status") in (None, "ACTIVE")
    arns = [container_instance_arn(cluster, each) for each in self.machines_of(cluster.arn)] if active else []
    token = {"nextToken": str(start + most)} if start + most < len(arns) else {}
    return ActionResult({"containerInstanceArns": arns[start : start + most], **token})


def _describe(self: Any) -> ActionResult:
    cluster, asked = _cluster(self), self._get_param("containerInstances") or []
    if not asked:
        raise InvalidParameterException("Container instances cannot be empty.")
    if len(asked) > MOST:
        raise InvalidParameterException(f"Container instances cannot have more than {MOST} elements.")
    if any(len(name.rpartition("/")[2]) not in ID_CHARACTERS for name in asked):
        raise InvalidParameterException(f"The length of an id should be one of {list(ID_CHARACTERS)}.")
    known = {each.id: each for each in self.machines_of(cluster.arn)}
    ids = [name.rpartition("/")[2] for name in asked]
    account = cluster.arn.rpartition(":cluster/")[0]
    missing = [{"arn": f"{account}:container-instance/{id_}", "reason": "MISSING"} for id_ in ids if id_ not in known]
    found = [_shown(cluster, known[id_]) for id_ in dict.fromkeys(ids) if id_ in known]
    return ActionResult({"containerInstances": found, "failures": missing})


def _shown(cluster: Any, machine: Machine) -> dict[str, Any]:
    """https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ContainerInstance.html"""
    return {
        "containerInstanceArn": container_instance_arn(cluster, machine),
        "ec2InstanceId": machine.host.instance_id,
        "status": "ACTIVE",
        "agentConnected": True,
        "runningTasksCount": machine.running,
        "pendingTasksCount": machine.pending,
        "registeredAt": datetime.fromtimestamp(machine.since, UTC),
        "registeredResources": [{"name": "CPU", "type": "INTEGER", "integerValue": machine.vcpus * 1_024}],
        "attributes": {"ecs.availability-zone": f"{REGION}a", "ecs.instance-type": machine.kind},
    }


def _cluster(self: Any) -> Any:
    """Raises ClusterNotFoundException."""
    return self.ecs_backend._get_cluster(self._get_param("cluster") or "default")
