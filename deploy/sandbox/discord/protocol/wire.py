"""What goes over the wire: JSON objects as Discord writes them, clocks, snowflakes and timestamps."""

from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import Any

Json = dict[str, Any]
Clock = Callable[[], float]
"""Seconds since 1970, as `time.time` gives them."""

DISCORD_EPOCH_MS = 1_420_070_400_000
_PER_MS = 1 << 22


class Snowflakes:
    """Ids that grow with time and never repeat: milliseconds since 2015 in the bits above the 22nd."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._last = 0

    def next(self) -> str:
        now = (int(self._clock() * 1000) - DISCORD_EPOCH_MS) * _PER_MS
        self._last = max(now, self._last + 1)
        return str(self._last)


def snowflake_seconds(snowflake: str) -> float:
    """FaultTiming an id was made, in seconds since 1970."""
    return ((int(snowflake) >> 22) + DISCORD_EPOCH_MS) / 1000


def timestamp(seconds: float) -> str:
    """ISO 8601 as Discord writes it, always with microseconds and offset."""
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="microseconds")


def without_none(**fields: object) -> Json:
    """The fields that are given; Discord leaves the others out."""
    return {name: value for name, value in fields.items() if value is not None}


def comma_list(names: Iterable[object]) -> str:
    """For error texts: `a, b and c`."""
    words = [str(name) for name in names]
    if len(words) < 2:
        return "".join(words) or "none"
    return f"{', '.join(words[:-1])} and {words[-1]}"
