"""Wait by a clock that people and time servers may set back or ahead."""

from dataclasses import dataclass


def passed(since: float, seconds: float, now: float) -> bool:
    """True if that long has passed since then, and also if the clock was set back behind `since`: nothing waits for
    an hour to come a second time."""
    return not 0 <= now - since < seconds


@dataclass(slots=True)
class MissingFor:
    """How long something has been missing.

    Each check adds at most `step` seconds, and none if the clock was set back, so a clock jump never makes us give up
    early.
    """

    checked_at: float
    step: float
    seconds: float = 0.0

    def check(self, now: float) -> float:
        """Record that it is still missing; returns the seconds so far."""
        self.seconds += min(max(0.0, now - self.checked_at), self.step)
        self.checked_at = now
        return self.seconds
