"""Wait until something holds, in real time."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

T = TypeVar("T")


def until(look: Callable[[], T], seconds: float = 30, *, what: Callable[[], str] = str) -> T:
    """Return the first true value that `look` returns; AssertionError with `what` after `seconds`."""
    give_up = time.monotonic() + seconds
    while not (found := look()):
        assert time.monotonic() < give_up, f"waited {seconds} s in vain: {what()}"
        time.sleep(0.01)
    return found


async def async_until(look: Callable[[], Awaitable[T]], seconds: float = 30) -> T:
    """The same for a `look` that is awaited; TimeoutError after `seconds`, also in the middle of a look."""
    async with asyncio.timeout(seconds):
        while not (found := await look()):
            await asyncio.sleep(0.01)
        return found
