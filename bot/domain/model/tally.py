"""All trials of a sweep, summed up."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from bot.domain.model.states import EndReason
from bot.domain.model.trial import TrialState
from bot.domain.parameters import Value


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
    lost_seconds: float = 0.0
    """On machines that trials have lost."""
    lost_machines: int = 0
    """How many machines these were."""
    progress: float = 0.0
    """From 0 to 1: ended trials, and the epochs of those that run."""
    incomplete: int = 0
    """How many ended well without having all of their results stored."""
    first_incomplete: int | None = None
    """The number of the first of them."""

    def count(self, *states: TrialState) -> int:
        return sum(self.counts.get(state, 0) for state in states)

    @property
    def ended(self) -> int:
        return self.count(*TrialState) - self.count(TrialState.WAITING, TrialState.RUNNING)
