"""Work on many things side by side: one that takes long, or fails, holds up no other."""

import asyncio
from collections.abc import Callable, Coroutine, Mapping

import structlog

from bot.errors import ServiceError

log = structlog.get_logger()

PATIENCE_SECONDS = 1.0


class HeldTasks:
    """One task for each key. `run` is called again and again, by a loop; `close` ends what is under way."""

    def __init__(self, *, patience: float = PATIENCE_SECONDS) -> None:
        self._patience = patience
        self._tasks: dict[str, asyncio.Task[None]] = {}

    async def run(self, work: Mapping[str, Callable[[], Coroutine[None, None, None]]]) -> None:
        """Start what is not under way, and wait until everything is done, or for `patience` seconds.

        What goes on longer is waited for by the next call. Raises one of the errors of what has ended.
        """
        for key, begin in work.items():
            if key not in self._tasks:
                self._tasks[key] = asyncio.create_task(begin(), name=f"held {key}")
        if not self._tasks:
            return
        ended, _ = await asyncio.wait(self._tasks.values(), timeout=self._patience)
        self._tasks = {key: task for key, task in self._tasks.items() if task not in ended}
        errors = [error for task in ended if not task.cancelled() and (error := task.exception()) is not None]
        for error in errors[1:]:
            log.warning("held task failed", error=f"{type(error).__name__}: {error}")
        for error in sorted(errors, key=lambda error: isinstance(error, ServiceError)):
            raise error

    async def close(self) -> None:
        """Cancel what is under way: it is taken up again after the next start."""
        for task in self._tasks.values():
            task.cancel()
        await asyncio.gather(*self._tasks.values(), return_exceptions=True)
        self._tasks.clear()
