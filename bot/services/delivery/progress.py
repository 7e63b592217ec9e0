"""Which deliveries are under way and when they ended, for the health page: it fails if one hangs."""

from collections.abc import Callable, Hashable
from dataclasses import dataclass
from itertools import count

STALLED_SECONDS = 240.0
"""Nothing was delivered for this long while messages wait: something hangs, or Discord is down. Also the longest time
for one delivery, from its turn on."""
THREAD_SECONDS = 600.0
"""The same for a thread: Discord starts 50 in five minutes, so that one may have to wait for five."""
UPLOAD_BYTES_PER_SECOND = 16 * 1024
"""A slower upload is given up by the chat, and tried again."""


@dataclass(frozen=True, slots=True)
class Task:
    """One delivery. Those with the same `queue` wait for each other. `seconds` is the time that one may take."""

    what: str
    queue: Hashable
    seconds: float = STALLED_SECONDS

    def with_files(self, size: int) -> "Task":
        return Task(self.what, self.queue, self.seconds + size / UPLOAD_BYTES_PER_SECOND)


@dataclass(slots=True)
class _Begun:
    """`turn_at`: its turn may have come then, because one that began before it ended. `number` counts up."""

    number: int
    at: float
    turn_at: float


class Progress:
    """`wrong` shows a delivery that hangs, even if others go on, and that none goes on.

    It does not show one that waits for its turn, for another post or for a slow uplink.
    """

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._delivered_at = now()
        self._waiting = 0
        self._numbers = count()
        self._begun: dict[Task, _Begun] = {}

    def begins(self, task: Task) -> None:
        now = self._now()
        self._begun[task] = _Begun(next(self._numbers), now, now)

    def ends(self, task: Task, *, delivered: bool) -> None:
        """In whatever way. It was the turn of those behind it; one ahead of it has been overtaken, and may hang."""
        ended, now = self._begun.pop(task), self._now()
        for other, begun in self._begun.items():
            if other.queue == task.queue and begun.number > ended.number:
                begun.turn_at = now
        if delivered:
            self._delivered_at = now

    def waiting(self, messages: int) -> None:
        """Record how many could be delivered now. With none, the time starts anew."""
        if not messages or not self._waiting:
            self._delivered_at = self._now()
        self._waiting = messages

    def wrong(self) -> str:
        """What the health page shows; empty if all is well."""
        now = self._now()
        late = [(begun.at, task.what) for task, begun in self._begun.items() if now - begun.turn_at >= task.seconds]
        if late:
            since, what = min(late)
            return f"deliver: {what} has been under way for {now - since:.0f} s"
        longest = max((task.seconds for task in self._begun), default=0.0)
        seconds = now - self._delivered_at
        if not self._waiting or seconds < max(STALLED_SECONDS, longest):
            return ""
        return f"deliver: nothing delivered to Discord for {seconds:.0f} s, {self._waiting} or more messages waiting"
