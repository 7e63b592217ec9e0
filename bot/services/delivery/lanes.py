"""Lanes: one delivery at a time in each, and a pause after a failure."""

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass

import structlog

from bot.domain.clock import passed
from bot.errors import ServiceError, Throttled, Unavailable
from bot.services.delivery.progress import Progress, Task
from bot.services.running.wakeups import Wakeup

log = structlog.get_logger()

CLOSE_SECONDS = 3.0

LaneKey = tuple[str, str]
"""The id of the job or sweep, and the name of its lane."""


@dataclass(frozen=True, slots=True)
class Backoff:
    """Seconds."""

    first: float = 0.5
    most: float = 30.0


@dataclass(frozen=True, slots=True)
class _Pause:
    since: float
    seconds: float


_NO_PAUSE = _Pause(0.0, 0.0)


class Lanes:
    """Wakes `free` whenever a lane becomes free."""

    def __init__(self, now: Callable[[], float], backoff: Backoff, free: Wakeup, progress: Progress) -> None:
        self._now, self._backoff, self._free, self._progress = now, backoff, free, progress
        self._tasks: dict[LaneKey, asyncio.Task[None]] = {}
        self._pauses: dict[LaneKey, _Pause] = {}

    @property
    def busy(self) -> set[LaneKey]:
        return set(self._tasks)

    @property
    def tasks(self) -> list[asyncio.Task[None]]:
        """The deliveries under way."""
        return list(self._tasks.values())

    def free(self, key: LaneKey) -> bool:
        return key not in self._tasks and self._rested(key)

    def start(self, key: LaneKey, delivery: Task, work: Coroutine[None, None, None]) -> None:
        """Begin a delivery. A failure pauses the lane, and whatever is pending is tried again after that."""
        self._progress.begins(delivery)
        task = asyncio.create_task(self._guarded(key, delivery, work), name=f"deliver {key[0]} {key[1]}")
        self._tasks[key] = task
        task.add_done_callback(lambda _: self._ended(key))

    def pause(self, key: LaneKey, seconds: float) -> None:
        self._pauses[key] = _Pause(self._now(), seconds)

    async def settle(self) -> None:
        """Wait for the deliveries under way, without cancelling them."""
        while self._tasks:
            await asyncio.wait(self.tasks)

    async def close(self, seconds: float = CLOSE_SECONDS) -> None:
        """Give the deliveries under way a moment, then cancel them; they stay pending. The chat is closed next."""
        if self._tasks:
            await asyncio.wait(self.tasks, timeout=seconds)
        for task in self._tasks.values():
            task.cancel()
        await asyncio.gather(*self.tasks, return_exceptions=True)

    def _rested(self, key: LaneKey) -> bool:
        pause = self._pauses.get(key, _NO_PAUSE)
        return passed(pause.since, pause.seconds, self._now())

    def _ended(self, key: LaneKey) -> None:
        self._tasks.pop(key, None)
        self._free.wake()

    async def _guarded(self, key: LaneKey, delivery: Task, work: Coroutine[None, None, None]) -> None:
        delivered = False
        try:
            await work
            delivered = True
        except Unavailable as error:
            self._retry_later(key, error)
        except Exception:
            log.exception("delivery failed", job=key[0], lane=key[1])
            self._retry_later(key, ServiceError("unexpected"))
        finally:
            self._progress.ends(delivery, delivered=delivered)
        if delivered and self._rested(key):
            self._pauses.pop(key, None)

    def _retry_later(self, key: LaneKey, error: ServiceError) -> None:
        last = self._pauses.get(key, _NO_PAUSE).seconds
        delay = min(last * 2, self._backoff.most) or self._backoff.first
        wait = max(delay, error.retry_after if isinstance(error, Throttled) else 0.0)
        self.pause(key, wait)
        log.warning("delivery failed, retrying", job=key[0], error=str(error), again_in_seconds=wait)
