"""The AWS stand-in's settings, at its start or while it runs (`POST /sandbox/settings`)."""

import base64
import hashlib
from collections.abc import Mapping
from typing import Any, Literal

from pydantic import BaseModel, Field, ValidationError

REGION = "us-east-1"
ACCESS_KEY_ID = "sandbox"
JOB_ACCESS_KEY_ID = "sandbox-job"
"""Jobs use this key, so that their calls differ from all others."""
SECRET_ACCESS_KEY = "sandbox"  # noqa: S105  any value works: signatures are not checked

GPU_QUOTAS = frozenset({"L-DB2E81BA", "L-3819A6DF", "L-417A185B", "L-7212CCBC", "L-C4BD4855"})
"""G and VT, and P, on demand and spot; all other quotas of EC2 here are for standard instances."""

SESSION_TOKEN = base64.b64encode(hashlib.shake_256(b"sandbox").digest(690)).decode()
"""As long as those of a role: 700 to 1,100 characters. Like signatures, it is not checked.

"The size of the security token that STS API operations return is not fixed"
(https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html), and it is part of every signed link.
"""

# As an image would set it: unbuffered output, one thread for each job.
_ENVIRONMENT = {"PYTHONUNBUFFERED": "1", "LANG": "C.UTF-8", "OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}


class SettingsError(ValueError):
    """A setting is unknown or invalid; the message lists the valid ones."""


class Settings(BaseModel, frozen=True, extra="forbid"):
    """Seconds are wall-clock seconds and may be fractions."""

    images: Mapping[str, tuple[str, ...]] = {}
    """ENTRYPOINT by image name, as an argument list. Batch's command is appended to it."""
    environment: Mapping[str, str] = _ENVIRONMENT
    """ENV of every image. The job definition's and the job's own environment override it."""

    submitted_seconds: float = Field(0.05, ge=0)
    """From the submission until the scheduler looks at the job."""
    runnable_seconds: float = Field(0.2, ge=0)
    """From the moment there is capacity until the host has started."""
    starting_seconds: float = Field(0.2, ge=0)
    """How long pulling the image takes."""
    scale_down_seconds: float = Field(300.0, ge=0)
    """How long a machine idles before Batch ends it: docs/assumptions.md, idle-minutes."""
    stop_timeout_seconds: float = Field(30.0, ge=0)
    """From SIGTERM to SIGKILL."""
    timeout_scale: float = Field(1.0, gt=0)
    """Real seconds for one second of `attemptDurationSeconds`."""
    wait_limit_scale: float = Field(1.0, gt=0)
    """Real seconds for one second of `maxTimeSeconds` in a queue's `jobStateTimeLimitActions`."""
    signal_group: bool = True
    """Whether SIGTERM goes to the whole process group. ECS signals only the container's first process."""
    limit_capabilities: bool = True
    """Whether root has only Docker's capabilities in a container. An engine that runs real containers needs all."""
    capacity_reason: str = ""
    """While this is not empty, no host is found, and the first job in the queue has it as its statusReason."""

    describe_lag_seconds: float = Field(0.0, ge=0)
    """How long a submitted job is missing from DescribeJobs."""
    list_lag_seconds: float = Field(0.0, ge=0)
    """How old the states in ListJobs are."""

    log_flush_seconds: float = Field(0.25, ge=0)
    """How often the log driver sends its lines; 5 at AWS."""
    log_ingestion_seconds: float = Field(0.0, ge=0)
    """How much later the lines can be read, perhaps after the job's end."""
    log_page_events: int = Field(10_000, ge=1, le=10_000)
    """Events on a page of FilterLogEvents, at most."""
    log_empty_pages: bool = False
    """Whether the first page is empty but has a token."""
    missing_stream_fails: bool = True
    """Whether FilterLogEvents fails if a named stream does not exist."""

    s3_single_call_bytes: int = Field(5 * 1024**3, ge=1)
    """The largest object that PutObject, CopyObject and a part take. A test makes it small."""

    date_offset_seconds: float = 0.0
    """How far ahead of the clock the Date header of every answer is."""
    gpu_vcpus: float = Field(64.0, ge=0)
    """The account's quotas for G and VT, and for P instances, spot and on-demand, in vCPUs."""

    standard_vcpus: float = Field(64.0, ge=0)
    """The same for standard instances: A, C, D, H, I, M, R, T, Z."""
    account_plan: Literal["FREE", "PAID", ""] = "PAID"
    """The account's plan; "" for an account from before 2025-07-15, which has none."""

    enforce_memory: bool = False
    """Whether a container's memory is limited to what its job asks for."""
    enforce_permissions: bool = False
    """Whether a role may make only the calls that its policies allow."""
    credential_seconds: float = Field(3600.0, gt=0)
    """How long a role's credentials work. ECS and EC2 renew theirs after some hours at the latest."""
    record_calls: bool = False
    """Whether to record the permissions that each call needs, for `GET /sandbox/calls`."""

    events: bool = True
    """Whether EventBridge gets an event for each state change."""
    event_delay_seconds: float = Field(0.0, ge=0)

    def changed(self, changes: Mapping[str, Any]) -> "Settings":
        """These settings with changes. Raises SettingsError."""
        return parse({**self.model_dump(), **changes})


def parse(values: Any) -> Settings:
    """Settings from JSON values. Raises SettingsError."""
    try:
        return Settings.model_validate(values)
    except ValidationError as error:
        wrong = "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}, given {e['input']!r}" for e in error.errors())
        raise SettingsError(f"{wrong}. Valid settings: {', '.join(Settings.model_fields)}.") from error


class LiveSettings:
    """The current settings, `now`: every part reads them from this object, and they change only here."""

    def __init__(self, settings: Settings) -> None:
        self.now = settings
        self.granted: dict[str, float] = {}
        """Quotas that were increased, by code."""

    def quota(self, code: str) -> float:
        """The account's vCPUs under a quota of EC2."""
        default = self.now.gpu_vcpus if code in GPU_QUOTAS else self.now.standard_vcpus
        return self.granted.get(code, default)

    def change(self, changes: Mapping[str, Any]) -> Settings:
        """Change some settings, or none if one is invalid: raises SettingsError."""
        self.now = self.now.changed(changes)
        return self.now
