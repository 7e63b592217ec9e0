"""Run one attempt of a job: pull the image, run the container, stop it, and describe its end in Batch's words.

https://docs.aws.amazon.com/batch/latest/userguide/job_timeouts.html and job_env_vars.html; the texts are quoted in
https://github.com/aws/amazon-ecs-agent/issues/1187 (memory), https://github.com/prakhar1989/docker-curriculum/issues/253
(log group), https://github.com/awslabs/ecs-task-kite/issues/8 (image), and, for a lost host, "Host EC2 (instance
i-08784105ffff56b4f) terminated.", https://github.com/ministryofjustice/modernisation-platform-environments/pull/17291
"""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

from deploy.sandbox.aws.batch.jobs import AttemptResult, BatchAttempt, Job, StopCause, StopRequest
from deploy.sandbox.aws.common.ledger import Ledger
from deploy.sandbox.aws.common.role_credentials import URL, container_address
from deploy.sandbox.aws.common.settings import JOB_ACCESS_KEY_ID, REGION, SECRET_ACCESS_KEY, LiveSettings
from deploy.sandbox.aws.containers.container import CannotStartError, Container, ContainerSpec
from deploy.sandbox.aws.containers.job_secrets import SecretError, secret_variables
from deploy.sandbox.aws.containers.memory_limit import MemoryLimit
from deploy.sandbox.aws.containers.reaper import Reaper
from deploy.sandbox.aws.containers.start_role import LOGGING_FAILED, StartRole, start_role
from deploy.sandbox.aws.logs.log_driver import LogDriver, LogSink
from deploy.sandbox.aws.permissions.credentials import RoleCredentials

EXITED = "Essential container in task exited"
TIMED_OUT = "Job attempt duration exceeded timeout"
NOT_STARTED = "Task failed to start"
OUT_OF_MEMORY = "OutOfMemoryError: Container killed due to memory usage"
_DEFAULT_GROUP = "/aws/batch/job"


class AttemptRunner:
    """`endpoint` is AWS's address for containers; `directory` holds their directories while they run."""

    def __init__(
        self,
        endpoint: str,
        directory: Path,
        sink: LogSink,
        settings: LiveSettings,
        ledger: Ledger,
        clock: Callable[[], float],
        role_credentials: RoleCredentials,
    ) -> None:
        self._role_credentials = role_credentials
        self._endpoint = endpoint
        self._directory = directory
        self._sink = sink
        self._settings = settings
        self._ledger = ledger
        self._clock = clock
        self._reaper = Reaper(directory)

    def close(self) -> None:
        self._reaper.close()

    async def run(self, job: Job, attempt: BatchAttempt, on_running: Callable[[], None]) -> AttemptResult:
        """Run an attempt from STARTING to its end."""
        await asyncio.wait({attempt.stop}, timeout=self._settings.now.starting_seconds)
        if attempt.stop.done():
            return _stopped(job, attempt, attempt.stop.result(), None)
        entrypoint = self._settings.now.images.get(job.spec.image)
        role = self._start_role(job, attempt)
        refused = role.cannot_pull(job.spec.image) if role else ""
        if refused or entrypoint is None:
            return AttemptResult(NOT_STARTED, reason=refused or _cannot_pull(job.spec.image))
        if refused := self._cannot_log(job, attempt, role):
            return AttemptResult(NOT_STARTED, reason=refused)
        driver = LogDriver(job.spec.log_group, attempt.log_stream, self._sink, self._settings, self._ledger)
        credentials = self._open_credentials(job, attempt)
        try:
            spec = self._container_spec(job, attempt, entrypoint, credentials)
            container = await Container.start(spec, lambda data: driver.output(self._now(), data), self._reaper)
            on_running()
            outcome = await self._watch(job, attempt, container)
        except SecretError as error:
            return AttemptResult(NOT_STARTED, reason=str(error))
        except CannotStartError as error:
            return AttemptResult(NOT_STARTED, reason=f"CannotStartContainerError: Error response from daemon: {error}")
        finally:
            self._role_credentials.close(credentials)
        driver.close(self._now())
        return outcome

    async def _watch(self, job: Job, attempt: BatchAttempt, container: Container) -> AttemptResult:
        ends: list[asyncio.Future[Any]] = [container.exited, attempt.stop]
        memory = MemoryLimit(container.mark, job.spec.memory)
        keeping = asyncio.create_task(memory.keep()) if self._settings.now.enforce_memory else None
        await asyncio.wait(ends, timeout=self._limit(job), return_when=asyncio.FIRST_COMPLETED)
        if keeping is not None:
            keeping.cancel()
        if container.exited.done():
            return AttemptResult(EXITED, await container.end(), OUT_OF_MEMORY if memory.killed else "")
        settings = self._settings.now
        timeout = StopRequest(StopCause.TIMED_OUT, settings.stop_timeout_seconds)
        stop = attempt.stop.result() if attempt.stop.done() else timeout
        code = await container.stop(stop.grace, group=settings.signal_group)
        return _stopped(job, attempt, stop, code)

    def _limit(self, job: Job) -> float | None:
        seconds = job.spec.timeout_seconds
        return None if seconds is None else seconds * self._settings.now.timeout_scale

    def _cannot_log(self, job: Job, attempt: BatchAttempt, role: StartRole | None) -> str:
        group = job.spec.log_group
        if not self._log_group_ready(job):
            missing = "ResourceNotFoundException: The specified log group does not exist"
            return f"{LOGGING_FAILED} to create Cloudwatch log stream: {missing}: {group}"
        return role.cannot_log(group, attempt.log_stream) if role else ""

    def _log_group_ready(self, job: Job) -> bool:
        """Create the log group if Batch would: its default group, or one with `awslogs-create-group`."""
        group = job.spec.log_group
        options = job.spec.container.get("logConfiguration", {}).get("options", {})
        if not self._sink.group_exists(group):
            if group != _DEFAULT_GROUP and options.get("awslogs-create-group") != "true":
                return False
            self._sink.create_group(group)
        return True

    def _container_spec(
        self, job: Job, attempt: BatchAttempt, entrypoint: tuple[str, ...], credentials: str
    ) -> ContainerSpec:
        mark = f"{job.id}-{attempt.number}-{attempt.task_id}"
        role = self._start_role(job, attempt)
        environment = {
            "AWS_ENDPOINT_URL": self._endpoint,
            **self._credentials(credentials),
            "AWS_REGION": REGION,
            "AWS_DEFAULT_REGION": REGION,
            "AWS_EC2_METADATA_DISABLED": "true",
            **self._settings.now.environment,
            **job.spec.environment,
            **secret_variables(job.spec.container, role),
            "AWS_BATCH_JOB_ID": job.id,
            "AWS_BATCH_JOB_ATTEMPT": str(attempt.number),
            "AWS_BATCH_JQ_NAME": job.spec.queue.name,
            "AWS_BATCH_CE_NAME": attempt.host.environment.name,
            "SANDBOX_CONTAINER": mark,
        }
        if job.index is not None:
            environment["AWS_BATCH_JOB_ARRAY_INDEX"] = str(job.index)
        return ContainerSpec(
            (*entrypoint, *job.spec.command),
            environment,
            self._directory / attempt.task_id[:8],  # short, because it appears in every traceback
            f"SANDBOX_CONTAINER={mark}",
            self._settings.now.limit_capabilities,
        )

    def _open_credentials(self, job: Job, attempt: BatchAttempt) -> str:
        """The session of a task's role is the task's id; "" without a role.

        https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-iam-roles.html
        """
        role = job.spec.container.get("jobRoleArn")
        return self._role_credentials.open(role, attempt.task_id, JOB_ACCESS_KEY_ID) if role else ""

    def _credentials(self, container: str) -> dict[str, str]:
        """Where the container gets its role's credentials."""
        if container:
            return {URL: container_address(self._endpoint, container)}
        return {"AWS_ACCESS_KEY_ID": JOB_ACCESS_KEY_ID, "AWS_SECRET_ACCESS_KEY": SECRET_ACCESS_KEY}

    def _start_role(self, job: Job, attempt: BatchAttempt) -> StartRole | None:
        """The role with which ECS starts the container; None while permissions are not enforced."""
        if not self._settings.now.enforce_permissions:
            return None
        return start_role(str(job.spec.container.get("executionRoleArn", "")), attempt)

    def _now(self) -> int:
        return int(self._clock() * 1000)


def _stopped(job: Job, attempt: BatchAttempt, stop: StopRequest, exit_code: int | None) -> AttemptResult:
    match stop.cause:
        case StopCause.TERMINATED:
            return AttemptResult(job.terminated or EXITED, exit_code, final=True)
        case StopCause.TIMED_OUT:
            return AttemptResult(TIMED_OUT, exit_code, final=True)
        case StopCause.RECLAIMED:
            return AttemptResult(f"Host EC2 (instance {attempt.host.instance_id}) terminated.")
        case StopCause.OUT_OF_MEMORY:
            return AttemptResult(EXITED, exit_code, OUT_OF_MEMORY)


def _cannot_pull(image: str) -> str:
    return (
        f"CannotPullContainerError: Error response from daemon: pull access denied for {image}, repository does "
        "not exist or may require 'docker login': denied: requested access to the resource is denied"
    )
