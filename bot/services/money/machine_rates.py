"""What an hour of one machine costs."""

from bot.domain.money.price_settings import PriceSettings
from bot.domain.money.quote import Terms
from bot.domain.money.rates import HOURS_A_MONTH
from bot.domain.project import Project
from bot.errors import UserError
from bot.services.money.price_book import PriceBook
from bot.services.money.quotes import ADDRESS_USD


class MachineRates:
    """`book` is None without prices: then only `usd_per_hour` of the config gives one."""

    def __init__(self, book: PriceBook | None, settings: PriceSettings) -> None:
        self._book, self._settings = book, settings

    async def usd_per_hour(self, project: Project, region: str, machine: str, terms: Terms) -> float | None:
        """With its disk and its address. None if nobody knows, or if machines cost nothing. Never raises."""
        if project.usd_per_hour is not None:
            return project.usd_per_hour or None
        if self._book is None or not machine:
            return None
        region = self._settings.region or region
        try:
            disk = await self._book.disk(region)
            on_demand = (await self._book.on_demand(region, [machine])).get(machine)
            spot = (await self._book.spot(region, [machine])).get(machine) if terms is Terms.SPOT else None
        except UserError:
            return None
        rate = spot or on_demand
        if rate is None:
            return None
        return rate.usd + self._settings.disk_gib * disk.usd / HOURS_A_MONTH + ADDRESS_USD
