"""The spot machine that a project's next job would start on, and what an hour of it costs now."""

from dataclasses import dataclass

from bot.domain.money.price_settings import PriceSettings
from bot.domain.money.quote import Terms
from bot.domain.project import Project
from bot.errors import ServiceError, UserError
from bot.ports.engine import Engine, Machines
from bot.services.money.price_book import PriceBook


@dataclass(frozen=True, slots=True)
class SpotNow:
    """The cheapest type that a job fits on, in the middle of the region's zones, as in a quote. `usd` is None if nobody
    knows it now: then it is of no use what it was before."""

    machine: str = ""
    usd: float | None = None


class CheapestSpot:
    """`book` is None if the config wants no prices."""

    def __init__(self, engine: Engine, book: PriceBook | None, settings: PriceSettings) -> None:
        self._engine, self._book, self._settings = engine, book, settings

    async def now(self, project: Project) -> SpotNow | None:
        """None if its queue starts no spot machines first, or nothing has prices. Never raises."""
        if self._book is None:
            return None
        try:
            machines = await self._engine.machines(project.queue, project.job_definition, project.resources)
            if machines is None:
                return SpotNow()
            if not machines.pools or machines.pools[0].terms is not Terms.SPOT:
                return None
            return await self._cheapest(machines, self._book)
        except (ServiceError, UserError):
            return SpotNow()

    async def _cheapest(self, machines: Machines, book: PriceBook) -> SpotNow:
        region = self._settings.region or machines.region
        listed = await book.on_demand(region, machines.pools[0].types)
        found = await book.spot(region, [name for name in listed if machines.fits(name)])
        name = min(found, key=lambda each: found[each].usd, default="")
        return SpotNow(name, found[name].usd if name and not found[name].stale else None)
