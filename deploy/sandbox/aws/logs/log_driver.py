"""Send a container's output to CloudWatch Logs, as Docker's awslogs driver does: every 5 s, if nothing else is set.

https://docs.docker.com/engine/logging/drivers/awslogs/
"""

import asyncio
from typing import Any, Protocol

from deploy.sandbox.aws.common.ledger import Ledger
from deploy.sandbox.aws.common.settings import LiveSettings
from deploy.sandbox.aws.logs.split_lines import LineSplitter

# "The maximum number of log events in a batch is 10,000." (API_PutLogEvents)
_BATCH = 10_000

Event = dict[str, Any]


class LogSink(Protocol):
    def group_exists(self, group: str) -> bool: ...

    def create_group(self, group: str) -> None: ...

    def put(self, group: str, stream: str, events: list[Event]) -> None:
        """Write events, each with `timestamp` (ms) and `message`. Creates the stream if needed."""


class LogDriver:
    """One container's log driver: collects lines and sends them at every flush."""

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
        self._collect(now_ms, self._splitter.feed(data))

    def close(self, now_ms: int) -> None:
        """Send everything that is left."""
        self._collect(now_ms, self._splitter.finish())
        if self._flusher:
            self._flusher.cancel()
        self._send()

    def _collect(self, now_ms: int, messages: list[str]) -> None:
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
