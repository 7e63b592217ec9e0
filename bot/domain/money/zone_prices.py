"""The spot price of one type in one zone, as it changed. Times are in seconds since the epoch."""

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ZonePrices:
    """`steps` are the moments of change with the price from then on, oldest first; there is one at least."""

    region: str
    zone: str
    steps: tuple[tuple[float, float], ...]

    @property
    def now(self) -> float:
        return self.steps[-1][1]

    @property
    def lowest(self) -> float:
        return min(usd for _, usd in self.steps)

    def since(self, start: float) -> "ZonePrices":
        """From `start` on, beginning with the price that was in force then."""
        before = [usd for at, usd in self.steps if at <= start]
        after = tuple(step for step in self.steps if step[0] > start)
        return ZonePrices(self.region, self.zone, ((start, before[-1]), *after) if before else after)


def cheapest_first(zones: Iterable[ZonePrices]) -> tuple[ZonePrices, ...]:
    """By the price in force now."""
    return tuple(sorted(zones, key=lambda each: (each.now, each.zone)))
