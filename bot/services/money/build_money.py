"""Build the services for money, and the loops that run them."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from bot.domain.money.price_settings import PriceSettings
from bot.ports.prices import Prices
from bot.services.money.price_book import PriceBook
from bot.services.money.price_file import PRICES_FILE
from bot.services.money.quotes import Quotes
from bot.services.money.spot.queue_types import QueueTypes
from bot.services.money.spot.spot_prices import SpotPriceHistory
from bot.services.money.spot.spot_watches import SpotWatches
from bot.services.money.spot.start_below import LOOK_SECONDS, StartBelow
from bot.services.money.spot.watch_prices import LOOK_SECONDS as WATCH_SECONDS
from bot.services.money.spot.watch_prices import WatchPrices
from bot.services.running.core import Core, Outside, Setup
from bot.services.running.loop import Loop

WARM_SECONDS = 3_600.0
"""Prices are read ahead of the commands that need them."""


@dataclass(frozen=True, slots=True)
class Money:
    """What the other services call, and the loops. `book` is None if the config wants no prices."""

    quotes: Quotes
    book: PriceBook | None
    spot_prices: SpotPriceHistory
    spot_watches: SpotWatches
    loops: tuple[Loop, ...]


def build(core: Core, outside: Outside, setup: Setup) -> Money:
    book = price_book(outside.prices, setup.data_dir, core.now, setup.prices)
    quotes = Quotes(core.store, outside.engine, book, setup.prices)
    projects = list(core.projects.values())
    warm = (Loop("warm_prices", lambda: quotes.warm(projects), WARM_SECONDS),) if book is not None else ()
    spot_prices = _spot_prices(core, outside, setup, book)
    loops = (
        *warm,
        Loop("start_below", StartBelow(core, quotes.spot).once, LOOK_SECONDS),
        Loop("watch_prices", WatchPrices(core, outside.chat, spot_prices, setup.nonce_window).once, WATCH_SECONDS),
    )
    return Money(quotes, book, spot_prices, SpotWatches(core), loops)


def _spot_prices(core: Core, outside: Outside, setup: Setup, book: PriceBook | None) -> SpotPriceHistory:
    return SpotPriceHistory(
        outside.prices,
        book,
        QueueTypes(outside.engine, list(core.projects.values()), core.permits),
        outside.figures,
        now=core.now,
        home=setup.prices.region or setup.region,
        fresh_seconds=setup.prices.fresh_spot_seconds,
    )


def price_book(
    prices: Prices | None, data_dir: Path, now: Callable[[], float], settings: PriceSettings
) -> PriceBook | None:
    return PriceBook(prices, data_dir / PRICES_FILE, now, settings) if prices is not None else None
