"""What happens to the bot's calls: they fail, their answers are lost, and the bot is killed in the middle of one."""

import inspect
import math
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from bot.errors import CredentialsExpired, ServiceError, Throttled, Unavailable
from tests.faults.gates import COMMITS, Cut
from tests.support.clock import Clock

FAILS = 0.01
"""How often a call fails by itself, half of them after its effect."""
SUBMIT_FAILS = 0.1
"""The same for a submission, as a lost answer costs most there."""
MAY_BE_THROTTLED = ("engine",)
"""Readers of logs repeat a throttled call until it works, and this clock stands still meanwhile."""


@dataclass
class Mishaps:
    """Of one world. Times in seconds since the epoch."""

    clock: Clock
    drawn: random.Random
    down_until: dict[str, float] = field(default_factory=dict)
    """By port: until when none of its calls works."""
    calls_left: float = math.inf
    """Until the bot is killed."""
    dead: bool = False
    failed_at: list[float] = field(default_factory=list)

    def due(self, port: str, method: str, *, after: bool) -> None:
        """Raise what happens to this call, before or after its effect."""
        if self.dead:
            raise Cut
        self.calls_left -= 1
        if self.calls_left < 0:
            self.dead = True
            raise Cut
        if port == "store":
            return
        if (error := self._error(port, method, after=after)) is not None:
            self.failed_at.append(self.clock())
            raise error

    def _error(self, port: str, method: str, *, after: bool) -> ServiceError | None:
        down = self.clock() < self.down_until.get(port, 0.0)
        if down and not after:
            return Unavailable(f"{port} is down")
        if self.drawn.random() >= (SUBMIT_FAILS if method == "submit" else FAILS) / 2:
            return None
        if after or port not in MAY_BE_THROTTLED:
            return Unavailable("the connection was reset")
        return self.drawn.choice((Unavailable("reset"), Throttled("too many"), CredentialsExpired("expired")))


class Through:
    """A port, or the store, whose calls may come to grief."""

    def __init__(self, name: str, port: object, mishaps: Mishaps) -> None:
        self._name, self._port, self._mishaps = name, port, mishaps

    def __getattr__(self, method: str) -> Any:
        inner = getattr(self._port, method)
        if inspect.iscoroutinefunction(inner) and (self._name != "store" or method in COMMITS):
            inner = self._through(method, inner)
        setattr(self, method, inner)
        return inner

    def _through(self, method: str, inner: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
        async def through(*args: Any, **named: Any) -> Any:
            self._mishaps.due(self._name, method, after=False)
            result = await inner(*args, **named)
            self._mishaps.due(self._name, method, after=True)
            return result

        return through
