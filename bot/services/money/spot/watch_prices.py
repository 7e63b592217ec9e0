"""Tell people that a spot price which they watch has fallen, once, or that it hasn't in time."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace

import structlog

from bot.domain.clock import passed
from bot.domain.money.spot_watch import SpotWatch
from bot.domain.texts.spot_texts import fell, stayed
from bot.errors import Deleted, Denied, Missing, Refused, Unavailable
from bot.ports.chat import Chat
from bot.services.delivery.own_message import SendOnce
from bot.services.money.spot.spot_prices import SpotPriceHistory
from bot.services.running.core import Core

log = structlog.get_logger()

LOOK_SECONDS = 30.0
"""Between two looks at the prices, which are read from AWS once in `prices.spot_minutes`."""
REFUSED_SECONDS = 600.0
"""Before a channel that refused is tried again: Discord counts each refusal."""
GIVEN_UP_SECONDS = 86_400.0
"""After the end of a watch, for a channel that takes no message."""


class WatchPrices:
    """`once` looks, and sends what is to be said: it is in the store before the first attempt, so a restart sends the
    same message, and only if it has not arrived."""

    def __init__(self, core: Core, chat: Chat, prices: SpotPriceHistory, nonce_window: float) -> None:
        self._store, self._now, self._prices = core.store, core.now, prices
        self._send = SendOnce(chat, core.now, nonce_window)
        self._refused_at: dict[int, float] = {}

    async def once(self) -> None:
        stored = await self._store.spot_watches()
        over = [each for each in stored if not each.text and self._now() >= each.until]
        for each in over:
            await self._keep(each.ending(stayed(each)))
        waiting = [each for each in stored if not each.text and each not in over]
        for machine, watches in _by_machine(waiting).items():
            await self._look(machine, watches)
        for each in await self._store.spot_watches():
            if each.text and passed(self._refused_at.get(each.channel_id, 0.0), REFUSED_SECONDS, self._now()):
                await self._deliver(each)

    async def _look(self, machine: str, watches: Sequence[SpotWatch]) -> None:
        regions = dict.fromkeys(region for each in watches for region in each.regions)
        zones = await self._prices.fresh(machine, regions)
        for each in watches:
            best = next((zone for zone in zones if zone.region in each.regions), None)
            if best is not None and best.now < each.below:
                log.info("watched spot price reached", watch=each.id, zone=best.zone, usd=best.now)
                await self._keep(each.ending(fell(each, best)))

    async def _keep(self, watch: SpotWatch) -> None:
        await self._store.keep_spot_watch(watch)

    async def _deliver(self, watch: SpotWatch) -> None:
        async def attempt(at: float) -> None:
            await self._keep(replace(watch, attempted_at=at))

        try:
            await self._send.arrived(watch.channel_id, watch, watch.asked_in, attempt, users=(watch.asker_id,))
        except Unavailable as error:
            log.warning("could not tell of a spot price, will try again", watch=watch.id, error=str(error))
            return
        except Deleted:
            pass  # it had arrived
        except Refused as error:
            log.warning("the channel refuses news of a spot price", watch=watch.id, error=str(error))
            if isinstance(error, Missing | Denied) and self._now() < watch.until + GIVEN_UP_SECONDS:
                self._refused_at[watch.channel_id] = self._now()
                return
        await self._store.end_spot_watch(watch.id, watch.asker_id)


def _by_machine(watches: Sequence[SpotWatch]) -> dict[str, list[SpotWatch]]:
    found: dict[str, list[SpotWatch]] = defaultdict(list)
    for each in watches:
        found[each.machine].append(each)
    return found
