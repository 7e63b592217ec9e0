"""The time that one request to Discord may take, by the size of what it uploads.

The limit belongs inside discord.py's request, and never around its calls. On a global 429, `HTTPClient.request` (2.7.1)
clears an event, sleeps and sets the event again, without a `finally`: a call that is cancelled in that sleep leaves the
event cleared, and every later request waits for it until the process ends. DisnakeDev/disnake PR 1585 reports the same
lines as "permanently deadlocks the entire HTTP client".
"""

import asyncio
import io
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from typing import Any, TypeVar

import aiohttp
import discord

ANSWER_SECONDS = 45.0
"""For a request without files. It does not include the pauses that Discord asks for."""
SLOWEST_UPLOAD = 16 * 1024
"""Bytes a second. At this speed, 10 MiB take 11 minutes."""
CONNECT_SECONDS = 30.0

T = TypeVar("T")
_under_way: set[asyncio.Task[Any]] = set()


def limit_requests(http: discord.http.HTTPClient, answer_seconds: float = ANSWER_SECONDS) -> None:
    """Give each request of this client its time. `HTTPClient.request` passes its other options on to aiohttp."""
    request = discord.http.HTTPClient.request

    async def limited(
        route: discord.http.Route, *, files: Sequence[discord.File] | None = None, **options: Any
    ) -> object:
        seconds = answer_seconds + sum(map(_size, files or ())) / SLOWEST_UPLOAD
        timeout = aiohttp.ClientTimeout(total=seconds, sock_connect=CONNECT_SECONDS)
        return await request(http, route, files=files, timeout=timeout, **options)

    http.request = limited  # type: ignore[method-assign]


async def uncancelled(call: Callable[[], Awaitable[T]]) -> T:
    """Call discord.py. If whoever waits is cancelled, the call itself still runs to its end."""

    async def run() -> T:
        return await call()

    return await asyncio.shield(_held(run()))


async def within(seconds: float, call: Coroutine[Any, Any, T]) -> T:
    """Like `asyncio.wait_for`, but the call runs on. Raises TimeoutError."""
    task = _held(call)
    await asyncio.wait((task,), timeout=seconds)
    if not task.done():
        raise TimeoutError(f"not done after {seconds:.0f} s")
    return task.result()


def _held(call: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
    task = asyncio.create_task(call)
    _under_way.add(task)
    task.add_done_callback(_ended)
    return task


def _ended(task: asyncio.Task[Any]) -> None:
    """Look at the exception: asyncio complains about one that nobody has looked at."""
    _under_way.discard(task)
    if not task.cancelled():
        task.exception()


def _size(file: discord.File) -> int:
    at = file.fp.tell()
    size = file.fp.seek(0, io.SEEK_END)
    file.fp.seek(at)
    return size
