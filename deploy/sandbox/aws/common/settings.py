"""What can be set in the AWS stand-in, at its start or while it runs (`POST /sandbox/settings`)."""

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, Field, ValidationError

REGION = "us-east-1"
ACCESS_KEY_ID = "sandbox"
JOB_ACCESS_KEY_ID = "sandbox-job"
"""What tells the calls of jobs from all others."""
SECRET_ACCESS_KEY = "sandbox"  # noqa: S105  anything goes: signatures are not checked

# What an image would set: lines leave the process as they are printed, one thread for each job.
_ENVIRONMENT = {"PYTHONUNBUFFERED": "1", "LANG": "C.UTF-8", "OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}


class SettingsError(ValueError):
    """A setting that is unknown or has an impossible value; the message names the valid ones."""


class Settings(BaseModel, frozen=True, extra="forbid"):
    """Seconds are wall-clock seconds, as fractions."""

    images: Mapping[str, tuple[str, ...]] = {}
    """By image name its ENTRYPOINT, an argument vector. Batch's command is CMD, put behind it."""
    environment: Mapping[str, str] = _ENVIRONMENT
    """The ENV of every image, below the job definition's and the job's own environment."""

    submitted_seconds: float = Field(0.05, ge=0)
    """From the submission until the scheduler has looked at the job."""
    runnable_seconds: float = Field(0.2, ge=0)
    """From the moment there is room until the host is there."""
    starting_seconds: float = Field(0.2, ge=0)
    """For the image to be pulled."""
    stop_timeout_seconds: float = Field(30.0, ge=0)
    """From SIGTERM to SIGKILL."""
    timeout_scale: float = Field(1.0, gt=0)
    """Real seconds for one second of `attemptDurationSeconds`."""
    signal_group: bool = True
    """Whether SIGTERM goes to the whole process group. ECS signals the container's first process alone."""
    capacity_reason: str = ""
    """While this is not empty no host is found, and it is the statusReason of the head of the queue."""

    describe_lag_seconds: float = Field(0.0, ge=0)
    """How long DescribeJobs does not know a submitted job."""
    list_lag_seconds: float = Field(0.0, ge=0)
    """How old the states are that ListJobs goes by."""

    log_flush_seconds: float = Field(0.25, ge=0)
    """How often the log driver sends what it has; 5 at AWS."""
    log_ingestion_seconds: float = Field(0.0, ge=0)
    """How long after that the lines can be read, perhaps after the job's end."""
    log_page_events: int = Field(10_000, ge=1, le=10_000)
    """The most events on a page of FilterLogEvents."""
    log_empty_pages: bool = False
    """Whether a first page comes back empty, with a token."""
    missing_stream_fails: bool = True
    """Whether FilterLogEvents with the name of a stream that is not there fails."""

    date_offset_seconds: float = 0.0
    """How far ahead the Date of every answer is."""
    gpu_vcpus: float = Field(64.0, ge=0)
    """The account's quotas of G and VT machines, spot and on demand."""

    record_calls: bool = False
    """Whether the permissions that each call takes are kept: `GET /sandbox/calls`."""

    events: bool = True
    """Whether state changes go to EventBridge."""
    event_delay_seconds: float = Field(0.0, ge=0)

    def changed(self, changes: Mapping[str, Any]) -> "Settings":
        return parse({**self.model_dump(), **changes})


def parse(values: Any) -> Settings:
    """Settings from JSON values. Raises SettingsError."""
    try:
        return Settings.model_validate(values)
    except ValidationError as error:
        wrong = "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}, given {e['input']!r}" for e in error.errors())
        raise SettingsError(f"{wrong}. Valid settings: {', '.join(Settings.model_fields)}.") from error


class LiveSettings:
    """The settings as they are now: one object that all parts read, and one place where they change."""

    def __init__(self, settings: Settings) -> None:
        self.now = settings

    def change(self, changes: Mapping[str, Any]) -> Settings:
        self.now = self.now.changed(changes)
        return self.now
