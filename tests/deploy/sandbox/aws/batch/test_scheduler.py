"""The scheduler with scripted attempts: no processes, no waiting."""

import asyncio
from collections.abc import Callable
from random import Random
from typing import Any

import pytest

from deploy.sandbox.aws.batch.errors import RefusedError
from deploy.sandbox.aws.batch.jobs import AttemptResult, BatchAttempt, Dependency, Job, Status, StopCause, StopRequest
from deploy.sandbox.aws.batch.retries import ExitRule
from deploy.sandbox.aws.batch.scheduler import Scheduler
from deploy.sandbox.aws.common.ledger import Ledger
from deploy.sandbox.aws.common.settings import LiveSettings, Settings
from tests.deploy.sandbox.aws.factory import job

AT_ONCE = Settings(submitted_seconds=0, runnable_seconds=0, starting_seconds=0)
EXITED = "Essential container in task exited"
SUCCESS = AttemptResult(EXITED, 0)
FAILURE = AttemptResult(EXITED, 1)
HOST_LOST = AttemptResult("Host EC2 (instance i-0) terminated.")
TERMINATED = AttemptResult("", 143, final=True)


class Script:
    """A runner whose attempts end with `outcomes`, in order, or when they are stopped; `hold` keeps them running."""

    def __init__(self, *outcomes: AttemptResult) -> None:
        self.outcomes = list(outcomes)
        self.hold = asyncio.Event()
        self.hold.set()
        self.running: list[str] = []
        self.stops: list[StopRequest] = []

    async def run(self, job: Job, attempt: BatchAttempt, on_running: Callable[[], None]) -> AttemptResult:
        self.running.append(job.id)
        on_running()
        held = asyncio.create_task(self.hold.wait())
        ends: list[asyncio.Future[Any]] = [held, attempt.stop]
        await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
        held.cancel()
        if attempt.stop.done():
            self.stops.append(attempt.stop.result())
            return HOST_LOST if attempt.stop.result().cause is StopCause.RECLAIMED else TERMINATED
        return self.outcomes.pop(0) if self.outcomes else SUCCESS


class World:
    def __init__(self, *outcomes: AttemptResult, settings: Settings = AT_ONCE) -> None:
        self.script = Script(*outcomes)
        self.seen: list[tuple[str, Status]] = []
        self.ledger = Ledger(lambda: 1.0)
        self.settings = LiveSettings(settings)
        self.scheduler = Scheduler(self.script, self.announce, self.settings, self.ledger, lambda: 1.0, Random(1))

    def announce(self, one: Job) -> None:
        self.seen.append((one.id, one.status))

    def submit(self, one: Job, size: int | None = None) -> Job:
        self.scheduler.submit(one, size)
        return one

    def states(self, job_id: str) -> list[Status]:
        return [status for each, status in self.seen if each == job_id]


async def turns(number: int = 50) -> None:
    """Let every task run until it waits for something."""
    for _ in range(number):
        await asyncio.sleep(0)


async def test_job_passes_through_its_states_in_order() -> None:
    world = World()
    one = world.submit(job())
    await one.ended.wait()
    assert world.states("1") == ["RUNNABLE", "STARTING", "RUNNING", "SUCCEEDED"]
    assert [entry["status"] for entry in world.ledger.entries()] == world.states("1")
    assert one.status_reason == EXITED


async def test_failed_attempt_is_retried_up_to_the_limit() -> None:
    world = World(FAILURE, FAILURE)
    one = world.submit(job(attempts=2))
    await one.ended.wait()
    assert one.status is Status.FAILED
    assert [attempt.number for attempt in one.attempts] == [1, 2]
    assert world.states("1").count(Status.RUNNABLE) == 2
    assert len({attempt.log_stream for attempt in one.attempts}) == 2


async def test_exit_rules_decide_which_failures_are_retried() -> None:
    rules = (ExitRule(retry=True, on_status_reason="Host EC2*"), ExitRule(retry=False, on_reason="*"))
    world = World(HOST_LOST, FAILURE, SUCCESS)
    one = world.submit(job(attempts=5, exit_rules=rules))
    await one.ended.wait()
    assert (one.status, len(one.attempts)) == (Status.FAILED, 2)


async def test_final_result_is_not_retried() -> None:
    world = World(AttemptResult("Job attempt duration exceeded timeout", 137, final=True))
    one = world.submit(job(attempts=5))
    await one.ended.wait()
    assert (one.status, one.status_reason) == (Status.FAILED, "Job attempt duration exceeded timeout")


async def test_terminated_job_fails_with_the_given_reason() -> None:
    world = World()
    world.script.hold.clear()
    one = world.submit(job(attempts=5))
    await turns()
    world.scheduler.terminate(one, "stopped by mika")
    await one.ended.wait()
    assert (one.status, one.status_reason) == (Status.FAILED, "stopped by mika")
    assert world.script.stops == [StopRequest(StopCause.TERMINATED, 30.0)]


async def test_no_retry_if_terminated_during_a_reclaim() -> None:
    world = World()
    world.script.hold.clear()
    one = world.submit(job(attempts=5))
    await turns()
    world.scheduler.stop(one, StopRequest(StopCause.RECLAIMED, 0))
    world.scheduler.terminate(one, "enough")
    await one.ended.wait()
    assert (len(one.attempts), one.status_reason) == (1, "enough")


async def test_cancel_does_not_affect_a_running_job() -> None:
    world = World()
    world.script.hold.clear()
    one = world.submit(job())
    await turns()
    world.scheduler.cancel(one, "no")
    await turns()
    assert (one.status, one.cancelled) == (Status.RUNNING, False)


async def test_cancel_ends_a_waiting_job_and_frees_its_place() -> None:
    world = World()
    world.script.hold.clear()
    first, second, third = (world.submit(job(str(n), vcpus=4.0)) for n in range(3))
    await turns()
    assert (first.status, second.status) == (Status.RUNNING, Status.RUNNABLE)
    world.scheduler.cancel(second, "not needed")
    assert (second.status, second.status_reason, second.cancelled) == (Status.FAILED, "not needed", True)
    world.script.hold.set()
    await third.ended.wait()
    assert world.script.running == ["0", "2"]


async def test_job_waits_for_its_dependencies() -> None:
    world = World()
    world.script.hold.clear()
    world.submit(job("a"))
    second = world.submit(job("b", depends_on=(Dependency("a"),)))
    await turns()
    assert second.status is Status.PENDING
    world.script.hold.set()
    await second.ended.wait()
    assert world.script.running == ["a", "b"]


async def test_failed_dependency_fails_the_job() -> None:
    world = World(FAILURE)
    world.submit(job("a"))
    second = world.submit(job("b", depends_on=(Dependency("a"),)))
    await second.ended.wait()
    assert (second.status, second.status_reason) == (Status.FAILED, "Dependent Job failed")
    assert world.script.running == ["a"]


async def test_unknown_dependency_is_refused() -> None:
    world = World()
    with pytest.raises(RefusedError, match="Job x, on which"):
        world.submit(job(depends_on=(Dependency("x"),)))
    assert world.scheduler.jobs == {}


async def test_array_is_pending_until_its_children_end() -> None:
    world = World()
    world.script.hold.clear()
    parent = world.submit(job("p"), 3)
    await turns()
    assert parent.status is Status.PENDING
    assert parent.summary[Status.RUNNING] == 3
    world.script.hold.set()
    await parent.ended.wait()
    assert world.states("p") == ["PENDING", "SUCCEEDED"]
    assert world.script.running == ["p:0", "p:1", "p:2"]
    assert +parent.summary == {Status.SUCCEEDED: 3}


async def test_array_with_a_failed_child_fails() -> None:
    world = World(SUCCESS, FAILURE)
    parent = world.submit(job("p"), 2)
    await parent.ended.wait()
    assert (parent.status, parent.status_reason) == (Status.FAILED, "Array Child Job failed")


async def test_terminating_an_array_ends_every_child() -> None:
    world = World()
    world.script.hold.clear()
    parent = world.submit(job("p", vcpus=4.0), 3)
    await turns()
    world.scheduler.terminate(parent, "all of them")
    await parent.ended.wait()
    assert {child.status_reason for child in parent.children} == {"all of them"}
    assert (parent.status, parent.status_reason, world.script.running) == (Status.FAILED, "all of them", ["p:0"])


async def test_failed_dependency_fails_array_and_children() -> None:
    world = World(FAILURE)
    world.submit(job("a"))
    parent = world.submit(job("p", depends_on=(Dependency("a"),)), 2)
    await parent.ended.wait()
    assert {child.status for child in parent.children} == {Status.FAILED}
    assert world.script.running == ["a"]


async def test_sequential_array_runs_children_one_by_one() -> None:
    world = World(SUCCESS, FAILURE)
    parent = world.submit(job("p", depends_on=(Dependency("", "SEQUENTIAL"),)), 3)
    await parent.ended.wait()
    assert world.script.running == ["p:0", "p:1"]
    assert parent.children[2].status_reason == "Dependent Job failed"


async def test_children_wait_for_the_child_of_the_same_index() -> None:
    world = World(SUCCESS, FAILURE)
    world.submit(job("a"), 2)
    parent = world.submit(job("b", depends_on=(Dependency("a", "N_TO_N"),)), 2)
    await parent.ended.wait()
    assert [child.status for child in parent.children] == [Status.SUCCEEDED, Status.FAILED]


async def test_too_long_overrides_fail_the_job_after_submission() -> None:
    world = World()
    one = world.submit(job(override_characters=8193))
    await one.ended.wait()
    assert one.status_reason == "Container Overrides length must be at most 8192"
    assert world.script.running == []


async def test_closing_ends_running_and_waiting_jobs() -> None:
    world = World()
    world.script.hold.clear()
    first, second = world.submit(job("0", vcpus=4.0)), world.submit(job("1", vcpus=4.0))
    await turns()
    await world.scheduler.close()
    assert first.status is Status.FAILED
    assert second.task is not None
    assert second.task.cancelled()
    assert world.scheduler.jobs == {}
