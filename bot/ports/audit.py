"""The audit: kept by the store, so that an entry and what it allows are one commit."""

from contextvars import ContextVar
from dataclasses import dataclass
from typing import Protocol

from bot.domain.audit.chain import Anchor, Link
from bot.domain.audit.channel import ChannelPosition
from bot.domain.audit.entry import Entry

asking: ContextVar[Entry | None] = ContextVar("asking", default=None)
"""The entry of the interaction that this task answers. The store writes it with the first commit that starts or ends
something, in the same transaction: no command can have its effect without its entry, also one that is added later."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which entries; empty is any. `job` also finds the trials of a sweep. `since` is in seconds since the epoch."""

    person_id: int = 0
    job: str = ""
    projects: tuple[str, ...] = ()
    """Only entries of these projects; none are entries of any project, and those of no project."""
    what: str = ""
    decided: str = ""
    since: float = 0.0


class Audit(Protocol):
    """Append-only and hash-chained. Each method is one transaction."""

    async def audit(self, entry: Entry) -> None:
        """Write an entry, unless there is one with its `once`."""

    async def audited(self, wanted: Wanted, offset: int, limit: int) -> list[Link]:
        """Entries, newest first."""

    async def audit_chain(self, first: int, limit: int) -> list[Link]:
        """All entries from number `first` on, oldest first."""

    async def audit_anchor(self) -> Anchor:
        """The newest entry; `NO_ENTRY` if there is none."""

    async def audit_position(self) -> ChannelPosition | None:
        """How far the audit has been posted to its channel; None if it has no channel yet."""

    async def keep_audit_position(self, place: ChannelPosition | None) -> None:
        """Replace it, whole; None forgets it."""
