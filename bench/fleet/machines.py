"""When trials run: machines that take one trial after another, for random times.

Everything is drawn at the submission and only looked up later, so no task waits for anything.
"""

import heapq
from collections import deque
from dataclasses import dataclass, field
from random import Random

LOST_SHARE = 0.01
"""The share of attempts whose host is reclaimed."""
LONGEST = 8.0
"""The longest a trial takes, in multiples of the mean, so that the end doesn't hang on one unlucky trial."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """On a machine from `begun` on, its command running from `started` to `stopped`; seconds since the epoch."""

    begun: float
    started: float
    stopped: float
    lost: bool = False


@dataclass(slots=True)
class Timeline:
    """One trial's attempts, in order. All but the last lost their host."""

    attempts: list[Attempt] = field(default_factory=list)
    terminated_at: float | None = None
    terminated_reason: str = ""

    @property
    def ended_at(self) -> float:
        return self.attempts[-1].stopped if self.terminated_at is None else self.terminated_at

    def attempts_at(self, at: float) -> list[Attempt]:
        """Return the attempts that had begun by then. An attempt that was terminated is cut off there."""
        until = self.ended_at
        begun = [attempt for attempt in self.attempts if attempt.begun <= min(at, until)]
        if begun and self.terminated_at is not None and begun[-1].stopped > until:
            last = begun[-1]
            begun[-1] = Attempt(last.begun, min(last.started, until), until)
        return begun

    def terminate(self, at: float, reason: str) -> None:
        """Does nothing if the trial has ended. Its machine stays occupied until the planned end."""
        if self.terminated_at is None and at < self.ended_at:
            self.terminated_at, self.terminated_reason = at, reason


class Machines:
    """`count` machines that appear within `ramp` seconds of the first submission. A trial takes `mean` seconds on
    average, after `pull` seconds for its image."""

    def __init__(self, count: int, mean: float, *, seed: int, ramp: float = 0.0, pull: float = 0.0) -> None:
        self.count = count
        self._mean, self._ramp, self._pull = mean, ramp, pull
        self._random = Random(seed)
        self._free: list[float] = []
        """When each machine is free again, as a heap."""

    def run(self, trials: int, at: float) -> list[Timeline]:
        """Plan trials submitted at that time, each in turn. A trial that loses its host queues behind the others."""
        if not self._free:
            self._free = sorted(at + self._random.uniform(0, self._ramp) for _ in range(self.count))
        timelines = [Timeline() for _ in range(trials)]
        queue = deque((timeline, at) for timeline in timelines)
        while queue:
            timeline, since = queue.popleft()
            attempt = self._attempt(max(since, heapq.heappop(self._free)))
            heapq.heappush(self._free, attempt.stopped)
            timeline.attempts.append(attempt)
            if attempt.lost:
                queue.append((timeline, attempt.stopped))
        return timelines

    def _attempt(self, begun: float) -> Attempt:
        started = begun + self._pull
        seconds = min(self._random.expovariate(1 / self._mean), LONGEST * self._mean)
        return Attempt(begun, started, started + seconds, lost=self._random.random() < LOST_SHARE)
