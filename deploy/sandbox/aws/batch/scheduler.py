"""Take jobs through Batch's states. Everything runs on one event loop, so nothing needs a lock.

https://docs.aws.amazon.com/batch/latest/userguide/job_states.html: "Array job parents are updated to PENDING when any
child job is updated to RUNNABLE and remain in PENDING status while child jobs are running."
https://docs.aws.amazon.com/batch/latest/userguide/job_dependencies.html has N_TO_N and SEQUENTIAL.
The text about overrides is quoted in https://github.com/Netflix/metaflow/issues/1482. Those about dependencies and
child jobs are in no document, and nothing in the bot reads them.
"""

import asyncio
import logging
from collections import Counter
from collections.abc import Callable, Coroutine, Sequence
from functools import partial
from random import Random
from typing import Any, Protocol

from deploy.sandbox.aws.batch.account import account_starts
from deploy.sandbox.aws.batch.capacity import Capacity
from deploy.sandbox.aws.batch.errors import RefusedError
from deploy.sandbox.aws.batch.jobs import (
    AttemptResult,
    BatchAttempt,
    Dependency,
    Host,
    Job,
    Status,
    StopCause,
    StopRequest,
)
from deploy.sandbox.aws.batch.machines import Machines
from deploy.sandbox.aws.batch.retries import wants_retry
from deploy.sandbox.aws.batch.submissions import MAX_TAGS
from deploy.sandbox.aws.batch.time_limits import TimeLimitError, within_limits
from deploy.sandbox.aws.common.ledger import Ledger
from deploy.sandbox.aws.common.settings import LiveSettings

_MAX_OVERRIDE_CHARACTERS = 8192
_OVERRIDES_TOO_LONG = f"Container Overrides length must be at most {_MAX_OVERRIDE_CHARACTERS}"
_TOO_MANY_TAGS = f"The job and its job definition have more than {MAX_TAGS} tags together"
"""API_SubmitJob: "If the total number of combined tags from the job and job definition is over 50, the job is moved to
the FAILED state." Its statusReason is not documented; this one is made up."""
_DEPENDENCY_FAILED = "Dependent Job failed"

_log = logging.getLogger(__name__)


class Runner(Protocol):
    async def run(self, job: Job, attempt: BatchAttempt, on_running: Callable[[], None]) -> AttemptResult:
        """Run one attempt from STARTING to its end, which comes early if `attempt.stop` is set."""


class Scheduler:
    """All jobs. `clock` returns seconds since the epoch; `announce` is called at every change of state, and
    `blocked` when the first job of a queue gets a reason why it waits."""

    def __init__(
        self,
        runner: Runner,
        announce: Callable[[Job], None],
        settings: LiveSettings,
        ledger: Ledger,
        clock: Callable[[], float],
        rng: Random,
        blocked: Callable[[Job], None] = lambda _: None,
    ) -> None:
        self._runner = runner
        self._announce = announce
        self._settings = settings
        self._ledger = ledger
        self._clock = clock
        self._rng = rng
        self._capacity = Capacity(
            lambda: settings.now.capacity_reason,
            lambda: f"i-{rng.getrandbits(68):017x}",
            blocked,
            partial(account_starts, settings),
        )
        self.jobs: dict[str, Job] = {}
        self.machines = Machines(settings, clock)

    def submit(self, job: Job, array_size: int | None = None) -> None:
        """Start a new job, with `array_size` children if given.

        Raises RefusedError if it depends on an unknown job.
        """
        for each in job.spec.depends_on:
            if each.job_id and each.job_id not in self.jobs:
                raise RefusedError(f"Job {each.job_id}, on which this job depends, does not exist")
        self._add(job)
        for index in range(array_size or 0):
            child = Job(f"{job.id}:{index}", f"{job.arn}:{index}", job.spec, job.created_at, index=index, parent=job)
            job.children.append(self._add(child))
        job.summary = Counter(child.status for child in job.children)
        self._start(job, self._run_array(job) if job.children else self._run(job))

    def cancel(self, job: Job, reason: str) -> None:
        """End a job that has not reached STARTING; do nothing to any other.

        https://docs.aws.amazon.com/batch/latest/APIReference/API_CancelJob.html
        """
        for each in [job, *job.children]:
            if not each.status.ended and not each.status.on_host:
                each.cancelled = True
                self._abandon(each, reason)

    def terminate(self, job: Job, reason: str) -> None:
        """End a job in any state."""
        for each in [job, *job.children]:
            if each.status.ended:
                continue
            each.terminated = reason
            if each.status.on_host:
                self.stop(each, StopRequest(StopCause.TERMINATED, self._settings.now.stop_timeout_seconds))
            else:
                self._abandon(each, reason)

    def stop(self, job: Job, stop: StopRequest) -> None:
        """End the current attempt, if there is one."""
        if job.status.on_host and job.attempt and not job.attempt.stop.done():
            job.attempt.stop.set_result(stop)

    def settings_changed(self) -> None:
        self._capacity.place()

    async def close(self) -> None:
        """Kill every running job."""
        tasks = [job.task for job in self.jobs.values() if job.task and not job.task.done()]
        for job in self.jobs.values():
            if job.status.on_host:
                job.terminated = "The sandbox is closed"
                self.stop(job, StopRequest(StopCause.TERMINATED, 0))
            elif job.task:
                job.task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self.jobs.clear()

    # ---- one job -----------------------------------------------------------------------------------------
    async def _run(self, job: Job) -> None:
        await asyncio.sleep(self._settings.now.submitted_seconds)
        if not await self._dependencies_met(job):
            self._end(job, Status.FAILED, _DEPENDENCY_FAILED)
            return
        if job.spec.override_characters > _MAX_OVERRIDE_CHARACTERS:
            self._end(job, Status.FAILED, _OVERRIDES_TOO_LONG)
            return
        if job.spec.propagated_tags > MAX_TAGS:
            self._end(job, Status.FAILED, _TOO_MANY_TAGS)
            return
        while True:
            try:
                outcome = await self._try(job)
            except TimeLimitError as error:
                job.cancelled = True
                self._end(job, Status.FAILED, str(error))
                return
            if outcome.succeeded:
                self._end(job, Status.SUCCEEDED, outcome.status_reason)
                return
            if not self._retries(job, outcome):
                self._end(job, Status.FAILED, job.terminated or outcome.status_reason)
                return

    async def _try(self, job: Job) -> AttemptResult:
        self._move(job, Status.RUNNABLE)
        waiting, scale = self._capacity.acquire(job), self._settings.now.wait_limit_scale
        host = await within_limits(job, waiting, scale, lambda host: self._capacity.release(job, host))
        try:
            await asyncio.sleep(self._settings.now.runnable_seconds)
            attempt = self._new_attempt(job, host)
            self._move(job, Status.STARTING)
            attempt.outcome = await self._runner.run(job, attempt, lambda: self._move(job, Status.RUNNING))
            attempt.stopped_at = self._now()
            return attempt.outcome
        finally:
            self.machines.left(host, job)
            self._capacity.release(job, host)

    def _new_attempt(self, job: Job, host: Host) -> BatchAttempt:
        task_id = f"{self._rng.getrandbits(128):032x}"
        attempt = BatchAttempt(
            number=len(job.attempts) + 1,
            task_id=task_id,
            host=host,
            log_stream=f"{job.spec.log_prefix}/default/{task_id}",
            stop=asyncio.get_running_loop().create_future(),
        )
        job.attempts.append(attempt)
        return attempt

    def _retries(self, job: Job, outcome: AttemptResult) -> bool:
        if outcome.final or job.terminated is not None or len(job.attempts) >= job.spec.attempts:
            return False
        return wants_retry(job.spec.exit_rules, outcome.status_reason, outcome.reason, outcome.exit_code)

    # ---- arrays and dependencies ---------------------------------------------------------------------------
    async def _run_array(self, parent: Job) -> None:
        await asyncio.sleep(self._settings.now.submitted_seconds)
        self._move(parent, Status.PENDING)
        met = await self._all_succeed([each for each in parent.spec.depends_on if not each.kind])
        for child in parent.children:
            if met and not child.status.ended:
                self._start(child, self._run(child))
            elif not met:
                self._end(child, Status.FAILED, _DEPENDENCY_FAILED)

    async def _dependencies_met(self, job: Job) -> bool:
        all_dependencies = (
            [self._dependency_of_child(job, each) for each in job.spec.depends_on]
            if job.parent
            else job.spec.depends_on
        )
        dependencies = [each for each in all_dependencies if each is not None]
        if dependencies:
            self._move(job, Status.PENDING)
        return await self._all_succeed(dependencies)

    async def _all_succeed(self, dependencies: Sequence[Dependency]) -> bool:
        for dependency in dependencies:
            other = self.jobs.get(dependency.job_id)
            if other is None:
                return False
            await other.ended.wait()
            if other.status is Status.FAILED:
                return False
        return True

    def _dependency_of_child(self, child: Job, dependency: Dependency) -> Dependency | None:
        """What a child waits for by itself: its parent has already waited for whole jobs."""
        if dependency.kind == "N_TO_N":
            return Dependency(f"{dependency.job_id}:{child.index}")
        if dependency.kind == "SEQUENTIAL" and child.parent and child.index:
            return Dependency(f"{child.parent.id}:{child.index - 1}")
        return None

    def _child_moved(self, parent: Job, before: Status, after: Status) -> None:
        parent.summary[before] -= 1
        parent.summary[after] += 1
        ended = parent.summary[Status.SUCCEEDED] + parent.summary[Status.FAILED]
        if ended < len(parent.children) or parent.status.ended:
            return
        if parent.summary[Status.FAILED]:
            self._end(parent, Status.FAILED, parent.terminated or "Array Child Job failed")
        else:
            self._end(parent, Status.SUCCEEDED, "")

    # ---- moves ---------------------------------------------------------------------------------------------
    def _add(self, job: Job) -> Job:
        self.jobs[job.id] = job
        job.history.append((job.created_at, job.status))
        return job

    def _start(self, job: Job, run: Coroutine[Any, Any, None]) -> None:
        job.task = asyncio.get_running_loop().create_task(run)
        job.task.add_done_callback(_log_failure)

    def _abandon(self, job: Job, reason: str) -> None:
        """End a job that is not on a host. An array's parent ends with its last child."""
        if job.children:
            return
        if job.task:
            job.task.cancel()
        self._end(job, Status.FAILED, reason)

    def _end(self, job: Job, status: Status, reason: str) -> None:
        if job.status.ended:
            return
        job.stopped_at = self._now()
        self._move(job, status, reason)
        job.ended.set()

    def _move(self, job: Job, status: Status, reason: str = "") -> None:
        before, now = job.status, self._now()
        job.status, job.status_reason = status, reason
        job.history.append((now, status))
        if status is Status.RUNNING and job.attempt:
            job.started_at = job.attempt.started_at = now
        if job.parent:
            self._child_moved(job.parent, before, status)
        facts = {"jobId": job.id, "jobName": job.spec.name, "status": status, "statusReason": reason}
        self._ledger.add("job.state", **facts, attempt=len(job.attempts))
        self._announce(job)

    def _now(self) -> int:
        return int(self._clock() * 1000)


def _log_failure(task: "asyncio.Task[None]") -> None:
    if not task.cancelled() and (error := task.exception()):
        _log.error("a job's task failed", exc_info=error)
