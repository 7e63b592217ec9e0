"""Waiting by a clock that people and time servers may set, back and ahead."""

from dataclasses import dataclass


def passed(since: float, seconds: float, now: float) -> bool:
    """Whether so long has passed since then. Where the clock has been set back behind `since`, it has: nothing waits
    for an hour to come a second time."""
    return not 0 <= now - since < seconds


@dataclass(slots=True)
class Absence:
    """For how long something has surely not been there, told from look to look.

    From one look to the next at most `step` seconds count, and none where the clock has been set back: so a clock that
    is set ahead makes nobody give up what is only late.
    """

    looked_at: float
    step: float
    seconds: float = 0.0

    def look(self, now: float) -> float:
        """Not there at this look, either: the seconds so far."""
        self.seconds += min(max(0.0, now - self.looked_at), self.step)
        self.looked_at = now
        return self.seconds
