"""What to draw: a table of metrics for each job, and the words around it."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from bot.domain.model.space import Axis
from bot.domain.model.trial import TrialState
from bot.domain.parameters import Value


@dataclass(frozen=True, slots=True)
class Curve:
    """One job's metrics. `csv` is the file as it lies in S3 (perhaps torn at the last line)."""

    label: str
    csv: bytes


@dataclass(frozen=True, slots=True)
class FigureRequest:
    """One figure. With several curves, they share each panel. `best` is the metric whose best epoch is marked."""

    title: str
    subtitle: str
    curves: tuple[Curve, ...]
    best: str = ""
    maximize: bool = True
    names: Mapping[str, str] | None = None
    """Column names of the project's own, by ours: `{"epoch": "num_timesteps"}`."""


@dataclass(frozen=True, slots=True)
class Cell:
    """One point of a sweep: its value on each axis, and what came of it; of folds the mean, with the deviation."""

    at: tuple[Value, ...]
    state: TrialState
    value: float | None = None
    deviation: float | None = None


@dataclass(frozen=True, slots=True)
class BoardRequest:
    """The picture of a sweep: a heatmap of two axes, a curve over one, parallel coordinates of more."""

    title: str
    subtitle: str
    axes: tuple[Axis, ...]
    cells: tuple[Cell, ...]
    metric: str
    maximize: bool = True
    importance: Mapping[str, float] = field(default_factory=dict)
    curves: tuple[Curve, ...] = ()
    """The metrics of the best few, to be laid over each other."""
    names: Mapping[str, str] | None = None


@dataclass(frozen=True, slots=True)
class Drawing:
    """What came of a request. `png` is None where there is nothing to draw; `remarks` are sentences, also on why."""

    png: bytes | None
    remarks: tuple[str, ...] = ()
