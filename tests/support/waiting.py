"""Wait until something holds, in real time, on machines that are busy with other things."""

import asyncio
import inspect
import time
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import TypeVar

from deploy.sandbox.discord.limits.settings import Limits

T = TypeVar("T")
PATIENCE = 120.0
"""Seconds until what should happen has failed to. No test that passes needs them all."""
PATIENT = Limits(interaction_deadline=60.0)
"""For tests that are not about Discord's deadlines: a bot may take longer than 3 s to acknowledge."""
UNHURRIED = replace(PATIENT, enabled=False)
"""And without rate limits."""


def until(look: Callable[[], T], seconds: float = PATIENCE, *, what: Callable[[], str] = str) -> T:
    """Return the first true value that `look` returns; AssertionError with `what` after `seconds`."""
    give_up = time.monotonic() + seconds
    while not (found := look()):
        assert time.monotonic() < give_up, f"waited {seconds} s in vain: {what()}"
        time.sleep(0.01)
    return found


async def async_until(look: Callable[[], T | Awaitable[T]], seconds: float = PATIENCE) -> T:
    """The same on the event loop; `look` may be awaited. TimeoutError after `seconds`, also in the middle of a look."""
    async with asyncio.timeout(seconds):
        while True:
            found = look()
            if inspect.isawaitable(found):
                found = await found
            if found:
                return found
            await asyncio.sleep(0.01)
