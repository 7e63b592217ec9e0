import asyncio
from typing import Any

import pytest
from botocore.exceptions import ClientError

from deploy.sandbox.aws.batch.errors import RefusedError
from deploy.sandbox.aws.batch.time_limits import TimeLimitError, check, remember, within_limits
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
    ],
)
def test_actions_that_batch_refuses(wrong: dict[str, Any]) -> None:
    check([action(), action(maxTimeSeconds=86_400)])
    with pytest.raises(RefusedError):
        check([action(**wrong)])


async def waiting(reason: str, *, scale: float, queue: Queue) -> str:
    one = job(queue=queue)
    one.status_reason = reason
    return await asyncio.wait_for(within_limits(one, asyncio.sleep(0.3, "placed"), scale, lambda _: None), 5)


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
        await waiting(f"{CAPACITY} - Service cannot fulfill the capacity requested", scale=0.0001, queue=queue)
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
