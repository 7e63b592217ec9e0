"""A pace that adapts: additive increase, multiplicative decrease (Chiu and Jain, 1989)."""

from collections.abc import Awaitable, Callable


class AdaptivePace:
    """At `most` calls a second, fewer after throttling: the account's quota is shared with people."""

    def __init__(
        self,
        most: float,
        *,
        now: Callable[[], float],
        sleep: Callable[[float], Awaitable[None]],
        least: float = 0.2,
    ) -> None:
        self.rate = most
        self._most, self._least, self._now, self._sleep = most, least, now, sleep
        self._next = 0.0

    async def turn(self) -> None:
        """Return when the next call may be made."""
        now = self._now()
        at = max(self._next, now)
        self._next = at + 1 / self.rate
        if at > now:
            await self._sleep(at - now)

    def eased(self) -> None:
        """A call went well."""
        self.rate = min(self._most, self.rate + 0.05 * self._most)

    def throttled(self) -> None:
        """A call was refused for its rate."""
        self.rate = max(self._least, self.rate / 2)
        self._next = max(self._next, self._now() + 1 / self.rate)
