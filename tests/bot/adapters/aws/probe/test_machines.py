"""What the doctor says about the machines of a queue."""

from typing import Any

import pytest

from bot.adapters.aws.probe.machines import machines_check
from bot.services.running.doctor import Finding, Level
from tests.bot.adapters.aws.probe.answers import PROJECT, Asked, found, made_batch, refusal


async def checked(ecs: Asked, **resources: Any) -> Finding:
    environment = {"computeEnvironmentName": "spot", "ecsClusterArn": "arn:c", "computeResources": resources}
    batch = made_batch(describe_compute_environments={"computeEnvironments": [environment]})
    return await found(machines_check(batch, ecs, PROJECT, lambda: 0.0))


def running(*tasks: int) -> Asked:
    machines = [{"containerInstanceArn": f"arn:m/{n}", "runningTasksCount": count} for n, count in enumerate(tasks)]
    return Asked(
        list_container_instances={"containerInstanceArns": [each["containerInstanceArn"] for each in machines]},
        describe_container_instances={"containerInstances": machines, "failures": []},
    )


@pytest.mark.parametrize(
    ("tasks", "said"),
    [
        ((), "none runs now, as none has a job"),
        ((1,), "1 runs now, none of them without a job"),
        ((1, 0, 0), "3 run now, 2 of them without a job"),
    ],
)
async def test_it_counts_machines(tasks: tuple[int, ...], said: str) -> None:
    finding = await checked(running(*tasks))
    assert (finding.subject, finding.found, finding.level) == ("machines of q", said, Level.OK)


@pytest.mark.parametrize("denied", ["list_container_instances", "describe_container_instances"])
async def test_a_missing_permission_is_a_note_even_while_no_machine_runs(denied: str) -> None:
    answers: dict[str, Any] = {
        "list_container_instances": {"containerInstanceArns": []},
        "describe_container_instances": {"containerInstances": [], "failures": [{"reason": "MISSING"}]},
    }
    finding = await checked(Asked(**{**answers, denied: refusal("AccessDeniedException")}))
    assert finding.level is Level.NOTE
    assert "a machine that runs without a job is not noticed" in finding.found
    assert "ecs:ListContainerInstances and ecs:DescribeContainerInstances" in finding.advice


async def test_machines_that_are_kept_are_named_with_their_setting() -> None:
    finding = await checked(running(0), minvCpus=4)
    assert finding.level is Level.NOTE
    assert finding.found.endswith("billed day and night: minvCpus is above 0 in spot (4)")


async def test_an_outage_is_a_note() -> None:
    finding = await checked(Asked(list_container_instances=refusal("ServerException", 500)))
    assert finding.level is Level.NOTE
