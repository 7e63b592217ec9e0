"""When trials run: machines that take one after the other, for times drawn at random.

All of it is drawn at the submission; what is so at a moment is looked up in it. No task waits for anything.
"""

import heapq
from collections import deque
from dataclasses import dataclass, field
from random import Random

LOST_SHARE = 0.01
"""Attempts whose host is reclaimed."""
LONGEST = 8.0
"""Times the mean: no trial takes longer, so that the end is not that of one unlucky trial alone."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """On a machine from `begun`, its command from `started` to `stopped`; seconds since the epoch."""

    begun: float
    started: float
    stopped: float
    lost: bool = False


@dataclass(slots=True)
class Course:
    """The attempts of one trial, in order. All but the last lost their host."""

    attempts: list[Attempt] = field(default_factory=list)
    terminated_at: float | None = None
    terminated_why: str = ""

    @property
    def ended_at(self) -> float:
        return self.attempts[-1].stopped if self.terminated_at is None else self.terminated_at

    def seen(self, at: float) -> list[Attempt]:
        """The attempts that had begun by then; one that was terminated stops there."""
        until = self.ended_at
        seen = [attempt for attempt in self.attempts if attempt.begun <= min(at, until)]
        if seen and self.terminated_at is not None and seen[-1].stopped > until:
            last = seen[-1]
            seen[-1] = Attempt(last.begun, min(last.started, until), until)
        return seen

    def terminate(self, at: float, why: str) -> None:
        """Nothing happens where it has ended already. Its machine is not given to others before its time."""
        if self.terminated_at is None and at < self.ended_at:
            self.terminated_at, self.terminated_why = at, why


class Machines:
    """`count` of them, each there within `ramp` seconds of the first submission. `mean` is a trial's, in seconds."""

    def __init__(self, count: int, mean: float, *, seed: int, ramp: float = 0.0, pull: float = 0.0) -> None:
        self.count = count
        self._mean, self._ramp, self._pull = mean, ramp, pull
        self._random = Random(seed)
        self._free: list[float] = []
        """When each machine is free again: a heap."""

    def run(self, trials: int, at: float) -> list[Course]:
        """Trials submitted at that time, each in its turn; one that loses its host waits behind the others."""
        if not self._free:
            self._free = sorted(at + self._random.uniform(0, self._ramp) for _ in range(self.count))
        courses = [Course() for _ in range(trials)]
        queue = deque((course, at) for course in courses)
        while queue:
            course, since = queue.popleft()
            attempt = self._attempt(max(since, heapq.heappop(self._free)))
            heapq.heappush(self._free, attempt.stopped)
            course.attempts.append(attempt)
            if attempt.lost:
                queue.append((course, attempt.stopped))
        return courses

    def _attempt(self, begun: float) -> Attempt:
        started = begun + self._pull
        seconds = min(self._random.expovariate(1 / self._mean), LONGEST * self._mean)
        return Attempt(begun, started, started + seconds, lost=self._random.random() < LOST_SHARE)
