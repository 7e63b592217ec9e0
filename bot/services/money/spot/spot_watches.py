"""Watch a spot price for somebody, list what is watched, and stop: `/spot g4dn.xlarge below:0.20`."""

from bot.domain.access import Person
from bot.domain.money.deadline import deadline
from bot.domain.money.spot_watch import MOST_WATCHES, SpotWatch
from bot.domain.texts.command_names import command
from bot.domain.texts.spot_texts import watched
from bot.errors import UnknownName, UserError
from bot.services.money.spot.spot_prices import SpotAnswer
from bot.services.running.core import Core

UNTIL = "until"
"""The option's name."""


class SpotWatches:
    """Called by the chat. A person sees and stops their own alone. `WatchPrices` tells them."""

    def __init__(self, core: Core) -> None:
        self._store, self._now, self._zone = core.store, core.now, core.caps.calendar.zone

    def end(self, until: str) -> float:
        """When a watch ends that is asked for now. Raises `BadInput`."""
        return deadline(until, self._now(), self._zone, UNTIL)

    async def watch(
        self, person: Person, answer: SpotAnswer, below: float, until: float, asked_in: int
    ) -> SpotWatch | None:
        """None if a price that was just read is below that already. Raises `UserError` if the person has too many."""
        if any(zone.now < below for zone in answer.zones if zone.region not in answer.stale):
            return None
        wanted = SpotWatch(person.id, person.channel_id, asked_in, answer.machine, answer.regions, below, until)
        stored = await self._store.add_spot_watch(wanted, MOST_WATCHES)
        if stored is None:
            own = "\n".join(watched(each) for each in await self.of(person))
            raise UserError(
                f"You watch {MOST_WATCHES} prices already, and that is the most:\n{own}\n"
                f"Stop one with a button of {command('watches')}."
            )
        return stored

    async def of(self, person: Person) -> list[SpotWatch]:
        return await self._store.spot_watches(person.id)

    async def stop(self, watch_id: str, person: Person) -> SpotWatch:
        """Raises `UnknownName` if the person has none with that id, or no longer."""
        for each in await self.of(person):
            if str(each.id) == watch_id and await self._store.end_spot_watch(each.id, person.id):
                return each
        raise UnknownName(
            "price that you watch",
            given=watch_id,
            hint=f"It has ended, or it is somebody else's. {command('watches')} shows yours.",
        )
