"""States of a job and reasons for its end; this module alone decides what is terminal.

The names are AWS Batch's (https://docs.aws.amazon.com/batch/latest/userguide/job_states.html),
with `INTENT` before them: confirmed by a person and committed here, not yet known to Batch.
"""

from enum import StrEnum


class JobState(StrEnum):
    """In the order in which a job passes through them: see `rank`."""

    INTENT = "INTENT"
    SUBMITTED = "SUBMITTED"
    PENDING = "PENDING"
    RUNNABLE = "RUNNABLE"
    STARTING = "STARTING"
    RUNNING = "RUNNING"
    SUCCEEDED = "SUCCEEDED"
    FAILED = "FAILED"

    @property
    def rank(self) -> int:
        """Within one attempt the rank never falls: an observation of a lower one comes late."""
        return _RANKS[self]

    @property
    def terminal(self) -> bool:
        return self in (JobState.SUCCEEDED, JobState.FAILED)

    @property
    def waiting(self) -> bool:
        """True while the engine looks for a machine."""
        return self is JobState.RUNNABLE

    @property
    def on_a_machine(self) -> bool:
        return self in (JobState.STARTING, JobState.RUNNING)


_RANKS = {state: rank for rank, state in enumerate(JobState)}


class EndReason(StrEnum):
    """Why a job ended. `bot/domain/texts/endings.py` has what people read about each."""

    SUCCEEDED = "succeeded"
    COMMAND_FAILED = "command failed"
    SETUP_FAILED = "setup failed"
    RESULTS_NOT_STORED = "results not stored"
    """The command succeeded, and S3 did not take all that it left."""
    SUPERSEDED = "superseded"
    """Another job of the same command, or a later attempt, has taken over."""
    TRAINER_FAILED = "trainer failed"
    """A bug in the entrypoint, at any time."""
    STOPPED = "stopped"
    TIMED_OUT = "timed out"
    HOST_LOST = "host lost"
    OUT_OF_MEMORY = "out of memory"
    IMAGE_NOT_PULLED = "image not pulled"
    NOT_STARTED = "not started"
    NEVER_STARTED = "never started"
    """It got no machine, and the engine ended the wait by itself."""
    NOT_SUBMITTED = "not submitted"
    NOT_APPROVED = "not approved"
    """A second person declined it, or none approved it in time."""
    NOT_CONTINUED = "not continued"
    """A sweep that was held because its first trials failed alike, and nobody decided about it in time."""
    NOT_STARTED_IN_TIME = "not started in time"
    """It waited for a spot price that did not come in time."""
    OVER_CAP = "over a cap"
    """It was accepted, and no longer fitted under a cap when it was to be submitted."""
    LOST = "lost"


class WaitCause(StrEnum):
    """Why a job waits for a machine. The values are part of the notes' keys.

    `bot/domain/texts/waits.py` has what people read about each.
    """

    NO_CAPACITY = "no capacity"
    QUEUE_TOO_SMALL = "queue too small"
    MACHINES_TOO_SMALL = "machines too small"
    MACHINES_UNSUPPORTED = "machines unsupported"
    NO_PERMISSION = "no permission"
    QUEUE_INVALID = "queue invalid"
    UNDETERMINED = "undetermined"
    OTHER = "other"
    """The engine gives a reason that its adapter does not know. It is shown as it is."""
    NO_REASON = "no reason"
