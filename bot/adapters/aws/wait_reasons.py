"""Why a job waits for a machine, read from its statusReason.

The texts are quoted in the pages that
https://docs.aws.amazon.com/batch/latest/userguide/job_stuck_in_runnable.html links to: job_stuck_in_runnable_capacity,
job_stuck_in_runnable_misconfiguration, job_stuck_in_runnable_invalid_ce and job_stuck_in_runnable_undetermined.
JobDetail.statusReason in the service model of botocore 1.43 has the first three misconfigurations, too. A queue that is
only full gives no reason.
"""

from collections.abc import Collection

from bot.adapters.aws.end_reasons import CANCELLED_BY_QUEUE, failure_reason
from bot.domain.model.states import WaitCause

# Beginnings of statusReason. AWS writes a dash and a sentence behind them, which differs in its details.
CAUSES: tuple[tuple[str, WaitCause], ...] = (
    # "Service cannot fulfill the capacity requested for instance type [instanceTypeName]"
    ("CAPACITY:INSUFFICIENT_INSTANCE_CAPACITY", WaitCause.NO_CAPACITY),
    # "All compute environments have a maxvCpus parameter that is smaller than the job requirements."
    ("MISCONFIGURATION:COMPUTE_ENVIRONMENT_MAX_RESOURCE", WaitCause.QUEUE_TOO_SMALL),
    # "None of the compute environments have instances that meet the job requirements."
    ("MISCONFIGURATION:JOB_RESOURCE_REQUIREMENT", WaitCause.MACHINES_TOO_SMALL),
    # "Your compute environment has an unsupported instance type configuration."
    ("MISCONFIGURATION:EC2_INSTANCE_CONFIGURATION_UNSUPPORTED", WaitCause.MACHINES_UNSUPPORTED),
    # "All compute environments have service role issues."
    ("MISCONFIGURATION:SERVICE_ROLE_PERMISSIONS", WaitCause.NO_PERMISSION),
    # "ACTION_REQUIRED - CE(s) associated with the job queue are invalid."
    ("ACTION_REQUIRED", WaitCause.QUEUE_INVALID),
    # "UNDETERMINED - Batch job is blocked, root cause is undetermined."
    ("UNDETERMINED", WaitCause.UNDETERMINED),
)


def wait_cause(status_reason: str, earlier: Collection[str] = ()) -> WaitCause:
    """The cause that AWS names for a job in RUNNABLE. `earlier` are the reasons of its ended attempts.

    Nobody documents when the reason of an ended attempt goes away, so one that is still there is not taken for a cause.
    Assumption: stale-reason.
    """
    if not status_reason or status_reason in earlier or failure_reason([status_reason]):
        return WaitCause.NO_REASON
    return next((cause for beginning, cause in CAUSES if status_reason.startswith(beginning)), WaitCause.OTHER)


def ended_wait(status_reason: str) -> WaitCause:
    """Why a job waited whose queue has cancelled it."""
    return wait_cause(status_reason.removeprefix(CANCELLED_BY_QUEUE))
