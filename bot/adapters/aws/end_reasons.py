"""Why a job failed, read from AWS's reason strings.

https://docs.aws.amazon.com/batch/latest/userguide/job_retries.html and
https://docs.aws.amazon.com/AmazonECS/latest/developerguide/stopped-task-error-codes.html
"""

from collections.abc import Iterable

from bot.domain.model.states import EndReason

CANCELLED_BY_QUEUE = "Canceled by JobStateTimeLimit action due to reason: "
"""The queue has ended the wait by its `jobStateTimeLimitActions`; the reason of the wait follows.

https://docs.aws.amazon.com/batch/latest/userguide/job_stuck_in_runnable_capacity.html quotes the text.
"""

# Beginnings of the container's reason or of statusReason, and what they mean. The first that fits counts.
# Assumption: reason-texts.
_REASONS: tuple[tuple[str, EndReason], ...] = (
    ("Host EC2", EndReason.HOST_LOST),
    (CANCELLED_BY_QUEUE, EndReason.NEVER_STARTED),
    ("Job attempt duration exceeded timeout", EndReason.TIMED_OUT),
    ("OutOfMemory", EndReason.OUT_OF_MEMORY),
    ("CannotPullContainer", EndReason.IMAGE_NOT_PULLED),
    ("CannotPullECRContainer", EndReason.IMAGE_NOT_PULLED),
    ("Task failed to start", EndReason.NOT_STARTED),
    ("DockerTimeoutError", EndReason.NOT_STARTED),
    ("CannotStartContainer", EndReason.NOT_STARTED),
    ("CannotCreateContainer", EndReason.NOT_STARTED),
    ("CannotCreateVolume", EndReason.NOT_STARTED),
    ("CannotInspectContainer", EndReason.NOT_STARTED),
    ("ContainerRuntimeTimeoutError", EndReason.NOT_STARTED),
    ("ResourceInitializationError", EndReason.NOT_STARTED),
    # The agent on EC2 has its own words: https://github.com/awsdocs/amazon-ecs-developer-guide/issues/110
    ("Fetching secret data", EndReason.NOT_STARTED),
    # Quoted in https://github.com/nextflow-io/nextflow/pull/2146
    ("ECS was unable to assume the role", EndReason.NOT_STARTED),
)


def cancelled_by_queue(status_reason: str) -> bool:
    """True if nobody asked to end the job: its queue did. Nobody documents `isCancelled` of such a job.

    Assumption: queue-cancel.
    """
    return status_reason.startswith(CANCELLED_BY_QUEUE)


def failure_reason(texts: Iterable[str]) -> EndReason | None:
    """The meaning of the first text that AWS wrote about it; None if none of them is known.

    An exit code of 137 alone does not prove that memory ran out, so it is not guessed.
    """
    for text in texts:
        for beginning, reason in _REASONS:
            if text.startswith(beginning):
                return reason
    return None
