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
    """Of `FAILURES`: how they failed."""
