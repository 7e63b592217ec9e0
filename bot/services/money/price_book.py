"""Prices with their age: asked for when they are needed, kept for hours, and those of before while nobody answers."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import structlog

from bot.domain.clock import passed
from bot.domain.money import last_resort
from bot.domain.money.price_settings import PriceSettings
from bot.domain.money.rates import belongs
from bot.errors import ServiceError
from bot.ports.prices import Prices, SpotPrice
from bot.services.money.price_file import Known, PriceFile

log = structlog.get_logger()

ANSWER_SECONDS = 8.0
"""A command waits no longer for prices."""
REST_SECONDS = 60.0
"""After a failure nothing is asked for so long: each command would wait for it."""
_DISK = "GiB month"


@dataclass(frozen=True, slots=True)
class Rate:
    """A price. `at` is when it was read; `stale` if it is older than it should be, or never was that region's own."""

    usd: float
    at: float
    stale: bool = False


class PriceBook:
    """Never raises a service's error: `trouble` says what was wrong, and the rates are marked. `now` is in seconds
    since the epoch."""

    def __init__(self, prices: Prices, path: Path, now: Callable[[], float], settings: PriceSettings) -> None:
        self._prices, self._now = prices, now
        self._fresh, self._fresh_spot = settings.fresh_seconds, settings.fresh_spot_seconds
        self._file = PriceFile(path)
        self._known = self._file.read()
        self._turn = asyncio.Lock()
        self._failed_at: dict[str, float] = {}
        """By service and region, when it last failed."""
        self.trouble = ""
        """Why prices are not those of now; empty if they are."""

    async def on_demand(self, region: str, names: Sequence[str]) -> dict[str, Rate]:
        """By type; a family stands for all of its types. What has no price is absent. `UnknownName` for a region that
        does not exist."""

        async def ask(missing: Sequence[str]) -> dict[str, Mapping[str, float]]:
            found = await self._prices.on_demand(region, missing)
            return {name: {each: usd for each, usd in found.items() if belongs(each, name)} for name in missing}

        kind = f"on demand {region}"
        await self._refresh(kind, names, self._fresh, ask)
        rates: dict[str, Rate] = {}
        for name in names:
            rates |= self._rates(kind, name, self._fresh) or {
                machine: Rate(usd, last_resort.READ_AT, stale=True)
                for machine, usd in last_resort.prices(region, [name]).items()
                if f"{kind} {name}" not in self._known
            }
        return rates

    async def spot(self, region: str, machines: Sequence[str]) -> dict[str, Rate]:
        """By type: the price in force now, in the middle of the region's zones. What has none is absent."""

        async def ask(missing: Sequence[str]) -> dict[str, Mapping[str, float]]:
            found = await self._prices.spot(region, missing, self._now())
            now = in_force(found)
            return {name: {name: now[name]} if name in now else {} for name in missing}

        kind = f"spot {region}"
        await self._refresh(kind, machines, self._fresh_spot, ask)
        return {name: rate for each in machines for name, rate in self._rates(kind, each, self._fresh_spot).items()}

    async def disk(self, region: str) -> Rate:
        """A month of a GiB."""

        async def ask(_: Sequence[str]) -> dict[str, Mapping[str, float]]:
            return {_DISK: {_DISK: await self._prices.disk(region)}}

        kind = f"disk {region}"
        await self._refresh(kind, [_DISK], self._fresh, ask)
        known = self._rates(kind, _DISK, self._fresh)
        return known.get(_DISK) or Rate(last_resort.disk_price(region), last_resort.READ_AT, stale=True)

    def _rates(self, kind: str, name: str, seconds: float) -> dict[str, Rate]:
        known = self._known.get(f"{kind} {name}")
        if known is None:
            return {}
        stale = passed(known.at, seconds, self._now())
        return {machine: Rate(usd, known.at, stale) for machine, usd in known.usd.items()}

    async def _refresh(
        self,
        kind: str,
        names: Iterable[str],
        seconds: float,
        ask: Callable[[Sequence[str]], Awaitable[Mapping[str, Mapping[str, float]]]],
    ) -> None:
        """Ask for what is missing or too old, together, unless that failed just now."""
        async with self._turn:
            missing = [name for name in dict.fromkeys(names) if self._is_old(f"{kind} {name}", seconds)]
            failed_at = self._failed_at.get(kind)
            if not missing or (failed_at is not None and not passed(failed_at, REST_SECONDS, self._now())):
                return
            try:
                async with asyncio.timeout(ANSWER_SECONDS):
                    found = await ask(missing)
            except (ServiceError, TimeoutError) as error:
                self._failed(kind, str(error) or f"no answer within {ANSWER_SECONDS:g} s")
                return
            self._failed_at.pop(kind, None)
            self.trouble = self.trouble if self._failed_at else ""
            now = self._now()
            self._known |= {f"{kind} {name}": Known(now, dict(usd)) for name, usd in found.items()}
            await asyncio.to_thread(self._file.write, self._known)

    def _is_old(self, key: str, seconds: float) -> bool:
        known = self._known.get(key)
        return known is None or passed(known.at, seconds, self._now())

    def _failed(self, kind: str, why: str) -> None:
        if kind not in self._failed_at:
            log.warning("prices can't be read", what=kind, error=why)
        self._failed_at[kind], self.trouble = self._now(), why


def in_force(found: Iterable[SpotPrice]) -> dict[str, float]:
    """By type: the last price of each zone, and of these the one in the middle. `found` is oldest first."""
    last: dict[str, dict[str, float]] = {}
    for each in found:
        last.setdefault(each.machine, {})[each.zone] = each.usd_per_hour
    return {machine: median(by_zone.values()) for machine, by_zone in last.items()}
