"""Batch jobs in the stand-in.

https://docs.aws.amazon.com/batch/latest/userguide/job_states.html
"""

import asyncio
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from deploy.sandbox.aws.batch.retries import ExitRule


class Status(StrEnum):
    SUBMITTED = "SUBMITTED"
    PENDING = "PENDING"
    RUNNABLE = "RUNNABLE"
    STARTING = "STARTING"
    RUNNING = "RUNNING"
    SUCCEEDED = "SUCCEEDED"
    FAILED = "FAILED"

    @property
    def ended(self) -> bool:
        return self in (Status.SUCCEEDED, Status.FAILED)

    @property
    def on_host(self) -> bool:
        return self in (Status.STARTING, Status.RUNNING)


class StopCause(StrEnum):
    TERMINATED = "terminated"
    RECLAIMED = "reclaimed"
    TIMED_OUT = "timed-out"
    OUT_OF_MEMORY = "out-of-memory"


@dataclass(frozen=True, slots=True)
class StopRequest:
    """A request to end a running attempt: SIGTERM, then SIGKILL `grace` seconds later, or at once if 0."""

    cause: StopCause
    grace: float


@dataclass(frozen=True, slots=True)
class AttemptResult:
    """How an attempt ended, in Batch's words. No exit code if nobody saw the process exit."""

    status_reason: str
    exit_code: int | None = None
    reason: str = ""
    final: bool = False
    """Never retried, whatever the retry strategy says."""

    @property
    def succeeded(self) -> bool:
        return self.exit_code == 0 and not self.final


@dataclass(frozen=True, slots=True)
class Dependency:
    """`kind` is "", "N_TO_N", or "SEQUENTIAL", which needs no job id."""

    job_id: str
    kind: str = ""


@dataclass(frozen=True, slots=True)
class Host:
    """The instance of a compute environment on which an attempt runs."""

    environment: Any
    instance_id: str


@dataclass(slots=True)
class BatchAttempt:
    """One attempt of a job. Times in ms since the epoch."""

    number: int
    task_id: str
    host: Host
    log_stream: str
    stop: "asyncio.Future[StopRequest]"
    started_at: int | None = None
    stopped_at: int | None = None
    outcome: AttemptResult | None = None


@dataclass(frozen=True, slots=True)
class JobSpec:
    """A SubmitJob request merged with its job definition. An array's children share it.

    `queue` is moto's queue; `container` is the definition's containerProperties with the overrides applied.
    """

    name: str
    queue: Any
    definition_arn: str
    container: Mapping[str, Any]
    command: tuple[str, ...]
    environment: Mapping[str, str]
    vcpus: float
    memory: int
    log_group: str
    log_prefix: str
    parameters: Mapping[str, str] = field(default_factory=dict)
    platform_capabilities: tuple[str, ...] = ()
    depends_on: tuple[Dependency, ...] = ()
    attempts: int = 1
    exit_rules: tuple[ExitRule, ...] = ()
    timeout_seconds: int | None = None
    scheduling_priority: int | None = None
    share_identifier: str | None = None
    propagate_tags: bool = False
    override_characters: int = 0
    propagated_tags: int = 0

    @property
    def gpus(self) -> int:
        asked = self.container.get("resourceRequirements") or ()
        return sum(int(each["value"]) for each in asked if each["type"] == "GPU")

    @property
    def image(self) -> str:
        return str(self.container.get("image", ""))


@dataclass(slots=True, eq=False)
class Job:
    """A single job, an array's parent or one of its children. Times in ms since the epoch."""

    id: str
    arn: str
    spec: JobSpec
    created_at: int
    index: int | None = None
    parent: "Job | None" = None
    children: list["Job"] = field(default_factory=list)
    summary: Counter[Status] = field(default_factory=Counter)
    """How many children are in each state, if this is a parent."""
    status: Status = Status.SUBMITTED
    status_reason: str = ""
    history: list[tuple[int, Status]] = field(default_factory=list)
    attempts: list[BatchAttempt] = field(default_factory=list)
    """Ended attempts, and the current one last."""
    started_at: int | None = None
    stopped_at: int | None = None
    cancelled: bool = False
    terminated: str | None = None
    """The reason given in TerminateJob."""
    ended: asyncio.Event = field(default_factory=asyncio.Event)
    task: "asyncio.Task[None] | None" = None

    @property
    def attempt(self) -> BatchAttempt | None:
        """The latest attempt, ended or not."""
        return self.attempts[-1] if self.attempts else None

    def status_at(self, ms: int) -> Status | None:
        """The state at a time; None before the submission."""
        return next((status for at, status in reversed(self.history) if at <= ms), None)
