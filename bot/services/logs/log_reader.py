"""Read log streams page by page, at the pace that the account's quota leaves, and without secrets."""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from typing import TypeVar

import structlog

from bot.domain.logs.log_lines import LogEvent
from bot.errors import Missing, Throttled
from bot.ports.logs import Logs
from bot.services.logs.redact_events import EventRedactor
from bot.services.running.adaptive_pace import AdaptivePace

log = structlog.get_logger()

MAX_STREAMS = 100
"""Stream names in one call: `logStreamNames` takes 1 to 100.
https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_FilterLogEvents.html"""

Item = TypeVar("Item")


class LogReader:
    """Every reader of logs goes through here, so that each throttled call slows all of them down."""

    def __init__(self, logs: Logs, pace: AdaptivePace) -> None:
        self._logs, self._pace, self._redactor = logs, pace, EventRedactor()

    async def pages(
        self, group: str, names: Sequence[str], since_ms: int, *, max_calls: int | None = None
    ) -> AsyncIterator[Sequence[LogEvent]]:
        """The events of up to 100 streams, page by page; ends early after `max_calls`, throttled ones included.

        Raises `Missing` if one of the streams does not exist (yet), and `Throttled` if the last call was throttled.
        """
        token: str | None = None
        calls = 0
        while max_calls is None or calls < max_calls:
            calls += 1
            await self._pace.turn()
            try:
                page = await self._logs.read(group, names, since_ms, token)
            except Throttled as error:
                self._pace.throttled()
                log.info("log reads throttled", calls_per_second=round(self._pace.rate, 2), error=str(error))
                if calls == max_calls:
                    raise
                continue
            self._pace.eased()
            yield await self._redactor.redact(page.events)
            token = page.token
            if token is None:
                return


async def skip_missing(items: Sequence[Item], read: Callable[[Sequence[Item]], Awaitable[None]]) -> None:
    """Read all items in one call. If that raises `Missing`, read each half, down to the missing ones, which are
    skipped.

    Assumption: missing-stream.
    """
    try:
        await read(items)
    except Missing:
        if len(items) > 1:
            half = len(items) // 2
            await skip_missing(items[:half], read)
            await skip_missing(items[half:], read)
