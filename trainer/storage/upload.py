"""Store the training code's files as they appear: the newest version wins, and torn files are not stored."""

import hashlib
import threading
import time
import zipfile
from contextlib import suppress
from pathlib import Path

from trainer.checkpoint import SAFE, fingerprint
from trainer.contract import ARTIFACTS, CHECKPOINT, METRICS_CSV, MODEL, PREVIOUS_CHECKPOINT
from trainer.metrics.sources import Sources
from trainer.places import write_atomically
from trainer.process import console
from trainer.storage.bucket import Bucket, BucketTrouble, Conflict

METRICS_SECONDS = 1.0
METRICS_SHARE = 20
"""A large table is stored less often, so that storing it takes at most a twentieth of the time."""
SETTLED_SECONDS = 2.0
"""A file that has not changed for this long is considered complete."""
SHA256 = "sha256"
"""Metadata key of a checkpoint's digest."""
_ZIP = b"PK"


class Uploads:
    """One attempt's uploads. `store_live` and `store_artifacts` each make one pass; they may run in two threads."""

    def __init__(self, bucket: Bucket, output: Path, control: Path, sources: Sources) -> None:
        self._bucket, self._output, self._control, self._sources = bucket, output, control, sources
        self._lock, self._artifacts_lock = threading.Lock(), threading.Lock()
        self._metrics, self._metrics_due = b"", 0.0
        self._checkpoint = ""
        self._stored_is_good = self._closed = False
        self._uploaded: dict[Path, str] = {}
        self._copy_failed = False
        self._unstorable: set[Path] = set()
        self.checkpoints = 0

    def begin(self, *, good: bool) -> None:
        """Start with the restored checkpoint as the stored one. `good`: there is one, and it is not corrupt."""
        self._stored_is_good = good
        path = self._output / CHECKPOINT
        self._checkpoint = fingerprint(path) if path.exists() else ""

    def store_live(self, *, now: bool = False) -> None:
        """Store metrics about once a second, or `now`, and a new checkpoint at once, after its metrics."""
        with self._lock:
            if self._closed:
                return
            self._store_checkpoint()
            if now or time.monotonic() >= self._metrics_due:
                self._store_metrics()

    def store_artifacts(self, *, settled_seconds: float = SETTLED_SECONDS) -> None:
        """Store every other file that is new or has changed, the newest first, once it is settled.

        A file that cannot be read is reported after the others are stored: raises OSError.
        """
        unreadable: OSError | None = None
        with self._artifacts_lock:
            for path, (version, changed) in sorted(self._changed_files().items(), key=lambda each: -each[1][1]):
                if self._closed or time.time() - changed < settled_seconds:
                    continue
                try:
                    self._bucket.upload(self._key(path), path)
                    self._uploaded[path] = version
                except FileNotFoundError:
                    continue
                except OSError as error:
                    unreadable = unreadable or error
        if unreadable is not None:
            raise unreadable

    def close(self) -> None:
        """Store nothing more."""
        self._closed = True

    def missing(self) -> list[Path]:
        """List the files whose current version is not in the bucket."""
        return list(self._changed_files())

    def left_out(self) -> list[Path]:
        """List the files whose names S3 does not take."""
        return [path for path in self._unstorable if path.exists()]

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
        self._bucket.upload(CHECKPOINT, pinned, metadata={SHA256: digest})
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

    def _changed_files(self) -> dict[Path, tuple[str, float]]:
        """Find files whose current version is not in the bucket, with version and modification time.

        Leaves out metrics and checkpoints, which `store_live` stores, and hidden files, which are still being written.
        """
        live = {self._output / name for name in (METRICS_CSV, CHECKPOINT, PREVIOUS_CHECKPOINT)}
        files = {}
        for path in self._output.rglob("*"):
            if path in live or path.name.startswith(".") or path.is_symlink() or not path.is_file():
                continue
            if not self._storable(path):
                continue
            with suppress(FileNotFoundError):
                version, changed = fingerprint(path), path.stat().st_mtime
                if self._uploaded.get(path) != version:
                    files[path] = (version, changed)
        return files

    def _storable(self, path: Path) -> bool:
        """False for a file whose name S3 does not take; it is reported once."""
        problem = self._bucket.key_problem(self._key(path))
        if problem and path not in self._unstorable:
            self._unstorable.add(path)
            name = path.relative_to(self._output).as_posix().encode(errors="backslashreplace").decode()
            console.log(f"{name} is not stored: {problem}. Give it a shorter or simpler name.")
        return not problem

    def _key(self, path: Path) -> str:
        name = path.relative_to(self._output).as_posix()
        return name if name == MODEL else ARTIFACTS + name.removeprefix(ARTIFACTS)


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
