"""Notice another bot with the same token: Discord sends each command to both, and takes the first acknowledgement.

The second gets 40060: https://docs.discord.com/developers/topics/opcodes-and-status-codes#json
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

import aiohttp
import structlog

from bot.errors import SignalboxError

log = structlog.get_logger()

REMEMBERED_SECONDS = 600.0
_requests: ContextVar[list[str] | None] = ContextVar("requests", default=None)


class AnsweredElsewhere(SignalboxError):
    """Another bot with this token has acknowledged the interaction: do nothing for it, and answer nothing."""


class Rivals:
    """When another bot was last noticed, for the health page. `clock` is monotonic."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._seen_at: float | None = None

    def seen(self, interaction_id: int) -> None:
        self._seen_at = self._clock()
        log.error(
            "another bot with this token answered a command; this one did nothing for it. Stop one of the two, or give "
            "it an application of its own",
            interaction=interaction_id,
        )

    def wrong(self) -> str:
        """What the health page shows for some minutes; empty if all is well."""
        if self._seen_at is None or (seconds := self._clock() - self._seen_at) > REMEMBERED_SECONDS:
            return ""
        return f"chat: another bot with this token answered a command {seconds:.0f} s ago; stop one of the two"


def request_trace() -> aiohttp.TraceConfig:
    """For the client: counts the requests that discord.py makes, with those that it repeats by itself."""
    trace = aiohttp.TraceConfig()
    trace.on_request_start.append(_started)
    return trace


@contextmanager
def counting() -> Iterator[list[str]]:
    """Yields a list that gets an item for each request of the calls made inside."""
    requests: list[str] = []
    token = _requests.set(requests)
    try:
        yield requests
    finally:
        _requests.reset(token)


async def _started(_session: aiohttp.ClientSession, _context: object, start: aiohttp.TraceRequestStartParams) -> None:
    requests = _requests.get()
    if requests is not None:
        requests.append(start.method)
