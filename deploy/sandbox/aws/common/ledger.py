"""A record of every effect, in order. Tests and the demo count its entries."""

import threading
from collections.abc import Callable
from typing import Any


class Ledger:
    """Thread-safe. Each entry's `at` is in seconds since the epoch."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._entries: list[dict[str, Any]] = []
        self._streams: dict[str, dict[str, Any]] = {}

    def add(self, kind: str, **facts: Any) -> None:
        with self._lock:
            self._append(kind, facts)

    def count_lines(self, group: str, stream: str, messages: list[str]) -> None:
        """Count lines in the stream's one entry, which its first line creates."""
        with self._lock:
            entry = self._streams.get(stream)
            if entry is None:
                facts = {"group": group, "stream": stream, "lines": 0, "bytes": 0}
                entry = self._streams[stream] = self._append("log.stream", facts)
            entry["lines"] += len(messages)
            entry["bytes"] += sum(len(message.encode()) for message in messages)

    def entries(self, kind: str = "", after: int = 0) -> list[dict[str, Any]]:
        """Copies of the entries: of one `kind` if it is given, and only those numbered above `after`."""
        with self._lock:
            return [dict(entry) for entry in self._entries[after:] if kind in ("", entry["kind"])]

    def _append(self, kind: str, facts: dict[str, Any]) -> dict[str, Any]:
        entry = {"n": len(self._entries) + 1, "at": self._clock(), "kind": kind, **facts}
        self._entries.append(entry)
        return entry
