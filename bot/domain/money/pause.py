"""The switch that stops all new spending."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Pause:
    """The last `/pause` or `/resume`. `at` is in seconds since the epoch."""

    paused: bool
    by_id: int
    by_name: str
    reason: str
    at: float
    announced: tuple[int, ...] = ()
    """The channels that know."""
