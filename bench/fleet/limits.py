"""AWS's limits on calls, and a ledger of the calls that were made."""

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

BATCH_READS = ("DescribeJobs", "ListJobs")
PER_SECOND: Mapping[tuple[str, ...], float] = {("SubmitJob",): 50, BATCH_READS: 10, ("FilterLogEvents",): 5}
"""Calls per second, by the actions that share the limit. SubmitJob's is documented; Batch's reads have the rate that is
known to be safe; FilterLogEvents has that of the regions with the lowest quota."""
MINUTE = 60.0


@dataclass(slots=True)
class TokenBucket:
    """A bucket that holds one second's tokens."""

    rate: float
    level: float = field(init=False)
    at: float = 0.0

    def __post_init__(self) -> None:
        self.level = self.rate

    def take(self, now: float) -> bool:
        """Take a token. Returns False if none was left."""
        self.level = min(self.rate, self.level + self.rate * (now - self.at))
        self.at = now
        if self.level < 1:
            return False
        self.level -= 1
        return True


@dataclass(frozen=True, slots=True)
class Entry:
    """One call. `at` is in seconds since the epoch."""

    at: float
    action: str
    throttled: bool


class Ledger:
    """Records every call and applies the limits."""

    def __init__(self) -> None:
        self.entries: list[Entry] = []
        self._buckets = {actions: TokenBucket(rate) for actions, rate in PER_SECOND.items()}

    def admit(self, action: str, now: float) -> bool:
        """Record the call. Returns False if it exceeds its limit."""
        buckets = [bucket for actions, bucket in self._buckets.items() if action in actions]
        admitted = all(bucket.take(now) for bucket in buckets)
        self.entries.append(Entry(now, action, throttled=not admitted))
        return admitted

    @property
    def counts(self) -> Counter[str]:
        """Calls by action."""
        return Counter(entry.action for entry in self.entries)

    @property
    def throttled(self) -> Counter[str]:
        """Calls that exceeded their limit, by action."""
        return Counter(entry.action for entry in self.entries if entry.throttled)

    def times(self, actions: Collection[str]) -> list[float]:
        return [entry.at for entry in self.entries if entry.action in actions]


def worst(times: list[float], seconds: float = MINUTE) -> int:
    """Return the largest number of these times, given in order, within any window of `seconds`."""
    most, first = 0, 0
    for place, at in enumerate(times):
        while times[first] <= at - seconds:
            first += 1
        most = max(most, place - first + 1)
    return most


def a_minute(times: list[float]) -> float:
    """Return the mean rate per minute from the first to the last; 0 for fewer than two."""
    took = times[-1] - times[0] if times else 0.0
    return MINUTE * len(times) / took if took else 0.0
