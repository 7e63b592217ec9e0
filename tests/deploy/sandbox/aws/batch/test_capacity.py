import asyncio
from types import SimpleNamespace
from typing import Any

import pytest

from deploy.sandbox.aws.batch.account import account_starts
from deploy.sandbox.aws.batch.capacity import NO_MACHINE, TOO_LARGE, Capacity
from deploy.sandbox.aws.batch.jobs import Host, Job
from deploy.sandbox.aws.common.settings import LiveSettings, parse
from tests.deploy.sandbox.aws.factory import ENVIRONMENT, Queue, job


async def passes() -> None:
    """Let every task go as far as it can."""
    for _ in range(10):
        await asyncio.sleep(0)


class Waiting:
    """Jobs waiting for a host; `placed` has the ids of those that got one, in order."""

    def __init__(self) -> None:
        self.shortage = ""
        self.blocked: list[str] = []
        self.capacity = Capacity(lambda: self.shortage, lambda: "i-0", lambda job: self.blocked.append(job.id))
        self.placed: list[str] = []
        self.hosts: dict[str, Host] = {}
        self.tasks: list[asyncio.Task[None]] = []

    async def wait(self, *jobs: Job) -> None:
        for one in jobs:
            self.tasks.append(asyncio.create_task(self._acquire(one)))
        await passes()

    async def _acquire(self, one: Job) -> None:
        self.hosts[one.id] = await self.capacity.acquire(one)
        self.placed.append(one.id)

    async def release(self, one: Job) -> None:
        self.capacity.release(one, self.hosts[one.id])
        await passes()


def large(job_id: str, **changes: Any) -> Job:
    return job(job_id, vcpus=4.0, **changes)


async def test_jobs_wait_for_capacity_oldest_first() -> None:
    waiting = Waiting()
    first = large("1")
    await waiting.wait(first, large("2"), large("3"))
    assert waiting.placed == ["1"]
    await waiting.release(first)
    assert waiting.placed == ["1", "2"]


async def test_queue_with_higher_priority_goes_first() -> None:
    waiting = Waiting()
    first = large("1")
    await waiting.wait(first, large("low"), large("high", queue=Queue(name="urgent", priority=9)))
    await waiting.release(first)
    assert waiting.placed == ["1", "high"]


async def test_job_with_higher_scheduling_priority_goes_first() -> None:
    waiting = Waiting()
    first = large("1")
    await waiting.wait(first, large("low"), large("high", scheduling_priority=5))
    await waiting.release(first)
    assert waiting.placed == ["1", "high"]


async def test_first_job_blocks_its_queue() -> None:
    waiting = Waiting()
    await waiting.wait(job("1"), large("2"), job("3"))
    assert waiting.placed == ["1"]


async def test_oversized_job_says_so_and_blocks_only_its_queue() -> None:
    waiting = Waiting()
    huge = job("huge", vcpus=5.0)
    await waiting.wait(huge, job("behind"), job("beside", queue=Queue(name="other")))
    assert (waiting.placed, huge.status_reason) == (["beside"], TOO_LARGE)


async def test_shortage_stops_placement_and_shows_the_reason() -> None:
    waiting = Waiting()
    waiting.shortage = "CAPACITY:INSUFFICIENT_INSTANCE_CAPACITY"
    head = job("head")
    await waiting.wait(head, job("2"))
    assert (waiting.placed, head.status_reason) == ([], waiting.shortage)
    waiting.capacity.place()
    assert waiting.blocked == ["head"], "once for each reason, and only the first of the queue"
    waiting.shortage = ""
    waiting.capacity.place()
    await passes()
    assert (waiting.placed, head.status_reason) == (["head", "2"], "")


async def test_second_environment_takes_the_overflow() -> None:
    waiting = Waiting()
    other = SimpleNamespace(**{**vars(ENVIRONMENT), "arn": "arn:other", "name": "on-demand"})
    queue = Queue(environments=[ENVIRONMENT, other])
    await waiting.wait(large("1", queue=queue), large("2", queue=queue))
    assert [host.environment.name for host in waiting.hosts.values()] == ["spot", "on-demand"]


async def test_cancelled_wait_frees_its_place() -> None:
    waiting = Waiting()
    first = large("1")
    await waiting.wait(first, large("2"), large("3"))
    waiting.tasks[1].cancel()
    await waiting.release(first)
    assert waiting.placed == ["1", "3"]


async def test_job_that_the_account_may_not_start_waits_without_a_reason() -> None:
    """As with a quota that is used up, or a Free plan: Batch documents no reason for either."""
    waiting = Waiting()
    waiting.capacity = Capacity(lambda: "", lambda: "i-0", lambda _: None, lambda _environment, vcpus: vcpus <= 2)
    refused = large("1")
    await waiting.wait(refused)
    assert (waiting.placed, refused.status_reason) == ([], "")


@pytest.mark.parametrize(
    ("changes", "types", "starts"),
    [
        ({}, ["g5.xlarge"], True),
        ({"account_plan": "FREE"}, ["g5.xlarge", "m7i.xlarge"], False),
        ({"account_plan": "FREE"}, ["m7i-flex.large"], True),
        ({"gpu_vcpus": 0}, ["g5.xlarge"], False),
        ({"gpu_vcpus": 0}, ["p3.2xlarge"], False),
        ({"gpu_vcpus": 0}, ["p5.4xlarge"], False),
        ({"gpu_vcpus": 0}, ["m7i.xlarge"], True),
        ({"standard_vcpus": 3}, ["m7i.xlarge"], False),
        ({"standard_vcpus": 5}, ["m7i.xlarge"], True),
    ],
)
def test_what_plan_and_quotas_allow(changes: dict[str, Any], types: list[str], starts: bool) -> None:
    environment = SimpleNamespace(compute_resources={"type": "SPOT", "instanceTypes": types})
    assert account_starts(LiveSettings(parse(changes)), environment, 4.0) is starts


@pytest.mark.parametrize(
    ("types", "asked", "reason"),
    [
        (["g4dn.xlarge", "g5.2xlarge"], {"vcpus": 8.0, "memory": 20_000, "gpus": 1}, ""),
        (["g4dn.xlarge"], {"vcpus": 8.0, "memory": 512}, NO_MACHINE),
        (["g4dn.xlarge"], {"vcpus": 4.0, "memory": 16_384, "gpus": 1}, NO_MACHINE),
        (["g4dn.xlarge"], {"vcpus": 4.0, "memory": 12_000, "gpus": 2}, NO_MACHINE),
        (["m7i.xlarge"], {"vcpus": 4.0, "memory": 12_000, "gpus": 1}, NO_MACHINE),
        (["m7i"], {"vcpus": 8.0, "memory": 30_000}, ""),
        (["optimal"], {"vcpus": 8.0, "memory": 512, "gpus": 1}, ""),
        (["g4dn.xlarge"], {"vcpus": 17.0, "memory": 512}, TOO_LARGE),
    ],
)
async def test_job_that_no_machine_can_take_says_so(types: list[str], asked: dict[str, Any], reason: str) -> None:
    environment = SimpleNamespace(
        **{**vars(ENVIRONMENT), "compute_resources": {"maxvCpus": 16, "instanceTypes": types}}
    )
    gpus = [{"type": "GPU", "value": str(asked.pop("gpus"))}] if "gpus" in asked else []
    one = job(queue=Queue(environments=[environment]), container={"resourceRequirements": gpus}, **asked)
    waiting = Waiting()
    await waiting.wait(one)
    assert (one.status_reason, waiting.placed) == (reason, [] if reason else ["1"])
    for task in waiting.tasks:
        task.cancel()
