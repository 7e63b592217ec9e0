"""A bucket in memory, with the same promises as `trainer.storage.bucket.Bucket`: ETags, conditions, errors.

`tests/trainer/storage/test_bucket.py` runs the same tests against both.
"""

import hashlib
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from trainer.storage.bucket import ANY, LONGEST_KEY, BucketTrouble, Conflict, Stored


@dataclass(slots=True)
class MemoryBucket:
    """Every call raises `trouble` while it is set. `calls` has the name and key of each."""

    uri: str = "s3://memory/jobs/k7q2mx/"
    clock: Callable[[], float] = time.time
    trouble: BucketTrouble | None = None
    longest_key: int = LONGEST_KEY
    calls: list[tuple[str, str]] = field(default_factory=list)
    _objects: dict[str, tuple[bytes, dict[str, str], float]] = field(default_factory=dict)
    _lock: threading.RLock = field(default_factory=threading.RLock)

    def put(self, key: str, body: bytes, *, metadata: Mapping[str, str] | None = None, if_match: str = "") -> str:
        with self._lock:
            self._called("put", key)
            stored = self._objects.get(key)
            if if_match == ANY and stored is not None:
                raise Conflict(self.uri + key)
            if if_match not in ("", ANY) and _etag(self._found(key)[0]) != if_match:
                raise Conflict(self.uri + key)
            self._objects[key] = (body, dict(metadata or {}), self.clock())
            return _etag(body)

    def get(self, key: str) -> Stored | None:
        with self._lock:
            self._called("get", key)
            if key not in self._objects:
                return None
            body, metadata, at = self._objects[key]
            return Stored(body, _etag(body), self.clock() - at, metadata)

    def names(self) -> dict[str, datetime]:
        with self._lock:
            self._called("names", "")
            times = {key: at for key, (_, _, at) in self._objects.items() if "/" not in key}
            return {key: datetime.fromtimestamp(at, UTC) for key, at in times.items()}

    def key_problem(self, key: str) -> str:
        try:
            size = len(key.encode())
        except UnicodeEncodeError:
            return "its name is not valid UTF-8"
        return f"its key has {size:,} bytes" if size > self.longest_key else ""

    def copy(self, source: str, key: str) -> None:
        with self._lock:
            self._called("copy", key)
            body, metadata, _ = self._found(source)
            self._objects[key] = (body, metadata, self.clock())

    def upload(self, key: str, path: Path, *, metadata: Mapping[str, str] | None = None) -> None:
        self.put(key, path.read_bytes(), metadata=metadata)

    def download(self, key: str, path: Path) -> Mapping[str, str]:
        with self._lock:
            self._called("download", key)
            body, metadata, _ = self._found(key)
        path.write_bytes(body)
        return metadata

    def _called(self, name: str, key: str) -> None:
        self.calls.append((name, key))
        if self.trouble is not None:
            raise self.trouble

    def _found(self, key: str) -> tuple[bytes, dict[str, str], float]:
        if key not in self._objects:
            raise KeyError(self.uri + key)
        return self._objects[key]


def _etag(body: bytes) -> str:
    """As S3's without encryption by KMS: the same content has the same ETag."""
    return f'"{hashlib.md5(body).hexdigest()}"'
