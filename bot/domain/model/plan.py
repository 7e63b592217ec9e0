"""What a sweep is to do: its space, its search, and how many trials run at a time."""

from dataclasses import dataclass
from enum import StrEnum

from bot.domain.model.space import Space
from bot.domain.model.trial import Trial
from bot.domain.parameters import Value

MOST_TRIALS = 100_000


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
    pilot: bool = False
    """True: its first trial runs alone until it has reported a metric."""
    numbers: str = ""
    """Of a retry: the trials that it runs again, as `3,7,9-12`; "" where all are run, or that would be very long."""
    carried_over: int = 0
    """Of a retry: how many trials it takes from the earlier sweep as they are."""

    @property
    def points(self) -> int:
        return self.trials // self.folds

    @property
    def runs(self) -> int:
        """The trials that are its own to run."""
        return self.trials - self.carried_over

    @property
    def incremental(self) -> bool:
        """True if trials are submitted as others finish; otherwise all at once."""
        return self.search is Search.TPE or 0 < self.parallel < self.trials

    def point_of(self, trial: Trial, *, folds: bool) -> dict[str, Value]:
        """The trial's values of the swept parameters, with `folds` also its fold. Empty if a sampler has not chosen the
        point yet."""
        point = (trial.parameters or {}) if self.search is Search.TPE else self.space.point(trial.number)
        names = [*self.space.names, *(("folds", "fold") if folds and self.folds > 1 else ())]
        return {name: point[name] for name in names if name in point}
