"""What machines cost: prices by region, instance type and terms."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class SpotPrice:
    """The spot price of a type in a zone from a moment on. `at` is in seconds since the epoch."""

    machine: str
    zone: str
    usd_per_hour: float
    at: float


class Prices(Protocol):
    """Machines run Linux with shared tenancy. Regions are named by their code: `ap-northeast-1`.

    Each price is one that can be: above 0 and not absurd (`bot.domain.money.rates`). An answer with any other one is
    `Unavailable`, as a whole. `UnknownName` for an unknown region; the same errors as every service otherwise.
    """

    def regions(self) -> Sequence[str]:
        """The regions that have prices in USD."""

    async def types(self) -> frozenset[str]:
        """The types that are known by name, wherever they are to be had. There may be newer ones."""

    async def on_demand(self, region: str, machines: Sequence[str]) -> Mapping[str, float]:
        """USD an hour, by type. A family, such as `g4dn`, stands for all of its types. What the region does not have is
        absent."""

    async def spot(self, region: str, machines: Sequence[str], since: float) -> Sequence[SpotPrice]:
        """The spot prices of all zones since then, oldest first, beginning with the price in force at that moment.
        Empty for a type that the region does not have as spot. Types only, no families."""

    async def disk(self, region: str) -> float:
        """USD a month for a GiB of a machine's disk (gp3)."""
