"""Every effect, in order: what tests and the demo count."""

import threading
from collections.abc import Callable
from typing import Any


class Ledger:
    """Safe from any thread. `at` is in seconds since the epoch."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._entries: list[dict[str, Any]] = []
        self._streams: dict[str, dict[str, Any]] = {}

    def add(self, kind: str, **facts: Any) -> None:
        with self._lock:
            self._append(kind, facts)

    def count_lines(self, group: str, stream: str, messages: list[str]) -> None:
        """Keeps one entry for each stream, made at its first line."""
        with self._lock:
            entry = self._streams.get(stream)
            if entry is None:
                facts = {"group": group, "stream": stream, "lines": 0, "bytes": 0}
                entry = self._streams[stream] = self._append("log.stream", facts)
            entry["lines"] += len(messages)
            entry["bytes"] += sum(len(message.encode()) for message in messages)

    def entries(self, kind: str = "", after: int = 0) -> list[dict[str, Any]]:
        """All of them, or those of one kind, or those behind number `after`."""
        with self._lock:
            return [dict(entry) for entry in self._entries[after:] if kind in ("", entry["kind"])]

    def _append(self, kind: str, facts: dict[str, Any]) -> dict[str, Any]:
        entry = {"n": len(self._entries) + 1, "at": self._clock(), "kind": kind, **facts}
        self._entries.append(entry)
        return entry
