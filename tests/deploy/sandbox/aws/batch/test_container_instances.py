"""The stand-in's machines: there for a job, idle after it, and then ended; as strict as ECS."""

from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.support.aws_stand_in import Sandbox
from tests.support.waiting import until

pytestmark = pytest.mark.slow


def cluster_of(sandbox: Sandbox) -> str:
    (environment,) = sandbox.batch.describe_compute_environments()["computeEnvironments"]
    return str(environment["ecsClusterArn"])


def machines(sandbox: Sandbox) -> list[dict[str, Any]]:
    ecs, cluster = sandbox.clients.ecs, cluster_of(sandbox)
    names = ecs.list_container_instances(cluster=cluster)["containerInstanceArns"]
    if not names:
        return []
    found: list[dict[str, Any]] = ecs.describe_container_instances(cluster=cluster, containerInstances=names)[
        "containerInstances"
    ]
    return found


def refusal(call: Any, **request: Any) -> str:
    with pytest.raises(ClientError) as refused:
        call(**request)
    return str(refused.value.response["Error"]["Code"])


def test_a_machine_is_busy_with_its_job_idles_after_it_and_is_ended(sandbox: Sandbox) -> None:
    sandbox.control("POST", "settings", {"scale_down_seconds": 0})
    assert machines(sandbox) == []
    sandbox.control("POST", "settings", {"scale_down_seconds": 600})
    job_id = sandbox.submit("import time; time.sleep(600)")
    sandbox.await_status(job_id, "RUNNING")
    (busy,) = machines(sandbox)
    assert (busy["runningTasksCount"], busy["pendingTasksCount"]) == (1, 0)
    assert {each["name"]: each["value"] for each in busy["attributes"]}.keys() == {
        "ecs.availability-zone",
        "ecs.instance-type",
    }
    sandbox.batch.terminate_job(jobId=job_id, reason="enough")
    sandbox.ended(job_id)
    (idle,) = machines(sandbox)
    assert (idle["ec2InstanceId"], idle["runningTasksCount"]) == (busy["ec2InstanceId"], 0)
    sandbox.control("POST", "settings", {"scale_down_seconds": 0})
    assert machines(sandbox) == []


def test_a_machine_that_is_taken_away_does_not_idle(sandbox: Sandbox) -> None:
    job_id = sandbox.submit("import time; time.sleep(600)")
    first = sandbox.await_status(job_id, "RUNNING")
    sandbox.control("POST", "settings", {"scale_down_seconds": 600, "capacity_reason": "none"})
    sandbox.control("POST", "reclaim", {"jobId": job_id})
    until(lambda: sandbox.describe(job_id)["status"] == "RUNNABLE", what=lambda: str(first["status"]))
    assert machines(sandbox) == []
    sandbox.batch.terminate_job(jobId=job_id, reason="enough")
    sandbox.ended(job_id)


def test_a_cluster_is_named_after_its_environment(sandbox: Sandbox) -> None:
    assert cluster_of(sandbox).partition(":cluster/")[2].startswith("AWSBatch-test-spot-")


def test_it_refuses_what_ecs_refuses(sandbox: Sandbox) -> None:
    ecs, cluster = sandbox.clients.ecs, cluster_of(sandbox)
    assert refusal(ecs.list_container_instances, cluster="nope") == "ClusterNotFoundException"
    assert refusal(ecs.list_container_instances, cluster=cluster, maxResults=101) == "InvalidParameterException"
    describe = ecs.describe_container_instances
    for names in ([], ["short"], ["0" * 32] * 101):
        assert refusal(describe, cluster=cluster, containerInstances=names) == "InvalidParameterException"
    answer = describe(cluster=cluster, containerInstances=["0" * 32])
    assert [each["reason"] for each in answer["failures"]] == ["MISSING"]
