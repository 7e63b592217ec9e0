"""Which column of a table counts the training's progress."""

import math
from collections.abc import Iterable, Sequence

from trainer.metrics.tables.grid import Column

EPOCH = "epoch"
NAMES = (
    EPOCH,
    "global_step",
    "total_timesteps",
    "num_timesteps",
    "timesteps_total",
    "timesteps",
    "timestep",
    "env_steps",
    "env_step",
    "step",
    "_step",
    "total_steps",
    "num_steps",
    "steps",
    "iteration",
    "iterations",
    "training_iteration",
    "iter",
    "num_updates",
    "update",
    "updates",
    "episode",
    "episodes",
    "round",
    "generation",
)
"""What loggers call it, the first that a table has wins. `global_step`: Lightning, cleanrl. `total_timesteps`:
stable-baselines3, as `time/total_timesteps`. `training_iteration`, `timesteps_total`: Ray. `_step`: Weights & Biases.
`iter`: mmdetection, detectron2's `iteration`."""
_TOTALS = ("", "total_", "max_", "num_", "n_")
_RANK = {name: rank for rank, name in enumerate(NAMES)}


def rank(name: str) -> int | None:
    """How good a name is for the axis, 0 for the best. None if it names something else."""
    return _RANK.get(name.rpartition("/")[2].strip().lower())


def shown(name: str) -> str:
    """The axis as people call it: `step` for `_step`, `total_timesteps` for `time/total_timesteps`."""
    return name.rpartition("/")[2].strip().strip("_").lower() or name


def total_of(names: Iterable[str], axis: str) -> str | None:
    """Which of the names is the planned total of an axis: `epochs`, `max_steps`, `total_iters`. None if none is."""
    unit = shown(axis)
    units = {unit, unit.rpartition("_")[2]}
    totals = {f"{before}{each}{end}" for each in units for before in _TOTALS for end in ("", "s")} - units
    return next((name for name in names if name != axis and shown(name) in totals), None)


def axis_name(names: Iterable[str]) -> str | None:
    """Return the name that counts the progress. None if there is no such name."""
    ranked = [(place, name) for name in names if (place := rank(name)) is not None]
    return min(ranked, key=lambda each: each[0])[1] if ranked else None


def axis_of(columns: Sequence[Column]) -> Column | None:
    """Return the column that counts the progress.

    Prefers one that every row has, and one that moves: an epoch may be the same in all rows.
    """
    ranked = [(place, column) for column in columns if (place := rank(column.name)) is not None and not column.empty]
    ranked.sort(key=lambda each: (each[1].blanks, each[0]))
    moving = [column for _, column in ranked if _moves(column)]
    return next(iter(moving or [column for _, column in ranked]), None)


def _moves(column: Column) -> bool:
    first = next((value for value in column.numbers if math.isfinite(value)), math.nan)
    return any(value != first for value in column.numbers if math.isfinite(value))
