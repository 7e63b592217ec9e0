"""Prices in memory, which a test can take away, and machines to price."""

import asyncio
from collections.abc import Mapping, Sequence

from bot.domain.money.quote import Terms
from bot.domain.money.rates import belongs
from bot.errors import ServiceError, UnknownName
from bot.ports.engine import Machines, Pool
from bot.ports.prices import SpotPrice

HOME = "us-east-1"
REGIONS = (HOME, "us-west-2", "ap-northeast-1", "ap-northeast-3", "eu-west-1")
ON_DEMAND = {"g4dn.xlarge": 0.5, "g4dn.2xlarge": 0.75, "g5.xlarge": 1.0, "m7i.xlarge": 0.2}
SPOT = {"g4dn.xlarge": 0.2, "g5.xlarge": 0.45}


class FakePrices:
    """`bot.ports.prices.Prices` with the same prices in all regions. Spot differs by 20 % between three zones."""

    def __init__(self) -> None:
        self.listed, self.spots = dict(ON_DEMAND), dict(SPOT)
        self.disk_usd = 0.073
        self.error: ServiceError | None = None
        self.silent: dict[str, ServiceError] = {}
        """Regions that answer with an error."""
        self.hung: set[str] = set()
        """Regions that never answer."""
        self.asked: list[str] = []

    def regions(self) -> Sequence[str]:
        return REGIONS

    async def types(self) -> frozenset[str]:
        return frozenset({*ON_DEMAND, "g4dn.12xlarge"})

    async def on_demand(self, region: str, machines: Sequence[str]) -> Mapping[str, float]:
        self._ask(f"on demand {' '.join(machines)}", region)
        return {each: usd for each, usd in self.listed.items() if any(belongs(each, name) for name in machines)}

    async def spot(self, region: str, machines: Sequence[str], since: float) -> Sequence[SpotPrice]:
        self._ask(f"spot {' '.join(machines)}", region)
        if region in self.hung:
            await asyncio.Event().wait()
        return [
            SpotPrice(name, f"{region}{zone}", self.spots[name] * times, since - age)
            for age, past in ((3_600.0, 2.0), (60.0, 1.0))
            for zone, times in (("a", 0.8 * past), ("b", 1.0 * past), ("c", 1.2 * past))
            for name in machines
            if name in self.spots
        ]

    async def disk(self, region: str) -> float:
        self._ask("disk", region)
        return self.disk_usd

    def _ask(self, what: str, region: str) -> None:
        self.asked.append(what)
        if region not in REGIONS:
            raise UnknownName("region", given=region, valid=REGIONS)
        if (error := self.silent.get(region, self.error)) is not None:
            raise error


def machines(*types: str, terms: Terms = Terms.SPOT, attempts: int = 3, share: float = 1.0) -> Machines:
    """One pool in the region that has prices."""
    return Machines(HOME, (Pool(types, terms, share),), attempts)
