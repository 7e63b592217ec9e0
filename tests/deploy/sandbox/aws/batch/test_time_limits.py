import asyncio
import time
from typing import Any

import pytest
from botocore.exceptions import ClientError

from deploy.sandbox.aws.batch.errors import RefusedError
from deploy.sandbox.aws.batch.time_limits import REASONS, TimeLimitError, check, remember, within_limits
from tests.deploy.sandbox.aws.factory import Queue, job
from tests.support.aws_stand_in import Sandbox

CAPACITY = "CAPACITY:INSUFFICIENT_INSTANCE_CAPACITY"
CANCELLED = f"Canceled by JobStateTimeLimit action due to reason: {CAPACITY}"


def action(**changes: Any) -> dict[str, Any]:
    return {"reason": CAPACITY, "state": "RUNNABLE", "maxTimeSeconds": 600, "action": "CANCEL", **changes}


@pytest.mark.parametrize(
    "wrong",
    [
        {"maxTimeSeconds": 599},
        {"maxTimeSeconds": 86_401},
        {"action": "TERMINATE"},
        {"state": "PENDING"},
        {"reason": "UNDETERMINED"},
        {"reason": "ACTION_REQUIRED"},
        {"reason": "MISCONFIGURATION:SERVICE_ROLE_PERMISSIONS"},
    ],
)
def test_actions_that_batch_refuses(wrong: dict[str, Any]) -> None:
    check([action(), action(maxTimeSeconds=86_400)])
    with pytest.raises(RefusedError):
        check([action(**wrong)])


async def waiting(reason: str, *, scale: float, queue: Queue, seconds: float = 0.2) -> str:
    """A scale of 0.0001 makes 60 ms of the limit of ten minutes."""
    one = job(queue=queue)
    one.status_reason = reason
    return await within_limits(one, asyncio.sleep(seconds, "placed"), scale, lambda _: None)


async def test_host_that_comes_in_the_moment_of_a_cancellation_is_given_back() -> None:
    queue, host, given_back = Queue(), asyncio.get_running_loop().create_future(), list[str]()
    remember(queue, [action()])

    async def wait() -> str:
        return str(await host)

    task = asyncio.create_task(within_limits(job(queue=queue), wait(), 1, given_back.append))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    host.set_result("host")
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert given_back == ["host"]


async def test_wait_ends_after_the_limit_of_its_reason() -> None:
    queue = Queue()
    assert await waiting(f"{CAPACITY} - none", scale=0.0001, queue=queue) == "placed"
    remember(queue, [action()])
    with pytest.raises(TimeLimitError, match=CANCELLED):
        await waiting(
            f"{CAPACITY} - Service cannot fulfill the capacity requested", scale=0.0001, queue=queue, seconds=600
        )
    assert await waiting(f"{CAPACITY} - none", scale=1, queue=queue) == "placed"
    assert await waiting("", scale=0.0001, queue=queue) == "placed"
    assert await waiting("UNDETERMINED - blocked", scale=0.0001, queue=queue) == "placed"


@pytest.mark.slow
def test_queue_cancels_a_job_that_waits_too_long(sandbox: Sandbox) -> None:
    queue = sandbox.resources.queue
    with pytest.raises(ClientError, match="maxTimeSeconds must be between 600 and 86400"):
        sandbox.batch.update_job_queue(jobQueue=queue, jobStateTimeLimitActions=[action(maxTimeSeconds=60)])
    sandbox.batch.update_job_queue(jobQueue=queue, jobStateTimeLimitActions=[action()])
    try:
        described = sandbox.batch.describe_job_queues(jobQueues=[queue])["jobQueues"][0]
        assert described["jobStateTimeLimitActions"] == [action()]
        sandbox.control("POST", "settings", {"capacity_reason": f"{CAPACITY} - none", "wait_limit_scale": 0.0005})
        ended = sandbox.ended(sandbox.submit("pass"))
        assert (ended["status"], ended["statusReason"]) == ("FAILED", CANCELLED)
        assert "startedAt" not in ended
    finally:
        sandbox.batch.update_job_queue(jobQueue=queue, jobStateTimeLimitActions=[])


@pytest.mark.slow
@pytest.mark.parametrize(
    ("asked", "reason"),
    [
        ({"VCPU": "99"}, "MISCONFIGURATION:COMPUTE_ENVIRONMENT_MAX_RESOURCE"),
        ({"GPU": "2"}, "MISCONFIGURATION:JOB_RESOURCE_REQUIREMENT"),
    ],
)
def test_queue_cancels_a_job_that_can_never_run(sandbox: Sandbox, asked: dict[str, str], reason: str) -> None:
    queue = sandbox.resources.queue
    sandbox.batch.update_job_queue(jobQueue=queue, jobStateTimeLimitActions=[action(reason=reason)])
    try:
        sandbox.control("POST", "settings", {"wait_limit_scale": 0.0005})
        requirements = [{"type": kind, "value": value} for kind, value in asked.items()]
        ended = sandbox.ended(sandbox.submit("pass", overrides={"resourceRequirements": requirements}))
        assert ended["statusReason"] == f"Canceled by JobStateTimeLimit action due to reason: {reason}"
    finally:
        sandbox.batch.update_job_queue(jobQueue=queue, jobStateTimeLimitActions=[])


@pytest.mark.slow
@pytest.mark.parametrize(
    "reason",
    ["UNDETERMINED - Batch job is blocked, root cause is undetermined.", "ACTION_REQUIRED - CE(s) invalid."],
)
def test_no_action_ends_a_wait_whose_cause_batch_does_not_know(sandbox: Sandbox, reason: str) -> None:
    """The page says so: "You can't configure a programmable action" for it."""
    queue = sandbox.resources.queue
    sandbox.batch.update_job_queue(jobQueue=queue, jobStateTimeLimitActions=[action(reason=each) for each in REASONS])
    try:
        sandbox.control("POST", "settings", {"capacity_reason": reason, "wait_limit_scale": 0.0005})
        job_id = sandbox.submit("pass")
        waiting = sandbox.await_job(job_id, lambda job: job.get("statusReason") == reason)
        assert waiting["status"] == "RUNNABLE"
        time.sleep(1)  # three times as long as the limits
        assert sandbox.describe(job_id)["status"] == "RUNNABLE"
        sandbox.control("POST", "settings", {"capacity_reason": ""})
        assert sandbox.ended(job_id)["status"] == "SUCCEEDED"
    finally:
        sandbox.batch.update_job_queue(jobQueue=queue, jobStateTimeLimitActions=[])
