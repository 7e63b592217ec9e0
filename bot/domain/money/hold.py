"""Why an accepted job or sweep is not submitted yet, though nothing is wrong with it."""

from dataclasses import dataclass
from enum import StrEnum


class HoldKind(StrEnum):
    """What it waits for."""

    APPROVAL = "approval"
    """A second person's word, because of the sum."""
    PRICE = "price"
    """A spot price below `Hold.below_usd`."""
    PILOT = "pilot"
    """The first metric of a sweep's first trial."""
    FAILURES = "failures"
    """Somebody's decision: a sweep's first trials failed alike."""


@dataclass(frozen=True, slots=True)
class Hold:
    """Until it is lifted, nothing is submitted. `since` and `until` are in seconds since the epoch."""

    kind: HoldKind
    since: float
    until: float | None = None
    """When the wait ends without a job; None if it has no end."""
    below_usd: float = 0.0
    """Of `PRICE`: an hour of a machine."""
    detail: str = ""
    """Of `FAILURES`: the exception, or what else is known of how they failed."""
    reason: str = ""
    """Of `FAILURES`: the reason of their end."""
    failed: int = 0
    """Of `FAILURES`: how many failed alike, of `ended` trials."""
    ended: int = 0
    approvers: tuple[int, ...] = ()
    """Of `APPROVAL`: the roles that may approve it."""
    mentions: bool = False
    """Of `APPROVAL`: whether those roles are pinged, once."""
    machine: str = ""
    """Of `PRICE`: the type whose price was seen last; empty if none was."""
    seen_usd: float = 0.0
    """Of `PRICE`: that price; 0 if none was seen."""

    @property
    def mark(self) -> str:
        """Tells the holds of one sweep apart, in the ids of buttons."""
        return str(int(self.since))


@dataclass(frozen=True, slots=True)
class Continued:
    """Who let a sweep go on that was held for its failures, and when. `by` is empty if a trial that succeeded did."""

    by: str
    at: float
    by_id: int = 0
    from_commit: str = ""
    """The commit before, where it goes on at another one; then its failed trials run again."""

    @property
    def as_it_is(self) -> bool:
        """Its failures were accepted: it is not held for more of them."""
        return not self.from_commit


@dataclass(frozen=True, slots=True)
class Approval:
    """Who let it start, and when. `by` is a display name, for people to read."""

    by: str
    at: float
    by_id: int
