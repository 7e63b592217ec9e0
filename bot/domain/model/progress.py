"""How far a job has got, as its log reports it."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Progress:
    """`latest` maps metric names to values; `best` is the best value of the project's metric, from `best_epoch`.

    Epochs may be steps: `unit` says what is counted.
    """

    epoch: int | None = None
    epochs: int | None = None
    latest: Mapping[str, float] = field(default_factory=dict)
    best: float | None = None
    best_epoch: int | None = None
    first_at: float | None = None
    """When the first row came, in seconds since the epoch: with `last_at`, the pace."""
    last_at: float | None = None
    epochs_seen: int = 0
    """Epochs from `first_at` to `last_at`, both counted; rows if the job reports no epochs."""
    records: tuple[tuple[int, float], ...] = ()
    """Epoch and value of each best so far, each better than the one before."""
    unit: str = "epoch"
    """What `epoch` counts, by its own name: `epoch`, `global_step`, `total_timesteps`."""
    exact: float | None = None
    """`epoch` with its fraction."""
    first_exact: float | None = None
    """The same of the row at `first_at`."""
    stream: str = ""
    """The log stream of the last row: each attempt has its own."""
