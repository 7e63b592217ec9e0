"""A trial of a sweep: one run at one point, `<sweep>.<number>`."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from bot.domain.model.states import EndReason, JobState
from bot.domain.parameters import Value


class TrialState(StrEnum):
    """What people read of a trial."""

    WAITING = "waiting"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    MISSING = "no metrics"
    """Its command ended well, and left nothing to compare it by."""
    FAILED = "failed"
    PRUNED = "pruned"
    """Stopped early, as it could not win any more. The word is Optuna's."""
    STOPPED = "stopped"


@dataclass(frozen=True, slots=True)
class Trial:
    """One run at one point, `<sweep>.<number>`. Times in seconds since the epoch."""

    number: int
    engine_id: str | None = None
    state: JobState = JobState.INTENT
    reason: EndReason | None = None
    detail: str = ""
    exit_code: int | None = None
    streams: tuple[str, ...] = ()
    started_at: float | None = None
    ended_at: float | None = None
    waited_seconds: float = 0.0
    """Between the machines of its attempts."""
    lost_seconds: float = 0.0
    """Of attempts that lost their machine."""
    lost_machines: int = 0
    """How many these were."""
    parameters: Mapping[str, Value] | None = None
    """Its point, where a sampler chose it; None where it follows from its number."""
    value: float | None = None
    """The best of the project's metric; of a trial that has ended, from `metrics.csv`."""
    epoch: int | None = None
    """Where that was."""
    reports: tuple[tuple[int, float], ...] = ()
    """What it has reported of the metric so far: (epoch, value), in order."""
    reported_in: str = ""
    """The log stream of the attempt that reported last."""
    epochs: int | None = None
    measured: bool = False
    """True if its `metrics.csv` was read after its end."""
    readings: int = 0
    """How often that failed."""
    pruned_at: float | None = None
    """When it was decided that it cannot win."""
    saved_epochs: int = 0
    stop_by: str | None = None
    """The display name of whoever asked to stop it."""
    stop_by_id: int = 0
    stop_why: str = ""
    """The guard's reason; empty for a person's request."""
    announced: bool = False
    """True if its end has been reported in the thread."""
    leaving: str = ""
    """The submission from which it is being taken back before it starts."""
    left: tuple[str, ...] = ()
    """The submissions that had it, and have no say in it any more: it is submitted anew."""
    results: str = ""
    """Above the folder of its files, where that is another place than its sweep's."""
    seconds_before: float = 0.0
    """On machines, of runs that failed and do not count any more."""
    unit: str = "epoch"
    """What its epochs are: `epoch`, or `global_step`, or `iteration`."""
    source: str = ""
    """The sweep whose run this is, where that was an earlier one."""

    @property
    def ended(self) -> bool:
        return self.state.terminal

    @property
    def settled(self) -> bool:
        """Ended, with nothing more to learn."""
        return self.ended and self.measured

    @property
    def incomplete(self) -> bool:
        """It ended well, and not all of its results are stored: `detail` names them."""
        return self.state is JobState.SUCCEEDED and bool(self.detail)

    @property
    def seconds(self) -> float:
        """On machines, over all attempts; 0 while it has not ended."""
        return self.seconds_until(self.ended_at) if self.ended_at else 0.0

    def seconds_until(self, now: float) -> float:
        """How long it has had a machine until then; 0 if it has not started."""
        return max(0.0, now - self.started_at - self.waited_seconds) if self.started_at else 0.0

    @property
    def shown(self) -> TrialState:
        if not self.ended:
            return TrialState.RUNNING if self.state is JobState.RUNNING else TrialState.WAITING
        if self.pruned_at is not None and self.state is JobState.FAILED:
            return TrialState.PRUNED
        if self.state is JobState.SUCCEEDED:
            return TrialState.MISSING if self.measured and self.value is None else TrialState.SUCCEEDED
        return TrialState.STOPPED if self.reason is EndReason.STOPPED else TrialState.FAILED
