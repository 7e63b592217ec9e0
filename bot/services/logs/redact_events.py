"""Replace secrets in log events before anything else sees them.

The entrypoint has done so before it printed. This is for images with an older one, and for what the bot knows by value.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import replace

from bot.domain.logs.log_lines import LogEvent
from trainer.redaction.stream import LineRedactor, begins_secret, redacted

INLINE = 20_000
"""Characters. More of them are searched in a thread: a page has up to 1 MB, which takes a tenth of a second."""


class EventRedactor:
    """Redacts the events of many streams, in the order of each. A private key may go on in the next page."""

    def __init__(self) -> None:
        self._in_secret: dict[str, LineRedactor] = {}
        """By stream, where a secret has begun and not ended."""

    async def redact(self, events: Sequence[LogEvent]) -> Sequence[LogEvent]:
        if sum(len(event.message) for event in events) > INLINE:
            return await asyncio.to_thread(self._redact, events)
        return self._redact(events)

    def _redact(self, events: Sequence[LogEvent]) -> Sequence[LogEvent]:
        text = "\n".join(event.message for event in events)
        begun = any(begins_secret(event.message) for event in events)
        if not self._in_secret and not begun and redacted(text) == text:
            return events
        return [self._one(event) for event in events]

    def _one(self, event: LogEvent) -> LogEvent:
        redactor = self._in_secret.pop(event.stream, None) or LineRedactor()
        message = redactor.redact(event.message)
        if redactor.in_secret:
            self._in_secret[event.stream] = redactor
        return event if message == event.message else replace(event, message=message)
