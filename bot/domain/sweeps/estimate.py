"""How long a trial will take, by what earlier jobs of the project took."""

from collections.abc import Iterable
from dataclasses import dataclass
from statistics import fmean, median

from bot.domain.model.rows import Posted
from bot.domain.model.space import Space
from bot.domain.model.states import EndReason
from bot.domain.model.sweep import Sweep
from bot.domain.parameters import Kind

EPOCHS = "epochs"


@dataclass(frozen=True, slots=True)
class Estimate:
    """Medians of earlier successes: of an epoch where they tell their epochs, of a whole run; None where there are
    none."""

    epoch_seconds: float | None = None
    run_seconds: float | None = None

    def seconds(self, posted: Posted) -> float | None:
        """Of the job; of a sweep, of one of its trials on average."""
        epochs = _epochs(posted)
        if self.epoch_seconds is not None and epochs:
            return self.epoch_seconds * epochs
        return self.run_seconds


def estimate(earlier: Iterable[Posted]) -> Estimate:
    """From the jobs that succeeded; of sweeps what their trials took on average."""
    runs = [
        (took, _epochs(job))
        for job in earlier
        if job.execution.reason is EndReason.SUCCEEDED and (took := _took(job)) > 0
    ]
    if not runs:
        return Estimate()
    by_epoch = [took / epochs for took, epochs in runs if epochs]
    return Estimate(median(by_epoch) if by_epoch else None, median(took for took, _ in runs))


def _took(posted: Posted) -> float:
    """On a machine, of one run."""
    if isinstance(posted, Sweep):
        ran = posted.tally.ended - posted.plan.carried_over
        return posted.tally.seconds / ran if ran > 0 else 0.0
    return posted.execution.machine_seconds


def _epochs(posted: Posted) -> float | None:
    """Of one run; where a sweep varies them, on average."""
    swept = _swept(posted.plan.space) if isinstance(posted, Sweep) else None
    fixed = posted.run.parameters.get(EPOCHS)
    return swept or (fixed if isinstance(fixed, int) else None)


def _swept(space: Space) -> float | None:
    axis = next((axis for axis in space.axes if axis.name == EPOCHS and axis.kind is Kind.INT), None)
    if axis is None:
        return None
    return (axis.low + axis.high) / 2 if axis.continuous else fmean(map(float, axis.values))
