"""States of a job and reasons for its end; this module alone decides what is terminal.

The names are AWS Batch's (https://docs.aws.amazon.com/batch/latest/userguide/job_states.html),
with `INTENT` before them: confirmed by a person and committed here, not yet known to Batch.
"""

from enum import StrEnum


class JobState(StrEnum):
    INTENT = "INTENT"
    SUBMITTED = "SUBMITTED"
    PENDING = "PENDING"
    RUNNABLE = "RUNNABLE"
    STARTING = "STARTING"
    RUNNING = "RUNNING"
    SUCCEEDED = "SUCCEEDED"
    FAILED = "FAILED"

    @property
    def terminal(self) -> bool:
        return self in (JobState.SUCCEEDED, JobState.FAILED)


class EndReason(StrEnum):
    """Why a job ended. What people read of each is in `bot/chat/cards/choose.py`."""

    SUCCEEDED = "succeeded"
    COMMAND_FAILED = "command failed"
    SETUP_FAILED = "setup failed"
    STOPPED = "stopped"
    TIMED_OUT = "timed out"
    HOST_LOST = "host lost"
    OUT_OF_MEMORY = "out of memory"
    IMAGE_NOT_PULLED = "image not pulled"
    NOT_STARTED = "not started"
    NOT_SUBMITTED = "not submitted"
    LOST = "lost"
