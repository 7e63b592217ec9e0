"""How long a trial will take, by what earlier jobs of the project took."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from statistics import median

from bot.domain.job import Job
from bot.domain.params import Value
from bot.domain.states import EndReason

EPOCHS = "epochs"


@dataclass(frozen=True, slots=True)
class Estimate:
    """Medians of earlier successes: of an epoch where they tell their epochs, of a whole run; None where there are
    none."""

    epoch_seconds: float | None = None
    run_seconds: float | None = None

    def seconds(self, parameters: Mapping[str, Value]) -> float | None:
        """Of one run with these parameters."""
        epochs = parameters.get(EPOCHS)
        if self.epoch_seconds is not None and isinstance(epochs, int):
            return self.epoch_seconds * epochs
        return self.run_seconds


def estimate(earlier: Iterable[Job], parameters: Mapping[str, Value]) -> Estimate:
    """From the jobs that succeeded; of sweeps what their trials took on average."""
    runs: list[tuple[float, Value | None]] = []
    for job in earlier:
        if job.reason is not EndReason.SUCCEEDED:
            continue
        if job.sweep is not None:
            ended = job.sweep.tally.ended
            took = job.sweep.tally.seconds / ended if ended else 0.0
        else:
            took = (job.ended_at or 0.0) - (job.started_at or job.ended_at or 0.0)
        if took > 0:
            runs.append((took, job.parameters.get(EPOCHS)))
    if not runs:
        return Estimate()
    by_epoch = [took / epochs for took, epochs in runs if isinstance(epochs, int) and epochs > 0]
    own = isinstance(parameters.get(EPOCHS), int)
    return Estimate(median(by_epoch) if by_epoch and own else None, median(took for took, _ in runs))
