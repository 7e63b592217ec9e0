"""A sweep: many trials from one command, one card and one thread for all of them.

To the chat and the store a sweep is a `Job` with a `Sweep` in it. To Batch it is one or more parts, each a `Job` with
a `Part` in it that nobody sees: one SubmitJob call each, an array where it holds more than one trial.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from bot.domain.model.space import Space
from bot.domain.model.states import EndReason, JobState
from bot.domain.parameters import Value

MOST_TRIALS = 100_000
ARRAY = 10_000
"""Trials of one array job, at most; 2 at least."""


class Search(StrEnum):
    """Where the points come from. The names are Optuna's samplers'."""

    GRID = "grid"
    RANDOM = "random"
    TPE = "tpe"


@dataclass(frozen=True, slots=True)
class Plan:
    """What was asked for. `trials` counts every run, the folds of a point apart."""

    text: str
    """The space as it was typed."""
    space: Space
    search: Search
    trials: int
    parallel: int = 0
    """Trials at a time; 0: as many as there are machines."""
    folds: int = 1
    stop_losers: bool = False
    seed: int = 0
    numbers: str = ""
    """Of a retry: the trials that it runs again, as `3,7,9-12`; "" where all are run, or that would be very long."""
    kept: int = 0
    """Of a retry: how many trials it takes from the sweep before as they are."""

    @property
    def points(self) -> int:
        return self.trials // self.folds

    @property
    def runs(self) -> int:
        """The trials that are its own to run."""
        return self.trials - self.kept

    @property
    def fed(self) -> bool:
        """Whether the bot submits the trials one by one, as others end; else all are submitted at the beginning."""
        return self.search is Search.TPE or 0 < self.parallel < self.trials


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
    parameters: Mapping[str, Value] | None = None
    """Its point, where a sampler chose it; None where it follows from its number."""
    value: float | None = None
    """The best of the project's metric; of a trial that has ended, from `metrics.csv`."""
    epoch: int | None = None
    """Where that was."""
    reports: tuple[tuple[int, float], ...] = ()
    """What it has told of the metric so far: (epoch, value), in order."""
    epochs: int | None = None
    measured: bool = False
    """Whether its `metrics.csv` has been looked at after its end."""
    pruned_at: float | None = None
    """When it was decided that it cannot win."""
    saved_epochs: int = 0
    stop_by: str | None = None
    reported: bool = False
    """Whether the thread has been told of its end."""
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
    def seconds(self) -> float:
        """On a machine; 0 while it has not ended."""
        return max(0.0, self.ended_at - self.started_at) if self.ended_at and self.started_at else 0.0

    @property
    def shown(self) -> TrialState:
        if not self.ended:
            return TrialState.RUNNING if self.state is JobState.RUNNING else TrialState.WAITING
        if self.pruned_at is not None and self.state is JobState.FAILED:
            return TrialState.PRUNED
        if self.state is JobState.SUCCEEDED:
            return TrialState.MISSING if self.measured and self.value is None else TrialState.SUCCEEDED
        return TrialState.STOPPED if self.reason is EndReason.STOPPED else TrialState.FAILED


@dataclass(frozen=True, slots=True)
class Leader:
    """A point of the leaderboard. `number` is the trial's, of folds the first one's; `deviation` over the folds."""

    number: int
    value: float
    parameters: Mapping[str, Value]
    deviation: float | None = None
    epoch: int | None = None


@dataclass(frozen=True, slots=True)
class Failure:
    """Trials that failed alike: how many, and the numbers of the first few."""

    reason: EndReason
    detail: str
    count: int
    numbers: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Tally:
    """All trials, summed up: what the card shows."""

    counts: Mapping[TrialState, int] = field(default_factory=dict)
    leaders: tuple[Leader, ...] = ()
    failures: tuple[Failure, ...] = ()
    seconds: float = 0.0
    """On machines, of the trials that have ended and, up to the time of the sum, of those that run."""
    saved_seconds: float = 0.0
    """What the pruned trials would have taken still, by their own pace."""
    progress: float = 0.0
    """From 0 to 1: ended trials, and the epochs of those that run."""

    def count(self, *states: TrialState) -> int:
        return sum(self.counts.get(state, 0) for state in states)

    @property
    def ended(self) -> int:
        return self.count(*TrialState) - self.count(TrialState.WAITING, TrialState.RUNNING)


@dataclass(frozen=True, slots=True)
class Sweep:
    """What a job that is a sweep has more. `picture` is the board's file, `shown_picture` the one that the card has."""

    plan: Plan
    tally: Tally = Tally()
    picture: str = ""
    shown_picture: str = ""
    painted_revision: int = -1
    """Which revision of the job the picture shows."""
    importance: Mapping[str, float] = field(default_factory=dict)
    """Of each parameter, adding up to 1; empty while it is not known."""


@dataclass(frozen=True, slots=True)
class Part:
    """One SubmitJob call of a sweep. `numbers` are its trials', written as `0-9999` or `3,7,9-12`."""

    sweep_id: str
    number: int
    numbers: str
    size: int
    children: Mapping[JobState, int] = field(default_factory=dict)
    """Of an array: how many are in which state, as DescribeJobs tells."""
