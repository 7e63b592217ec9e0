"""What people read about a state: one row for each state of a job, and of a trial."""

from dataclasses import dataclass

from bot.domain.model.execution import Lifecycle
from bot.domain.model.states import EndReason, JobState
from bot.domain.model.trial import TrialState
from bot.domain.money.hold import HoldKind


@dataclass(frozen=True, slots=True)
class StateText:
    card: str
    """On the card of one, and in lists."""
    count: str
    """After a number: `3 waiting`."""


JOB_STATES: dict[JobState, StateText] = {
    JobState.INTENT: StateText("being submitted", "being submitted"),
    JobState.SUBMITTED: StateText("submitted", "submitted"),
    JobState.PENDING: StateText("submitted", "submitted"),
    JobState.RUNNABLE: StateText("waiting for a machine", "waiting"),
    JobState.STARTING: StateText("starting", "starting"),
    JobState.RUNNING: StateText("running", "running"),
    JobState.SUCCEEDED: StateText("succeeded", "succeeded"),
    JobState.FAILED: StateText("failed", "failed"),
}
TRIAL_STATES: dict[TrialState, StateText] = {
    TrialState.WAITING: StateText("waiting", "waiting"),
    TrialState.RUNNING: StateText("running", "running"),
    TrialState.SUCCEEDED: StateText("succeeded", "succeeded"),
    TrialState.MISSING: StateText("ended without metrics", "without metrics"),
    TrialState.FAILED: StateText("failed", "failed"),
    TrialState.PRUNED: StateText("stopped early", "stopped early"),
    TrialState.STOPPED: StateText("stopped", "stopped"),
}
HELD: dict[HoldKind, str] = {
    HoldKind.APPROVAL: "waiting for approval",
    HoldKind.PRICE: "waiting for a lower price",
    HoldKind.PILOT: "waiting for its first trial",
    HoldKind.FAILURES: "held",
}
"""Of what is not submitted yet, or not any further."""
PAUSED = "paused"
STOPPING = "stopping"
STOPPED = "stopped"
WAITING_FOR_MACHINES = "waiting for machines"
"""Of a sweep of which no trial has started."""
PARTLY_FAILED = "partly failed"
"""Of a sweep that has ended, some of whose trials failed."""


def state_text(execution: Lifecycle) -> str:
    """`running`, `waiting for a machine`, `stopping`, `stopped`, …"""
    if execution.live and execution.stop is not None:
        return STOPPING
    if execution.reason is EndReason.STOPPED:
        return STOPPED
    if execution.live and execution.hold is not None and execution.state is JobState.INTENT:
        return HELD[execution.hold.kind]
    if execution.live and execution.paused_by and execution.state is JobState.INTENT:
        return PAUSED
    if execution.reason in (EndReason.NOT_APPROVED, EndReason.NOT_STARTED_IN_TIME, EndReason.OVER_CAP):
        return str(execution.reason)
    return JOB_STATES[execution.state].card
