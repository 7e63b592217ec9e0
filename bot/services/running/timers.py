"""Remember when things began or were last done, in memory alone: after a restart every timer starts anew."""

from collections.abc import Callable, Hashable, Iterable
from typing import Generic, TypeVar

from bot.domain.clock import passed

Key = TypeVar("Key", bound=Hashable)


class Timers(Generic[Key]):
    """One start time for each key. `keep` bounds the memory: call it with the keys that still matter."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._started: dict[Key, float] = {}

    def keep(self, keys: Iterable[Key]) -> None:
        """Forget all other keys."""
        self._started = {key: self._started[key] for key in keys if key in self._started}

    def expire(self, seconds: float) -> None:
        """Forget timers that have run for that long."""
        self._started = {key: at for key, at in self._started.items() if not passed(at, seconds, self._now())}

    def start(self, key: Key) -> None:
        """Start now, or start again."""
        self._started[key] = self._now()

    def drop(self, key: Key) -> None:
        self._started.pop(key, None)

    def since(self, key: Key) -> float:
        """When it was started. Starts it if it was not."""
        return self._started.setdefault(key, self._now())

    def started(self, key: Key) -> float | None:
        return self._started.get(key)

    def waited(self, key: Key, seconds: float) -> bool:
        """True if it has run for that long. Starts it if it was not started."""
        return passed(self.since(key), seconds, self._now())

    def due(self, key: Key, seconds: float) -> bool:
        """True if it was not started in the last `seconds`."""
        started = self._started.get(key)
        return started is None or passed(started, seconds, self._now())
