"""The basics of Discord's JSON: snowflake ids, timestamps, optional fields.

https://docs.discord.com/developers/reference#snowflakes and #iso8601-datetime
"""

from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import Any

Json = dict[str, Any]
Clock = Callable[[], float]
"""Returns seconds since the epoch, as `time.time` does."""

DISCORD_EPOCH_MS = 1_420_070_400_000
_PER_MS = 1 << 22


class Snowflakes:
    """Makes ids that grow with time and never repeat: milliseconds since 2015, shifted left by 22 bits."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._last = 0

    def next(self) -> str:
        now = (int(self._clock() * 1000) - DISCORD_EPOCH_MS) * _PER_MS
        self._last = max(now, self._last + 1)
        return str(self._last)


def snowflake_seconds(snowflake: str) -> float:
    """Return when an id was made, in seconds since the epoch."""
    return ((int(snowflake) >> 22) + DISCORD_EPOCH_MS) / 1000


def timestamp(seconds: float) -> str:
    """Format a time as Discord does: ISO 8601, always with microseconds and offset."""
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="microseconds")


def without_none(**fields: object) -> Json:
    """Drop the fields that are None, as Discord does."""
    return {name: value for name, value in fields.items() if value is not None}


def comma_list(names: Iterable[object]) -> str:
    """Join names for an error text: `a, b and c`."""
    words = [str(name) for name in names]
    if len(words) < 2:
        return "".join(words) or "none"
    return f"{', '.join(words[:-1])} and {words[-1]}"
