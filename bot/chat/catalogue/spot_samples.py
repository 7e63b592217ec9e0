"""Answers of `/spot` and `/watches` to show."""

from collections.abc import Iterator
from dataclasses import replace

from bot.chat.catalogue.samples import NOW
from bot.chat.reports import spot_lines
from bot.domain.inert import Inert
from bot.domain.money.spot_watch import SpotWatch
from bot.domain.money.zone_prices import ZonePrices
from bot.domain.texts.spot_texts import fell, stayed
from bot.services.money.price_book import Rate
from bot.services.money.spot.spot_prices import SpotAnswer

_ZONES = tuple(
    ZonePrices(region, f"{region}{zone}", ((NOW, usd),))
    for region, zone, usd in (("us-east-2", "b", 0.1578), ("us-east-2", "a", 0.171), ("us-west-2", "c", 0.29))
)
SPOT = SpotAnswer("g4dn.xlarge", 24, ("us-east-2", "us-west-2"), _ZONES, Rate(0.526, NOW), {}, {}, b"png")
WIDE = (*SPOT.regions, "us-east-1", "us-west-1", "ap-east-1", "eu-west-1")


def spot_answers() -> Iterator[tuple[str, SpotAnswer]]:
    """With everything known, and with everything that can be missing."""
    yield "all is known", SPOT
    yield "as dear as on demand", replace(SPOT, on_demand=Rate(0.157, NOW))
    silent = {"us-west-2": "no answer", "us-east-1": "no answer", "ap-east-1": "not enabled for this account"}
    missing = replace(SPOT, regions=WIDE, silent=silent, stale={"us-west-2": NOW}, png=None)
    yield "parts are missing", replace(missing, on_demand=replace(Rate(0.526, NOW), stale=True))
    yield "one zone, on demand unknown", replace(SPOT, zones=_ZONES[:1], on_demand=None)


def watch_texts() -> Iterator[tuple[str, Inert]]:
    watch = SpotWatch(7, 77, 1, "g4dn.xlarge", WIDE, 0.2, NOW + 86_400, id=3)
    yield "a price is watched", spot_lines.watching(watch)
    yield "the price is below already", spot_lines.watching(None)
    yield "what somebody watches", spot_lines.watches([watch, replace(watch, machine="g5.xlarge", below=0.45)])
    yield "nothing is watched", spot_lines.watches([])
    yield "no longer watched", spot_lines.stopped(watch)
    yield "a watched price has fallen", fell(watch, _ZONES[0])
    yield "a watched price has not fallen in time", stayed(watch)
