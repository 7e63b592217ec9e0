"""Store what the training code leaves, as it appears: newest wins, and nothing torn."""

import hashlib
import threading
import time
import zipfile
from contextlib import suppress
from pathlib import Path

from trainer.checkpoint import SAFE, print_of
from trainer.contract import ARTIFACTS, CHECKPOINT, METRICS_CSV, MODEL, PREVIOUS_CHECKPOINT
from trainer.metrics.sources import Sources
from trainer.places import write_atomically
from trainer.storage.bucket import Bucket

METRICS_SECONDS = 1.0
METRICS_SHARE = 20
"""A table that has grown large is stored less often: that takes a twentieth of the time at most."""
SETTLED_SECONDS = 2.0
"""A file that has not changed for so long is thought to be whole."""
DIGEST = "sha256"
_ZIP = b"PK"


class Uploads:
    """One attempt's. `live` and `artifacts` may run in threads of their own; each is one look."""

    def __init__(self, bucket: Bucket, output: Path, control: Path, sources: Sources) -> None:
        self._bucket, self._output, self._control, self._sources = bucket, output, control, sources
        self._lock, self._artifacts_lock = threading.Lock(), threading.Lock()
        self._metrics, self._metrics_due = b"", 0.0
        self._checkpoint = ""
        self._good = self._closed = False
        self._kept: dict[Path, str] = {}
        self.checkpoints = 0

    def begin(self, *, good: bool) -> None:
        """Before the command starts: what was restored is stored already, and `good` if the newest was."""
        self._good = good
        path = self._output / CHECKPOINT
        self._checkpoint = print_of(path) if path.exists() else ""

    def live(self, *, now: bool = False) -> None:
        """Metrics about once a second, or `now`; a checkpoint as soon as it is there, its metrics first."""
        with self._lock:
            if self._closed:
                return
            self._store_checkpoint()
            if now or time.monotonic() >= self._metrics_due:
                self._store_metrics()

    def artifacts(self, *, settled: float = SETTLED_SECONDS) -> None:
        """Every other file that is new or has changed, the newest first."""
        with self._artifacts_lock:
            for path, (version, changed) in sorted(self._waiting().items(), key=lambda each: -each[1][1]):
                if self._closed or time.time() - changed < settled:
                    continue
                with suppress(FileNotFoundError):
                    self._bucket.upload(self._key(path), path)
                    self._kept[path] = version

    def close(self) -> None:
        """Nothing more is stored."""
        self._closed = True

    def missing(self) -> list[Path]:
        """Files that are not stored as they are."""
        return list(self._waiting())

    def _store_metrics(self) -> None:
        began = time.monotonic()
        content = self._sources.content()
        if content and content != self._metrics:
            self._bucket.put(METRICS_CSV, content)
            self._metrics = content
        took = time.monotonic() - began
        self._metrics_due = began + max(METRICS_SECONDS, METRICS_SHARE * took)

    def _store_checkpoint(self) -> None:
        path = self._output / CHECKPOINT
        if not path.exists() or print_of(path) == self._checkpoint:
            return
        pinned = _pinned(path, self._control / "storing")
        version = print_of(pinned)
        digest = digest_of(pinned)
        if not whole(pinned) or print_of(pinned) != version:
            return
        self._store_metrics()
        if self._good:
            self._bucket.copy(CHECKPOINT, PREVIOUS_CHECKPOINT)
        self._bucket.upload(CHECKPOINT, pinned, metadata={DIGEST: digest})
        self._good = print_of(pinned) == version
        if self._good:
            self._checkpoint = version
            self.checkpoints += 1
            write_atomically(self._control / SAFE, version.encode())

    def _waiting(self) -> dict[Path, tuple[str, float]]:
        """What is not stored as it is, with its version and the time of its change.

        All files but those with a way of their own, and those being written under a hidden name.
        """
        own = {self._output / name for name in (METRICS_CSV, CHECKPOINT, PREVIOUS_CHECKPOINT)}
        waiting = {}
        for path in self._output.rglob("*"):
            if path in own or path.name.startswith(".") or path.is_symlink() or not path.is_file():
                continue
            with suppress(FileNotFoundError):
                version, changed = print_of(path), path.stat().st_mtime
                if self._kept.get(path) != version:
                    waiting[path] = (version, changed)
        return waiting

    def _key(self, path: Path) -> str:
        name = path.relative_to(self._output).as_posix()
        return name if name == MODEL else ARTIFACTS + name.removeprefix(ARTIFACTS)


def _pinned(path: Path, link: Path) -> Path:
    """The file under a second name: whoever replaces it by the next one does not change this one."""
    link.unlink(missing_ok=True)
    try:
        link.hardlink_to(path)
    except OSError:
        return path
    return link


def digest_of(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def whole(path: Path) -> bool:
    """Whether the file is no torn archive: what `torch.save` writes is one, with a sum over each part."""
    with path.open("rb") as file:
        if file.read(2) != _ZIP:
            return True
    try:
        with zipfile.ZipFile(path) as archive:
            return archive.testzip() is None
    except (zipfile.BadZipFile, EOFError, OSError, ValueError):
        return False
