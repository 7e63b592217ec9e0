"""How far the audit has been posted to its channel, and which entries belong there."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from bot.domain.audit.entry import Decision, Does
from bot.domain.inert import Inert


@dataclass(frozen=True, slots=True)
class AuditMessage:
    """A message under way: stored before it is sent, so that a restart sends this one and no other."""

    until: int
    """The number of the last entry that is settled with it."""
    nonce: str
    text: Inert
    attempted_at: float | None = None
    """When it was first handed to the chat, in seconds since the epoch; None before."""


@dataclass(frozen=True, slots=True)
class ChannelPosition:
    """All entries up to number `posted` are settled: they are in the channel, or do not belong there."""

    channel_id: int
    posted: int
    message_id: int = 0
    """The last message; 0 before the first."""
    pending: AuditMessage | None = None

    def settled(self, message_id: int) -> "ChannelPosition":
        """The position with the message under way delivered or given up; 0 if there is no message."""
        posted = self.pending.until if self.pending is not None else self.posted
        return replace(self, posted=posted, message_id=message_id or self.message_id, pending=None)


def of_interest(fields: Mapping[str, Any]) -> bool:
    """True for what starts, stops, is refused or fails, and for what the bot does by itself: not for plain reads."""
    return not (fields["decided"] == Decision.ALLOWED and fields["does"] == Does.NOTHING)
