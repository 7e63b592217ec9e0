"""What a container prints, on its way to CloudWatch Logs."""

import asyncio
from typing import Any, Protocol

from deploy.sandbox.aws.common.ledger import Ledger
from deploy.sandbox.aws.common.settings import LiveSettings
from deploy.sandbox.aws.logs.split_lines import LineSplitter

# A PutLogEvents call carries at most this many events.
_BATCH = 10_000

Event = dict[str, Any]


class LogSink(Protocol):
    def group_exists(self, group: str) -> bool: ...

    def create_group(self, group: str) -> None: ...

    def put(self, group: str, stream: str, events: list[Event]) -> None:
        """Writes events, `timestamp` (ms) and `message` each; the stream is made where it is not there yet."""


class LogDriver:
    """One container's log driver: keeps lines, and sends what it has at every flush."""

    def __init__(self, group: str, stream: str, sink: LogSink, settings: LiveSettings, ledger: Ledger) -> None:
        self._group = group
        self._stream = stream
        self._sink = sink
        self._settings = settings
        self._ledger = ledger
        self._splitter = LineSplitter()
        self._waiting: list[Event] = []
        self._flusher: asyncio.Task[None] | None = None

    def output(self, now_ms: int, data: bytes) -> None:
        self._keep(now_ms, self._splitter.feed(data))

    def close(self, now_ms: int) -> None:
        """Sends the rest."""
        self._keep(now_ms, self._splitter.finish())
        if self._flusher:
            self._flusher.cancel()
        self._send()

    def _keep(self, now_ms: int, messages: list[str]) -> None:
        self._waiting += [{"timestamp": now_ms, "message": message} for message in messages]
        if self._waiting and (self._flusher is None or self._flusher.done()):
            self._flusher = asyncio.create_task(self._flush_later())

    async def _flush_later(self) -> None:
        await asyncio.sleep(self._settings.now.log_flush_seconds)
        self._send()

    def _send(self) -> None:
        events, self._waiting = self._waiting, []
        if not events:
            return
        delay = self._settings.now.log_ingestion_seconds
        if delay:
            asyncio.get_running_loop().call_later(delay, self._write, events)
        else:
            self._write(events)

    def _write(self, events: list[Event]) -> None:
        for start in range(0, len(events), _BATCH):
            batch = events[start : start + _BATCH]
            self._sink.put(self._group, self._stream, batch)
            self._ledger.count_lines(self._group, self._stream, [event["message"] for event in batch])
