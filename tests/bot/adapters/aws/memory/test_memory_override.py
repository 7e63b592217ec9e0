"""What SubmitJob is asked for when a retry needs more memory, and what DescribeJobs says that a job has."""

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest

from bot.adapters.aws.batch_engine import BatchEngine
from bot.domain.money.machine import Resources
from bot.ports.engine import SubmitCall
from tests.bot.adapters.aws.probe.answers import Asked

CALL = SubmitCall("signalbox-mnist-k7q2mx", "queue", "trainer", ("python", "train.py"), {"JOB_ID": "k7q2mx"}, {}, 3_600)


def engine_with(**answers: Any) -> BatchEngine:
    client: Any = Asked(**answers)
    clients: Any = SimpleNamespace(batch=client, batch_once=client)
    return BatchEngine(clients, read_interval=0.0)


async def test_memory_is_overridden_in_the_form_that_takes_effect() -> None:
    """https://docs.aws.amazon.com/batch/latest/userguide/override-resource-requirements.html: `memory` does not."""
    asked: list[Any] = []

    def submit(arguments: Any) -> Any:
        asked.append(arguments)
        return {"jobId": "b-1"}

    engine = engine_with(submit_job=submit)
    await engine.submit(CALL)
    await engine.submit(replace(CALL, resources=Resources(memory_mib=18_432), timeout_seconds=5_400))
    first, second = (each["containerOverrides"] for each in asked)
    assert "resourceRequirements" not in first
    assert second["resourceRequirements"] == [{"type": "MEMORY", "value": "18432"}]
    assert "memory" not in second
    assert [each["timeout"]["attemptDurationSeconds"] for each in asked] == [3_600, 5_400]


@pytest.mark.parametrize(
    ("container", "mib"),
    [
        ({"resourceRequirements": [{"type": "VCPU", "value": "4"}, {"type": "MEMORY", "value": "12000"}]}, 12_000),
        ({"memory": 8_000}, 8_000),
        ({}, 0),
    ],
)
async def test_the_memory_of_a_job_is_read(container: dict[str, Any], mib: int) -> None:
    detail = {"jobId": "b-1", "jobName": "n", "status": "RUNNING", "createdAt": 1_000_500, "container": container}
    seen = await engine_with(describe_jobs={"jobs": [detail]}).describe(["b-1"])
    assert seen["b-1"].memory_mib == mib
