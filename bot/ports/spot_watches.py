"""Spot prices that people wait to hear of."""

from typing import Protocol

from bot.domain.money.spot_watch import SpotWatch


class StoredWatches(Protocol):
    """Each method is one transaction."""

    async def spot_watches(self, asker_id: int | None = None) -> list[SpotWatch]:
        """In the order in which they were asked for: this person's, or everybody's."""

    async def add_spot_watch(self, watch: SpotWatch, most: int) -> SpotWatch | None:
        """As it is stored, with its id; None if the person has `most` already. If the person has the same one, apart
        from its end, that one gets the new end."""

    async def keep_spot_watch(self, watch: SpotWatch) -> bool:
        """Keep its message and when it was attempted. False if the watch has been ended or has got
        another end, and then nothing is kept."""

    async def end_spot_watch(self, watch_id: int, asker_id: int) -> bool:
        """Forget it. False if this person has none with that id."""
