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
    machine: str = ""
    """Of `PRICE`: the type whose price was seen last; empty if none was."""
    seen_usd: float = 0.0
    """Of `PRICE`: that price; 0 if none was seen."""
    detail: str = ""
    """Of `FAILURES`: how they failed."""
    approvers: tuple[int, ...] = ()
    """Of `APPROVAL`: the roles that may approve it."""
    mentions: bool = False
    """Of `APPROVAL`: whether those roles are pinged, once."""


@dataclass(frozen=True, slots=True)
class Approval:
    """Who let it start, and when. `by` is a display name, for people to read."""

    by: str
    at: float
    by_id: int
