"""What the process that reads tables and draws is asked, and what it answers."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from bot.domain.metrics.progress_rows import Best
from bot.domain.model.space import Axis
from bot.domain.model.trial import TrialState
from bot.domain.parameters import Value


@dataclass(frozen=True, slots=True)
class Curve:
    """One job's metrics. `csv` is the file as stored in S3, or where a copy of it is; its last line may be torn."""

    label: str
    csv: bytes | Path
    column_names: Mapping[str, str] | None = None
    """Its project's own column names, if they are not those of the request."""


@dataclass(frozen=True, slots=True)
class FigureRequest:
    """A picture of one or several jobs. Several curves share each panel. The best epoch by `metric` is marked."""

    title: str
    subtitle: str
    curves: tuple[Curve, ...]
    metric: str = ""
    maximize: bool = True
    column_names: Mapping[str, str] | None = None
    """The project's own column names, by ours: `{"epoch": "num_timesteps"}`. The config calls this `columns`."""
    wanted: tuple[str, ...] = ()
    """Columns to draw; if empty, the project's metric and the most usual others."""


@dataclass(frozen=True, slots=True)
class TablesRequest:
    """What is in these tables, without a picture."""

    curves: tuple[Curve, ...]
    metric: str
    maximize: bool = True


@dataclass(frozen=True, slots=True)
class TableSummary:
    """The names of a table's metrics, and the best of the requested one; `problem` says why it could not be read."""

    columns: tuple[str, ...] = ()
    best: Best | None = None
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Cell:
    """One point of a sweep: its value on each axis, its state and result. With folds: their mean and deviation."""

    at: tuple[Value, ...]
    state: TrialState
    value: float | None = None
    deviation: float | None = None


@dataclass(frozen=True, slots=True)
class BoardRequest:
    """A picture of a sweep: a curve for one axis, a heatmap for two, parallel coordinates for more."""

    title: str
    subtitle: str
    axes: tuple[Axis, ...]
    cells: tuple[Cell, ...]
    metric: str
    maximize: bool = True
    importance: Mapping[str, float] = field(default_factory=dict)
    as_of: float | None = None
    """When a live sweep was like this, in seconds since the epoch; None once it has ended."""


@dataclass(frozen=True, slots=True)
class Stack:
    """What one project or person has spent in each bar, in USD. `rest` is all the others together."""

    name: str
    usd: tuple[float, ...]
    rest: bool = False


@dataclass(frozen=True, slots=True)
class CostRequest:
    """A picture of costs: a bar for each day or month, in layers. `bars` are the labels below them."""

    title: str
    subtitle: str
    bars: tuple[str, ...]
    stacks: tuple[Stack, ...]
    """From the bottom to the top."""


@dataclass(frozen=True, slots=True)
class SpotRequest:
    """A picture of spot prices: a line of steps for each zone, the cheapest first. Times in seconds since the epoch."""

    title: str
    subtitle: str
    zones: tuple[tuple[str, tuple[tuple[float, float], ...]], ...]
    """The name of each, and its moments of change with the price from then on."""
    since: float
    until: float
    on_demand: float | None = None
    """USD an hour in the region of the cheapest zone."""


@dataclass(frozen=True, slots=True)
class Drawing:
    """The answer to a request. `png` is None if there is nothing to draw. `remarks` are sentences, also on why not.

    The PNG carries its alternative text under the keyword `Description`, as the PNG specification names it.
    `best` is that of the first curve, by the requested metric.
    """

    png: bytes | None
    remarks: tuple[str, ...] = ()
    best: Best | None = None
