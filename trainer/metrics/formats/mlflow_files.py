"""MLflow's local files: `mlruns/<experiment>/<run>/metrics/<name>`, one file for each metric.

A line is timestamp, value and step: https://mlflow.org/docs/latest/self-hosting/architecture/backend-store/ and
`FileStore._get_metric_from_line` in https://github.com/mlflow/mlflow/blob/master/mlflow/store/tracking/file_store.py
"""

from collections.abc import Iterable
from pathlib import PurePath

from trainer.metrics.formats.grids import from_series
from trainer.metrics.tables.grid import Grid

METRICS = "metrics"
_SYSTEM = "system"
"""Metrics of the machine, `system/cpu_utilization_percentage`."""


def run_of(path: PurePath) -> PurePath | None:
    """The folder of a run that a metric's file belongs to; None for any other file.

    A run has an id of 32 hexadecimal digits, and a name may contain `/`.
    """
    parts = path.parts
    for place in range(len(parts) - 2, 0, -1):
        if parts[place] == METRICS and len(parts[place - 1]) == 32:
            return PurePath(*parts[:place])
    return None


def read_metrics(run: PurePath, files: Iterable[tuple[PurePath, bytes]]) -> Grid:
    """One table of all metrics of a run."""
    series = {}
    for path, data in files:
        name = path.relative_to(run / METRICS).as_posix()
        whole = data[: data.rfind(b"\n") + 1]
        points = [point for line in whole.decode(errors="replace").splitlines() if (point := _point(line))]
        if points and not name.startswith(f"{_SYSTEM}/"):
            series[name] = points
    return from_series(series, "step")


def _point(line: str) -> tuple[float, float] | None:
    """Step and value. None for any other line."""
    words = line.split()
    if len(words) not in (2, 3):
        return None
    try:
        return float(words[2]) if len(words) == 3 else 0.0, float(words[1])
    except ValueError:
        return None
