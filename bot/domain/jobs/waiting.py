"""Why a RUNNABLE job does not run: what Batch says of it, in plain words and with the mend.

https://docs.aws.amazon.com/batch/latest/userguide/job_stuck_in_runnable.html
"""

from bot.domain.model.job import Job
from bot.domain.model.states import JobState

# Beginnings of the statusReason of a RUNNABLE job: what they mean, and what to do where it stays so.
_CAUSES: tuple[tuple[str, str, str], ...] = (
    (
        "CAPACITY:INSUFFICIENT_INSTANCE",
        "AWS has no such machine free right now, and keeps trying.",
        "If it takes too long, an admin can allow more instance types, or move the queue to on-demand machines.",
    ),
    (
        "MISCONFIGURATION:COMPUTE_ENVIRONMENT_MAX",
        "All the machines that this queue may have are taken; it starts when another job ends.",
        "An admin can raise the compute environment's maximum of vCPUs.",
    ),
    (
        "MISCONFIGURATION:JOB_RESOURCE",
        "No machine of this queue is large enough for it.",
        "It will never start like this: an admin should ask for less memory or fewer GPUs in the job definition.",
    ),
    (
        "MISCONFIGURATION:SERVICE_ROLE",
        "AWS Batch lacks a permission to start machines.",
        "An admin should look at the service role of the compute environment.",
    ),
)
_NEXT_MACHINE = "AWS took the machine back. On the next one it goes on from its last checkpoint."
_NORMAL_WAIT = "A machine starts when AWS has one free; the wait costs nothing."
_NO_REASON = (
    "AWS Batch gives no reason. It is most often that no machine is free, or that the compute environment is disabled "
    "or invalid: `signalbox doctor` looks at it. The wait costs nothing; `/stop` ends it."
)


def why(job: Job) -> str:
    """For the card of a job that waits: one line."""
    cause = _cause(job)
    usual = _NEXT_MACHINE if job.attempt_states else _NORMAL_WAIT
    return cause[1] if cause else usual


def stuck(job: Job, since: str) -> str:
    """For the thread of one that has waited long; `since` says for how long: `5 min`."""
    cause = _cause(job)
    explained = f"{cause[1]} {cause[2]}" if cause else _NO_REASON
    return f"Waiting for a machine for {since} now. {explained}"


def cause_name(job: Job) -> str:
    """What a note on the cause is keyed by: the same while the cause and the attempt are; "" where it does not wait."""
    if job.state is not JobState.RUNNABLE:
        return ""
    cause = _cause(job)
    return f"{job.attempt_states}:{cause[0] if cause else 'no reason'}"


def _cause(job: Job) -> tuple[str, str, str] | None:
    return next((cause for cause in _CAUSES if job.status_reason.startswith(cause[0])), None)
