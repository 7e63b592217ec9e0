"""What people read about a state: one row for each state of a job, and of a trial."""

from dataclasses import dataclass

from bot.domain.model.execution import Lifecycle
from bot.domain.model.states import EndReason, JobState
from bot.domain.model.trial import TrialState


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
    return JOB_STATES[execution.state].card
