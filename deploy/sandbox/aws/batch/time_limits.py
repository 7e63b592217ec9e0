"""A queue's `jobStateTimeLimitActions`: it cancels the job at its head that waits too long for one reason.

https://docs.aws.amazon.com/batch/latest/userguide/job_stuck_in_runnable_time_limit_actions.html and
https://docs.aws.amazon.com/batch/latest/APIReference/API_JobStateTimeLimitAction.html
"""

import asyncio
from collections.abc import Callable, Coroutine, Mapping, Sequence
from typing import Any, TypeVar

from deploy.sandbox.aws.batch.errors import RefusedError
from deploy.sandbox.aws.batch.jobs import Job

T = TypeVar("T")
Action = Mapping[str, Any]

SHORTEST_SECONDS, LONGEST_SECONDS = 600, 86_400
"""For `maxTimeSeconds`, "the minimum value is 600 (10 minutes) and the maximum value is 86,400 (24 hours)"."""
REASONS = (
    "CAPACITY:INSUFFICIENT_INSTANCE_CAPACITY",
    "MISCONFIGURATION:COMPUTE_ENVIRONMENT_MAX_RESOURCE",
    "MISCONFIGURATION:JOB_RESOURCE_REQUIREMENT",
    "MISCONFIGURATION:EC2_INSTANCE_CONFIGURATION_UNSUPPORTED",
)
"""The page lists them. SERVICE_ROLE_PERMISSIONS, ACTION_REQUIRED and UNDETERMINED "require manual investigation"."""
CANCELLED = "Canceled by JobStateTimeLimit action due to reason: {reason}"
"""Quoted in job_stuck_in_runnable_capacity.html and job_stuck_in_runnable_misconfiguration.html, beside that page."""
_LOOKS = 10
"""How often a wait is looked at within its shortest limit."""


class TimeLimitError(Exception):
    """The queue cancels the job; the message is its statusReason."""


def check(actions: Sequence[Action]) -> None:
    """Raises RefusedError. `state` and `action` have one value each for a queue of containers: RUNNABLE and CANCEL."""
    for action in actions:
        if (action.get("state"), action.get("action")) != ("RUNNABLE", "CANCEL"):
            raise RefusedError("jobStateTimeLimitActions take the state RUNNABLE and the action CANCEL")
        if action.get("reason") not in REASONS:
            raise RefusedError(f"jobStateTimeLimitActions.reason must be one of {', '.join(REASONS)}")
        if not SHORTEST_SECONDS <= int(action.get("maxTimeSeconds") or 0) <= LONGEST_SECONDS:
            raise RefusedError(f"maxTimeSeconds must be between {SHORTEST_SECONDS} and {LONGEST_SECONDS}")


def remember(queue: Any, actions: Sequence[Action]) -> None:
    """Keep the actions with moto's queue, which does not know them. Raises RefusedError."""
    check(actions)
    vars(queue)["time_limits"] = list(actions)


def actions_of(queue: Any) -> Sequence[Action]:
    return getattr(queue, "time_limits", ())


async def within_limits(job: Job, wait: Coroutine[Any, Any, T], scale: float, give_back: Callable[[T], object]) -> T:
    """The result of `wait`, in which the job waits for a host. Raises TimeLimitError.

    `scale` are the real seconds for one second of a limit. A reason that changes begins a new wait. `give_back` gets a
    result that came in the moment of a cancellation.
    """
    limits = {str(action["reason"]): int(action["maxTimeSeconds"]) * scale for action in actions_of(job.spec.queue)}
    if not limits:
        return await wait
    task, reason, looked, seconds = asyncio.ensure_future(wait), "", 0, min(limits.values()) / _LOOKS
    try:
        while not (await asyncio.wait([task], timeout=seconds))[0]:
            now = job.status_reason.partition(" ")[0]
            reason, looked = now, looked + 1 if now == reason else 0
            if looked * seconds >= limits.get(reason, float("inf")):
                raise TimeLimitError(CANCELLED.format(reason=reason))
        return task.result()
    except asyncio.CancelledError:
        if task.done() and not task.cancelled() and task.exception() is None:
            give_back(task.result())
        raise
    finally:
        task.cancel()
