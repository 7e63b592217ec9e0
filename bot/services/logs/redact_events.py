"""Replace secrets in log events before anything else sees them.

The entrypoint has done so before it printed. This is for images with an older one, and for what the bot knows by value.
"""

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import replace

from bot.domain.logs.log_lines import LogEvent
from trainer.redaction.stream import LineRedactor, begins_secret, redacted

AT_ONCE = 128 * 1024
"""Characters searched together. Text that hides much takes fifty times its size while it is searched."""
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
        begun = any(begins_secret(event.message) for event in events)
        if not self._in_secret and not begun and all(redacted(text) == text for text in _joined(events)):
            return events
        return [self._one(event) for event in events]

    def _one(self, event: LogEvent) -> LogEvent:
        redactor = self._in_secret.pop(event.stream, None) or LineRedactor()
        message = redactor.redact(event.message)
        if redactor.in_secret:
            self._in_secret[event.stream] = redactor
        return event if message == event.message else replace(event, message=message)


def _joined(events: Sequence[LogEvent]) -> Iterator[str]:
    """Their messages as few texts: many short ones are searched fastest together."""
    together, size = list[str](), 0
    for event in events:
        if together and size + len(event.message) > AT_ONCE:
            yield "\n".join(together)
            together, size = [], 0
        together.append(event.message)
        size += len(event.message)
    yield "\n".join(together)
