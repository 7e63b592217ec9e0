"""How often AWS may be asked, and how often it was."""

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

BATCH_READS = ("DescribeJobs", "ListJobs")
PER_SECOND: Mapping[tuple[str, ...], float] = {("SubmitJob",): 50, BATCH_READS: 10, ("FilterLogEvents",): 5}
"""By the actions that share it: for SubmitJob as documented, for reads of Batch what is known to be safe, for the logs
what the most modest regions grant."""
MINUTE = 60.0


@dataclass(slots=True)
class TokenBucket:
    """Holds a second's worth of tokens."""

    rate: float
    level: float = field(init=False)
    at: float = 0.0

    def __post_init__(self) -> None:
        self.level = self.rate

    def take(self, now: float) -> bool:
        """Whether there was one left."""
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
    """Every call, counted and held to its limit."""

    def __init__(self) -> None:
        self.entries: list[Entry] = []
        self._buckets = {actions: TokenBucket(rate) for actions, rate in PER_SECOND.items()}

    def admit(self, action: str, now: float) -> bool:
        """Notes the call; whether it is within its limit."""
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
        """Those that were refused as too many."""
        return Counter(entry.action for entry in self.entries if entry.throttled)

    def times(self, actions: Collection[str]) -> list[float]:
        return [entry.at for entry in self.entries if entry.action in actions]


def worst(times: list[float], seconds: float = MINUTE) -> int:
    """The most of these times, in order, that lie within so many seconds."""
    most, first = 0, 0
    for place, at in enumerate(times):
        while times[first] <= at - seconds:
            first += 1
        most = max(most, place - first + 1)
    return most


def a_minute(times: list[float]) -> float:
    """On average, from the first to the last; 0 for fewer than two."""
    took = times[-1] - times[0] if times else 0.0
    return MINUTE * len(times) / took if took else 0.0
