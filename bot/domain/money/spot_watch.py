"""Somebody who wants to hear of a spot price: `/spot g4dn.xlarge below:0.20`."""

from dataclasses import dataclass, replace

from bot.domain.inert import EMPTY, Inert

MOST_WATCHES = 5
"""For each person."""


@dataclass(frozen=True, slots=True)
class SpotWatch:
    """It waits until `until`, in seconds since the epoch. `id` is 0 before it is stored, and never given twice."""

    asker_id: int
    channel_id: int
    asked_in: int
    """The id of the interaction: a message of before is about something else."""
    machine: str
    regions: tuple[str, ...]
    below: float
    """USD an hour."""
    until: float
    id: int = 0
    text: Inert = EMPTY
    """The message that ends it, stored before it is sent; empty while it waits."""
    attempted_at: float | None = None
    """When the message was first handed to the chat; None before."""

    def ending(self, text: Inert) -> "SpotWatch":
        return replace(self, text=text)

    @property
    def nonce(self) -> str:
        """Discord takes 25 characters: https://docs.discord.com/developers/resources/message#create-message"""
        return f"sw{self.id % 10**9}-{self.asked_in % 10**11}"
