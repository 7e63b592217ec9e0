"""The machines of a queue's compute environments, by Batch and ECS."""

from typing import Any

import pytest

from bot.adapters.aws.fleet import CACHE_SECONDS, AwsFleet
from bot.domain.guard.machines import Machine
from bot.domain.money.quote import Terms
from bot.errors import Denied
from bot.ports.fleet import MachineGroup
from tests.bot.adapters.aws.probe.answers import Asked, made_batch, refusal

CLUSTER = "arn:aws:ecs:eu-west-1:123456789012:cluster/AWSBatch-spot-5e6f"
GROUP = MachineGroup(CLUSTER, "spot", "eu-west-1", Terms.SPOT)


def environment(kind: str = "SPOT", name: str = "spot", **changes: Any) -> dict[str, Any]:
    resources = {"type": kind, "minvCpus": 0, **changes.pop("resources", {})}
    common = {"computeEnvironmentName": name, "ecsClusterArn": CLUSTER, "type": "MANAGED", "state": "ENABLED"}
    return {**common, "computeResources": resources, **changes}


def instance(number: int, **changes: Any) -> dict[str, Any]:
    """As in the examples of API_DescribeContainerInstances."""
    return {
        "containerInstanceArn": f"arn:aws:ecs:eu-west-1:123456789012:container-instance/AWSBatch-s/{number:032x}",
        "ec2InstanceId": f"i-{number:017x}",
        "status": "ACTIVE",
        "agentConnected": True,
        "runningTasksCount": 0,
        "pendingTasksCount": 0,
        "registeredResources": [
            {"name": "CPU", "type": "INTEGER", "integerValue": 4096},
            {"name": "MEMORY", "type": "INTEGER", "integerValue": 15577},
        ],
        "attributes": [
            {"name": "ecs.availability-zone", "value": "eu-west-1a"},
            {"name": "ecs.capability.privileged-container"},
            {"name": "ecs.instance-type", "value": "g4dn.xlarge"},
        ],
        **changes,
    }


def fleet(*environments: dict[str, Any], ecs: Asked | None = None, **more: Any) -> AwsFleet:
    batch = made_batch(describe_compute_environments={"computeEnvironments": list(environments)}, **more)
    return AwsFleet(batch, ecs or Asked(), lambda: 0.0)


async def test_the_groups_are_the_environments_whose_machines_batch_ends() -> None:
    kept = {"resources": {"minvCpus": 8, "scalingPolicy": {"minScaleDownDelayMinutes": 20}}, "state": "DISABLED"}
    found = await fleet(
        environment(),
        environment("EC2", "kept", **kept),
        environment("FARGATE", "fargate"),
        environment("FARGATE_SPOT", "fargate-spot"),
        {**environment(name="own"), "type": "UNMANAGED", "computeResources": None},
        {**environment(name="eks"), "ecsClusterArn": None},
    ).groups("q")
    assert found == (GROUP, MachineGroup(CLUSTER, "kept", "eu-west-1", Terms.ON_DEMAND, 8.0, 1_200.0))


async def test_machines_are_read_from_all_pages_a_hundred_at_a_time() -> None:
    names = [f"arn-{number}" for number in range(230)]
    asked: list[int] = []

    def listed(given: dict[str, Any]) -> dict[str, Any]:
        assert given["cluster"] == CLUSTER
        start = int(given.get("nextToken", 0))
        more = {"nextToken": str(start + 100)} if start + 100 < len(names) else {}
        return {"containerInstanceArns": names[start : start + 100], **more}

    def described(given: dict[str, Any]) -> dict[str, Any]:
        asked.append(len(given["containerInstances"]))
        return {"containerInstances": [instance(int(each[4:])) for each in given["containerInstances"]]}

    ecs = Asked(list_container_instances=listed, describe_container_instances=described)
    found = await fleet(ecs=ecs).machines(GROUP)
    assert asked == [100, 100, 30]
    assert len({each.id for each in found}) == 230
    assert found[1] == Machine("i-00000000000000001", "g4dn.xlarge", "eu-west-1a", busy=False, vcpus=4.0)


@pytest.mark.parametrize(("running", "pending", "busy"), [(0, 0, False), (1, 0, True), (0, 1, True)])
async def test_a_task_that_runs_or_is_to_start_keeps_a_machine_busy(running: int, pending: int, busy: bool) -> None:
    (found,) = await fleet(ecs=_with(instance(1, runningTasksCount=running, pendingTasksCount=pending))).machines(GROUP)
    assert found.busy is busy


async def test_little_may_be_known_about_a_machine() -> None:
    bare = {"containerInstanceArn": "arn:aws:ecs:r:1:container-instance/c/0a", "agentConnected": False}
    (found,) = await fleet(ecs=_with(bare)).machines(GROUP)
    assert found == Machine("0a", answers=False)


async def test_an_empty_cluster_is_not_described() -> None:
    """DescribeContainerInstances refuses an empty list."""
    ecs = Asked(list_container_instances={"containerInstanceArns": []})
    assert await fleet(ecs=ecs).machines(GROUP) == []


async def test_groups_are_cached_for_minutes_and_a_refusal_is_not() -> None:
    now, calls = [0.0], [0]

    def environments(_: object) -> Any:
        calls[0] += 1
        return refusal("ThrottlingException") if calls[0] == 1 else {"computeEnvironments": [environment()]}

    found = AwsFleet(made_batch(describe_compute_environments=environments), Asked(), lambda: now[0])
    with pytest.raises(Exception, match="no"):
        await found.groups("q")
    for _ in range(3):
        assert await found.groups("q") == (GROUP,)
    assert calls == [2]
    now[0] = CACHE_SECONDS
    await found.groups("q")
    assert calls == [3]


async def test_a_missing_permission_is_denied() -> None:
    with pytest.raises(Denied, match="Listing the machines of spot"):
        await fleet(ecs=Asked(list_container_instances=refusal("AccessDeniedException"))).machines(GROUP)


def _with(*instances: dict[str, Any]) -> Asked:
    arns = {"containerInstanceArns": [each["containerInstanceArn"] for each in instances]}
    return Asked(list_container_instances=arns, describe_container_instances={"containerInstances": list(instances)})
