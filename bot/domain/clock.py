"""Waiting by a clock that people and time servers may set back."""


def passed(since: float, seconds: float, now: float) -> bool:
    """Whether so long has passed since then. Where the clock has been set back behind `since`, it has: nothing waits
    for an hour to come a second time."""
    return not 0 <= now - since < seconds
