"""Submit, find, describe and end jobs in AWS Batch.

https://docs.aws.amazon.com/batch/latest/APIReference/API_Operations.html
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from typing import Any

from bot.adapters.aws.capacity import Capacity
from bot.adapters.aws.clients import AwsClients
from bot.adapters.aws.end_reasons import cancelled_by_queue, failure_reason
from bot.adapters.aws.error_codes import calling
from bot.adapters.aws.queue_machines import QueueMachines
from bot.adapters.aws.queue_queries import memory_in
from bot.adapters.aws.wait_reasons import ended_wait, wait_cause
from bot.domain.model.observation import Attempt, Observation
from bot.domain.model.states import EndReason, JobState, WaitCause
from bot.domain.money.machine import NO_RESOURCES, Resources
from bot.errors import Refused
from bot.ports.engine import Capabilities, Machines, SubmitCall

IDS_PER_CALL = 100
"""DescribeJobs, `jobs`: "A list of up to 100 job IDs." (API_DescribeJobs)"""
SHORTEST_TIMEOUT_SECONDS = 60
"""`attemptDurationSeconds`: "The minimum value for the timeout is 60 seconds." (API_JobTimeout)"""
_LONGEST_REASON = 1024
"""TerminateJob, `reason`: "This parameter has a limit of 1024 characters." (API_TerminateJob)"""
BATCH_VARIABLES = 600
"""Characters left for Batch's own variables, in case they count too: `AWS_BATCH_JOB_ID` and the others of
https://docs.aws.amazon.com/batch/latest/userguide/job_env_vars.html, with names of queue and environment.
Assumption: override-length."""
CAPABILITIES = Capabilities(
    name="AWS Batch",
    # "The array size can be between 2 and 10,000."
    # https://docs.aws.amazon.com/batch/latest/APIReference/API_ArrayProperties.html
    array_size=10_000,
    # "A total of 8192 characters are allowed for overrides. This limit includes the JSON formatting characters of the
    # override structure." https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_RunTask.html. A job beyond it
    # fails with "Container Overrides length must be at most 8192" (github.com/Netflix/metaflow/issues/1482).
    call_characters=8_192 - BATCH_VARIABLES,
    # Ended jobs stay listed for at least 24 hours, often for a week.
    # https://docs.aws.amazon.com/batch/latest/userguide/job_states.html. Assumption: ended-jobs.
    remembers_seconds=7 * 86_400.0,
)

# In the order in which a job passes them, so that a job that moves on between two calls is still found.
_UNFINISHED = [state for state in JobState if not state.terminal and state is not JobState.INTENT]
_ON_A_MACHINE = (JobState.STARTING, JobState.RUNNING)


class BatchEngine:
    """`bot.ports.engine.Engine` on AWS Batch. The SDK's own retries are off for `submit`.

    Reads are at least `read_interval` seconds apart. AWS publishes no rate for DescribeJobs and ListJobs; whatever it
    is, everyone in the account shares it. Assumption: read-rate.
    """

    def __init__(
        self,
        clients: AwsClients,
        *,
        read_interval: float = 0.1,
        now: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._client, self._once = clients.batch, clients.batch_once
        self._interval, self._now, self._sleep = read_interval, now, sleep
        self._next_read = 0.0
        self._capacity, self._machines = Capacity(clients.batch, now), QueueMachines(clients.batch, now)

    @property
    def capabilities(self) -> Capabilities:
        return CAPABILITIES

    async def submit(self, call: SubmitCall) -> str:
        environment = [{"name": name, "value": value} for name, value in call.environment.items()]
        array = {"arrayProperties": {"size": call.array_size}} if call.array_size else {}
        with calling("Batch SubmitJob"):
            answer = await self._once.submit_job(
                jobName=call.name,
                jobQueue=call.queue,
                jobDefinition=call.definition,
                containerOverrides={
                    "command": list(call.command),
                    "environment": environment,
                    **_resources(call.resources),
                },
                timeout={"attemptDurationSeconds": max(call.timeout_seconds, SHORTEST_TIMEOUT_SECONDS)},
                tags=dict(call.tags),
                propagateTags=True,
                **array,
            )
            return str(answer["jobId"])

    async def find(self, queue: str, name: str) -> list[Observation]:
        # ListJobs: "a case-insensitive match for the job name", and a final "*" matches anything: check the exact name.
        ids = await self._list_ids(jobQueue=queue, filters=[{"name": "JOB_NAME", "values": [name]}])
        described = await self.describe(ids)
        found = [job for job in described.values() if job.name == name]
        return sorted(found, key=lambda job: job.created_at or 0.0)

    async def describe(self, engine_ids: Sequence[str]) -> dict[str, Observation]:
        described: dict[str, Observation] = {}
        for ids in _chunks(list(dict.fromkeys(engine_ids)), IDS_PER_CALL):
            await self._wait_turn()
            with calling("Batch DescribeJobs"):
                answer = await self._client.describe_jobs(jobs=ids)
                observations = [_observation(detail) for detail in answer["jobs"]]
            described |= {observation.engine_id: observation for observation in observations}
        return described

    async def terminate(self, engine_id: str, reason: str) -> None:
        try:
            with calling("Batch TerminateJob"):
                await self._client.terminate_job(jobId=engine_id, reason=reason[:_LONGEST_REASON] or "Stopped")
        except Refused:
            job = (await self.describe([engine_id])).get(engine_id)
            if job is None or not job.state.terminal:
                raise

    async def live(self, queue: str) -> list[Observation]:
        ids = [job_id for state in _UNFINISHED for job_id in await self._list_ids(jobQueue=queue, jobStatus=state)]
        described = await self.describe(ids)
        return [job for job in described.values() if not job.state.terminal]

    async def children(self, engine_id: str, state: JobState) -> list[str]:
        return await self._list_ids(arrayJobId=engine_id, jobStatus=state)

    def child_id(self, engine_id: str, index: int) -> str:
        return f"{engine_id}:{index}"

    def child_index(self, child_id: str) -> int:
        return int(child_id.rpartition(":")[2])

    def parent_id(self, engine_id: str) -> str:
        return engine_id.partition(":")[0]

    async def room(self, queue: str, definition: str, resources: Resources = NO_RESOURCES) -> int | None:
        return await self._capacity.jobs_at_once(queue, definition, resources)

    async def machines(self, queue: str, definition: str, resources: Resources = NO_RESOURCES) -> Machines | None:
        return await self._machines.of(queue, definition, resources)

    async def made_since(self, queue: str, at: float) -> list[Observation]:
        since = str(max(0, round(at * 1000)))
        ids = await self._list_ids(jobQueue=queue, filters=[{"name": "AFTER_CREATED_AT", "values": [since]}])
        described = await self.describe(ids)
        return sorted(described.values(), key=lambda job: job.created_at or 0.0)

    async def _list_ids(self, **query: object) -> list[str]:
        """Job ids from all pages of ListJobs."""
        ids: list[str] = []
        page: dict[str, object] = {}
        while True:
            await self._wait_turn()
            with calling("Batch ListJobs"):
                answer = await self._client.list_jobs(**query, **page)
                ids += [str(summary["jobId"]) for summary in answer["jobSummaryList"]]
            if not answer.get("nextToken"):
                return ids
            page = {"nextToken": answer["nextToken"]}

    async def _wait_turn(self) -> None:
        """Wait until the next read may start."""
        now = self._now()
        at = max(self._next_read, now)
        self._next_read = at + self._interval
        if at > now:
            await self._sleep(at - now)


def _resources(wanted: Resources) -> dict[str, Any]:
    """Only the kinds that are listed are overridden; the deprecated `vcpus` and `memory` would override nothing:
    https://docs.aws.amazon.com/batch/latest/userguide/override-resource-requirements.html. Memory is in MiB
    (API_ResourceRequirement)."""
    return {"resourceRequirements": wanted.requirements} if wanted else {}


def _observation(detail: Mapping[str, Any]) -> Observation:
    """From a JobDetail: https://docs.aws.amazon.com/batch/latest/APIReference/API_JobDetail.html"""
    state = JobState(detail["status"])
    status_reason, attempts = detail.get("statusReason") or "", _attempts(detail, state)
    by_queue = cancelled_by_queue(status_reason)
    return Observation(
        engine_id=detail["jobId"],
        name=detail["jobName"],
        state=state,
        status_reason=status_reason,
        wait=_wait(detail, state, status_reason),
        created_at=_seconds(detail.get("createdAt")),
        started_at=_seconds(detail.get("startedAt")),
        stopped_at=_seconds(detail.get("stoppedAt")),
        attempts=attempts,
        tags=tuple((detail.get("tags") or {}).items()),
        environment=tuple(
            (variable["name"], variable.get("value", ""))
            for variable in (detail.get("container") or {}).get("environment") or ()
        ),
        terminated=bool(detail.get("isTerminated") or detail.get("isCancelled")) and not by_queue,
        children=_children(detail),
        reason=_why_failed(detail, attempts, status_reason),
        memory_mib=memory_in(detail.get("container") or {}),
    )


def _wait(detail: Mapping[str, Any], state: JobState, status_reason: str) -> WaitCause | None:
    if cancelled_by_queue(status_reason):
        return ended_wait(status_reason)
    earlier = [attempt.get("statusReason") or "" for attempt in detail.get("attempts") or ()]
    return wait_cause(status_reason, earlier) if state.waiting else None


def _why_failed(detail: Mapping[str, Any], attempts: Sequence[Attempt], status_reason: str) -> EndReason | None:
    if cancelled_by_queue(status_reason) and attempts:
        return EndReason.HOST_LOST  # it has run, and then waited in vain for its next machine
    known = failure_reason((attempts[-1].reason if attempts else "", status_reason))
    started = detail.get("startedAt") or any(each.started_at or each.exit_code is not None for each in attempts)
    never_ran = detail["status"] == JobState.FAILED and not started
    is_array = "statusSummary" in (detail.get("arrayProperties") or {})
    return EndReason.NOT_STARTED if known is None and never_ran and not is_array else known


def _children(detail: Mapping[str, Any]) -> tuple[tuple[JobState, int], ...]:
    counts = (detail.get("arrayProperties") or {}).get("statusSummary") or {}
    return tuple((state, counts[state]) for state in JobState if counts.get(state))


def _attempts(detail: Mapping[str, Any], state: JobState) -> tuple[Attempt, ...]:
    """The ended attempts and, last, the running one.

    `container` describes the last attempt, which may be running or already listed in `attempts`.
    """
    ended = tuple(_ended(attempt, detail) for attempt in detail.get("attempts") or ())
    container = detail.get("container") or {}
    stream, started = container.get("logStreamName"), _seconds(detail.get("startedAt"))
    if state in _ON_A_MACHINE:
        known = any(stream == attempt.log_stream for attempt in ended if stream) or any(
            started == attempt.started_at for attempt in ended if not stream
        )
        return ended if known else (*ended, Attempt(log_stream=stream or None, started_at=started))
    if state.terminal and not ended and (stream or "exitCode" in container or container.get("reason")):
        return (_ended({**detail, "container": container}, detail),)
    return ended


def _ended(attempt: Mapping[str, Any], detail: Mapping[str, Any]) -> Attempt:
    """Convert one ended attempt. It may have no times if it never started, so `stopped_at` falls back to the job's."""
    container = attempt.get("container") or {}
    times = (attempt.get("stoppedAt"), detail.get("stoppedAt"), attempt.get("startedAt"), detail.get("createdAt"))
    return Attempt(
        log_stream=container.get("logStreamName") or None,
        started_at=_seconds(attempt.get("startedAt")),
        stopped_at=_seconds(next((time for time in times if time), 0)) or 0.0,
        exit_code=container.get("exitCode"),
        reason=container.get("reason") or attempt.get("statusReason") or "",
    )


def _seconds(milliseconds: int | None) -> float | None:
    return milliseconds / 1000 if milliseconds else None


def _chunks(ids: Sequence[str], size: int) -> Iterator[list[str]]:
    for start in range(0, len(ids), size):
        yield list(ids[start : start + size])
