"""The stage of a run, and the scope of what is counted and answered about it: one stage of one attempt."""

from bot.domain.guard.signs import Stage
from bot.domain.model.execution import Execution
from bot.domain.model.states import JobState

_STAGES = {JobState.RUNNABLE: Stage.WAITING, JobState.STARTING: Stage.STARTING, JobState.RUNNING: Stage.RUNNING}


def stage_of(execution: Execution) -> Stage | None:
    """None while the engine has not taken it, does not answer for it, or is asked to end it."""
    if execution.stop is not None or execution.unanswered_since is not None:
        return None
    return _STAGES.get(execution.state)


def scope_of(execution: Execution) -> str:
    return f"{_STAGES.get(execution.state, '')}:{execution.attempts_ended}"
