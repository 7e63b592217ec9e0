"""What to draw: a table of metrics for each job, and the words around it."""

from collections.abc import Mapping
from dataclasses import dataclass


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
class Drawing:
    """What came of a request. `png` is None where there is nothing to draw; `remarks` are sentences, also on why."""

    png: bytes | None
    remarks: tuple[str, ...] = ()
