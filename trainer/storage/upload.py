"""Store metrics and checkpoints as they appear: the newest version wins, and torn files are not stored."""

import hashlib
import threading
import time
import zipfile
from pathlib import Path

from trainer.checkpoint import SAFE, fingerprint
from trainer.contract import CHECKPOINT, METRICS_CSV, PREVIOUS_CHECKPOINT
from trainer.metrics.sources import Sources
from trainer.places import write_atomically
from trainer.process import console
from trainer.storage.bucket import Bucket, BucketTrouble, Conflict
from trainer.storage.growing_pause import growing_pause
from trainer.storage.not_stored import NotStored, because
from trainer.storage.seal import Seal

METRICS_SECONDS = 1.0
READING_SHARE = 4
"""Large tables are read less often, so that reading them takes at most a quarter of the time."""
STORING_SHARE = 20
"""The same for storing: a twentieth."""
SHA256 = "sha256"
"""Metadata key of a checkpoint's digest."""
_ZIP = b"PK"


class Uploads:
    """The metrics and the checkpoint of one attempt, which are stored at once. `store_live` makes one pass."""

    def __init__(self, bucket: Bucket, output: Path, control: Path, sources: Sources, seal: Seal | None = None) -> None:
        self._seal = seal or Seal()
        self._bucket, self._output, self._control, self._sources = bucket, output, control, sources
        self._lock = threading.Lock()
        self._metrics = b""
        self._read_due = self._store_due = self._read_seconds = 0.0
        self._first_stored: float | None = None
        self._checkpoint = ""
        self._stored_is_good = self._closed = False
        self._copy_failed = False
        self.checkpoints = 0

    def begin(self, *, good: bool, own: bool = True) -> None:
        """Start with the restored checkpoint as the stored one. `good`: there is one, and it is not corrupt. One that
        is not this job's `own` is stored at once."""
        self._stored_is_good = good and own
        path = self._output / CHECKPOINT
        self._checkpoint = fingerprint(path) if own and path.exists() else ""

    def store_live(self, *, now: bool = False) -> None:
        """Read the metrics about once a second and store them at growing pauses, or both `now`.

        A new checkpoint is stored at once, after its metrics.
        """
        with self._lock:
            if self._closed:
                return
            self._store_checkpoint()
            if now or time.monotonic() >= self._read_due:
                self._read_metrics(now=now)

    def store_last(self) -> list[NotStored]:
        """Store the last metrics and checkpoint, once the command has ended. Returns what is not in the bucket then."""
        problems: list[NotStored] = []
        with self._lock:
            for name, action in ((CHECKPOINT, self._store_checkpoint), (METRICS_CSV, self._store_metrics)):
                try:
                    action()
                except Exception as error:  # whatever one of them raises, the others are stored
                    problems.append(because(name, error))
            if not problems and self._is_torn():
                problems.append(NotStored(CHECKPOINT, "it is torn: the command ended while it wrote it"))
        return problems

    def close(self) -> None:
        """Store nothing more."""
        self._closed = True

    def _is_torn(self) -> bool:
        path = self._output / CHECKPOINT
        return path.exists() and fingerprint(path) != self._checkpoint and not is_intact(path)

    def _store_metrics(self) -> None:
        self._read_metrics(now=True)

    def _read_metrics(self, *, now: bool) -> None:
        """Read the metrics, which prints new rows for the card, and store them if it is time, or `now`.

        A single slow reading, such as the first of a thousand files, does not put off the next.
        """
        began = time.monotonic()
        content = self._sources.content()
        seconds, earlier = time.monotonic() - began, self._read_seconds
        self._read_seconds = seconds
        self._read_due = began + max(METRICS_SECONDS, READING_SHARE * min(seconds, earlier))
        if content and content != self._metrics and (now or began >= self._store_due):
            began = time.monotonic()
            self._bucket.put(METRICS_CSV, content, metadata=self._seal.on(METRICS_CSV, content))
            self._metrics = content
            if self._first_stored is None:
                self._first_stored = began
            pause = growing_pause(began - self._first_stored, len(content))
            self._store_due = began + max(pause, STORING_SHARE * (time.monotonic() - began))

    def _store_checkpoint(self) -> None:
        path = self._output / CHECKPOINT
        if not path.exists() or fingerprint(path) == self._checkpoint:
            return
        pinned = _pin(path, self._control / "storing")
        version = fingerprint(pinned)
        digest = sha256_of(pinned)
        if not is_intact(pinned) or fingerprint(pinned) != version:
            return
        self._store_metrics()
        if self._stored_is_good:
            self._keep_previous()
        metadata = {SHA256: digest, **self._seal.on_digest(CHECKPOINT, digest)}
        self._bucket.upload(CHECKPOINT, pinned, metadata=metadata)
        self._stored_is_good = fingerprint(pinned) == version
        if self._stored_is_good:
            self._checkpoint = version
            self.checkpoints += 1
            write_atomically(self._control / SAFE, version.encode())

    def _keep_previous(self) -> None:
        """Keep the stored checkpoint as the previous one. The new one is stored also where that fails."""
        try:
            self._bucket.copy(CHECKPOINT, PREVIOUS_CHECKPOINT)
        except (BucketTrouble, Conflict, KeyError) as error:
            if not self._copy_failed:
                console.log(f"{PREVIOUS_CHECKPOINT} is not kept: {error}")
            self._copy_failed = True


def _pin(path: Path, link: Path) -> Path:
    """Link the file under a second name, which keeps this version when the file is replaced."""
    link.unlink(missing_ok=True)
    try:
        link.hardlink_to(path)
    except OSError:
        return path
    return link


def sha256_of(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def is_intact(path: Path) -> bool:
    """Check that the file is no torn archive: `torch.save` writes a zip file, with a checksum for each part."""
    with path.open("rb") as file:
        if file.read(2) != _ZIP:
            return True
    try:
        with zipfile.ZipFile(path) as archive:
            return archive.testzip() is None
    except (zipfile.BadZipFile, EOFError, OSError, ValueError):
        return False
