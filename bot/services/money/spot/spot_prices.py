"""Show how spot prices have moved in the zones of several regions, and which zone is the cheapest now."""

import asyncio
import math
from collections import defaultdict
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches

import structlog

from bot.domain.access import Person
from bot.domain.clock import passed
from bot.domain.drawing.figures import SpotRequest
from bot.domain.money import region_groups
from bot.domain.money.zone_prices import ZonePrices, cheapest_first
from bot.domain.text import folded
from bot.errors import BadInput, CredentialsExpired, Denied, ServiceError, Unavailable, UnknownName, UserError
from bot.ports.figures import Figures
from bot.ports.prices import Prices
from bot.services.money.price_book import ANSWER_SECONDS, PriceBook, Rate
from bot.services.money.spot.queue_types import QueueTypes

log = structlog.get_logger()

HOURS, MOST_HOURS = 24, 90 * 24
""" "The date and time, up to the past 90 days, from which to start retrieving the price history data": `StartTime` of
https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeSpotPriceHistory.html"""
AT_ONCE = 8
"""Regions asked at a time. Each has request limits of its own: "for each AWS account on a per-Region basis",
https://docs.aws.amazon.com/ec2/latest/devguide/ec2-api-throttling.html"""
MOST_CACHED = 500
"""Answers by type and region. The oldest goes first."""
SILENT_SECONDS = 120.0
FRESH_LOOK_SECONDS = 3_600.0
"""The price in force at the beginning is among the answers, however old it is."""
NOT_ENABLED = "AuthFailure"
"""A region that the account has not turned on answers like this, as if the keys were wrong:
https://github.com/turbot/steampipe-plugin-aws/issues/75"""


@dataclass(frozen=True, slots=True)
class SpotAnswer:
    """What is known. `zones` come with the cheapest first; regions that are in none of the lists had no such type."""

    machine: str
    hours: int
    regions: tuple[str, ...]
    zones: tuple[ZonePrices, ...]
    on_demand: Rate | None
    """In the region of the cheapest zone."""
    silent: dict[str, str]
    """Regions that did not answer, and why. Those of them that have zones answered before: see `stale`."""
    stale: dict[str, float]
    """Regions whose prices are of an earlier time, and of which."""
    png: bytes | None = None


@dataclass(frozen=True, slots=True)
class _Read:
    """What one region said, and when."""

    at: float
    since: float
    zones: tuple[ZonePrices, ...]


class SpotPriceHistory:
    """Called by the chat. `prices` and `book` are None if the config wants no prices."""

    def __init__(
        self,
        prices: Prices | None,
        book: PriceBook | None,
        types: QueueTypes,
        figures: Figures,
        *,
        now: Callable[[], float],
        home: str,
        fresh_seconds: float,
    ) -> None:
        self._prices, self._book, self._types, self._figures = prices, book, types, figures
        self._now, self._home, self._fresh = now, home, fresh_seconds
        self._reads: dict[tuple[str, str], _Read] = {}
        self._turns = asyncio.Semaphore(AT_ONCE)
        self._silent_at: dict[str, float] = {}
        """When a region did not answer to `fresh`."""

    async def history(self, person: Person, machine: str, regions: str = "", hours: int = HOURS) -> SpotAnswer:
        """With a picture. Raises `UnknownName` for a type or a region that does not exist, `UserError` if there are no
        prices, and what AWS said if no region answered and none has before."""
        prices = self._offered()
        if not 1 <= hours <= MOST_HOURS:
            raise BadInput(f"`hours` must be a number from 1 to {MOST_HOURS:,}, which is 90 days, not {hours}.")
        asked = region_groups.expanded(regions, prices.regions()) or [self._home]
        machine = folded(machine)
        await self._check_type(machine, person, prices)
        answer = await self._asked(prices, machine, asked, hours)
        if not answer.zones:
            await self._explain_nothing(answer, person, prices)
        return await self._with_picture(answer)

    async def fresh(self, machine: str, regions: Collection[str]) -> tuple[ZonePrices, ...]:
        """The zones of those regions that answer now, or have in the last minutes; the cheapest first. Never raises. A
        region that did not answer is left alone for some minutes."""
        if self._prices is None:
            return ()
        asked = [each for each in regions if passed(self._silent_at.get(each, -math.inf), SILENT_SECONDS, self._now())]
        since = self._now() - FRESH_LOOK_SECONDS
        found = await asyncio.gather(*(self._region(self._prices, machine, region, since) for region in asked))
        self._silent_at |= {region: self._now() for region, (_, error) in zip(asked, found, strict=True) if error}
        reads = [read for read, error in found if read is not None and error is None]
        return cheapest_first(kept for each in reads for zone in each.zones if (kept := zone.since(since)).steps)

    async def suggested_types(self, text: str, person: Person) -> list[str]:
        """Those of the queues first, then whatever else there is; those that begin with the text before the others."""
        if self._prices is None:
            return []
        known, typed = await self._prices.types(), folded(text)
        queues = await self._types.of(person, known)
        found = [name for name in [*queues, *sorted(known - set(queues))] if typed in name]
        return sorted(found, key=lambda name: (name not in queues, not name.startswith(typed)))

    def suggested_regions(self, text: str) -> list[tuple[str, str]]:
        return region_groups.suggestions(text, self._prices.regions()) if self._prices is not None else []

    # ---- asking ------------------------------------------------------------------------------------------
    def _offered(self) -> Prices:
        if self._prices is None:
            raise UserError("I read no prices: the config has `[prices] enabled = false`.")
        return self._prices

    async def _asked(self, prices: Prices, machine: str, regions: Sequence[str], hours: int) -> SpotAnswer:
        since = self._now() - hours * 3_600.0
        found = await asyncio.gather(*(self._region(prices, machine, region, since) for region in regions))
        read = {region: each for region, (each, _) in zip(regions, found, strict=True) if each is not None}
        errors = {region: error for region, (_, error) in zip(regions, found, strict=True) if error is not None}
        if not read and errors:
            raise next(iter(errors.values()))
        zones = cheapest_first(
            kept for each in read.values() for zone in each.zones if (kept := zone.since(since)).steps
        )
        answered = len(errors) < len(regions)
        return SpotAnswer(
            machine,
            hours,
            tuple(regions),
            zones,
            await self._on_demand(machine, zones),
            {region: _why(error, others_answered=answered) for region, error in errors.items()},
            {region: read[region].at for region in errors if region in read},
        )

    async def _region(
        self, prices: Prices, machine: str, region: str, since: float
    ) -> tuple[_Read | None, ServiceError | None]:
        """What it says, or has said not long ago; with the error if it doesn't answer, what it said before that."""
        known = self._reads.get((machine, region))
        if known is not None and known.since <= since and not passed(known.at, self._fresh, self._now()):
            return known, None
        try:
            async with self._turns, asyncio.timeout(ANSWER_SECONDS):
                found = await prices.spot(region, [machine], since)
        except TimeoutError:
            return known, Unavailable(f"no answer within {ANSWER_SECONDS:g} s")
        except ServiceError as error:
            log.warning("no spot prices", region=region, machine=machine, error=str(error))
            return known, error
        steps: dict[str, list[tuple[float, float]]] = defaultdict(list)
        for each in found:
            steps[each.zone].append((each.at, each.usd_per_hour))
        read = _Read(self._now(), since, tuple(ZonePrices(region, zone, tuple(each)) for zone, each in steps.items()))
        self._reads.pop((machine, region), None)
        self._reads[machine, region] = read
        while len(self._reads) > MOST_CACHED:
            del self._reads[next(iter(self._reads))]
        return read, None

    async def _on_demand(self, machine: str, zones: Sequence[ZonePrices]) -> Rate | None:
        if not zones or self._book is None:
            return None
        try:
            return (await self._book.on_demand(zones[0].region, [machine])).get(machine)
        except (ServiceError, UserError):
            return None  # a region without a price list

    # ---- what is missing ---------------------------------------------------------------------------------
    async def _check_type(self, machine: str, person: Person, prices: Prices) -> None:
        """Raise for what can be no type, and for a family."""
        known = await prices.types()
        if machine in known:
            return
        members = sorted(name for name in known if name.startswith(f"{machine}."))
        if members:
            raise BadInput(f"{machine} is a family of types.", choices=members)
        if "." not in machine:
            raise await self._unknown(machine, person, known)

    async def _explain_nothing(self, answer: SpotAnswer, person: Person, prices: Prices) -> None:
        known = await prices.types()
        if answer.machine not in known:
            raise await self._unknown(answer.machine, person, known)
        where = ", ".join(answer.regions[:5]) + (", …" if len(answer.regions) > 5 else "")
        silent = f" {', '.join(answer.silent)} did not answer." if answer.silent else ""
        raise UserError(f"{answer.machine} has no spot price in {where}.{silent} Try other regions, such as `us`.")

    async def _unknown(self, machine: str, person: Person, known: frozenset[str]) -> UnknownName:
        queues = await self._types.of(person, known)
        near = get_close_matches(machine, [*queues, *sorted(known)], 3)
        return UnknownName("machine type", given=machine[:40], near=near, valid=queues)

    async def _with_picture(self, answer: SpotAnswer) -> SpotAnswer:
        now = self._now()
        request = SpotRequest(
            title=f"{answer.machine} spot",
            subtitle=f"USD an hour, Linux, the last {hours_in_words(answer.hours)}",
            zones=tuple((each.zone, each.steps) for each in answer.zones),
            since=now - answer.hours * 3_600.0,
            until=now,
            on_demand=answer.on_demand.usd if answer.on_demand is not None else None,
        )
        try:
            drawing = await self._figures.spot(request)
        except ServiceError as error:
            log.warning("spot prices were not drawn", error=str(error))
            return answer
        return replace(answer, png=drawing.png)


def hours_in_words(hours: int) -> str:
    """`24 h`, `7 days`."""
    return f"{hours // 24} days" if hours > 48 and hours % 24 == 0 else f"{hours} h"


def _why(error: ServiceError, *, others_answered: bool) -> str:
    if isinstance(error, Denied) and error.code.rpartition(".")[2] == NOT_ENABLED and others_answered:
        return "not enabled for this account"
    if isinstance(error, CredentialsExpired):
        return "the bot's credentials have expired"
    return "no permission" if isinstance(error, Denied) else "no answer"
