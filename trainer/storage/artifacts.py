"""Store the files that a command left under `artifacts/`, the newest first. A problem with one costs that one alone."""

import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from trainer.contract import ARTIFACTS, MODEL
from trainer.process import console
from trainer.storage.bucket import Bucket, BucketTrouble
from trainer.storage.growing_pause import growing_pause
from trainer.storage.left_files import Found, LeftFile
from trainer.storage.not_stored import NotStored, because, listed

SETTLED_SECONDS = 2.0
"""A file that has not changed for this long is considered complete."""
_SHARE = 20
"""A file that keeps changing is stored again so rarely that this takes at most a twentieth of the time."""
_LONGEST_PAUSE = 300.0
"""At most this much of it is missing after a host is lost without a warning, if storing it is quick."""
_AGAIN_SECONDS = 30.0
"""After a failure, the next try for the same file while the command runs."""
_UNANSWERED, _REFUSED = 3, 100
"""The pass ends after this many failures in a row: S3 does not answer, or takes nothing at all."""
_NAMED = 3
_GIB = 1024**3


class Tree(Protocol):
    """A folder with files to store."""

    def find(self) -> Found:
        """Return what is there now, whether stored or not."""


class Artifacts:
    """The files of some trees. `limit` is for those of the checkout, in bytes. May be used by several threads."""

    def __init__(self, bucket: Bucket, trees: Sequence[Tree], limit: float) -> None:
        self._bucket, self._trees, self._limit = bucket, trees, limit
        self._lock = threading.Lock()
        self._stored: dict[Path, LeftFile] = {}
        self._keys: dict[Path, str] = {}
        self._owners: dict[str, Path] = {}
        self._due: dict[Path, float] = {}
        self._first_stored: dict[Path, float] = {}
        self._failed: dict[Path, NotStored] = {}
        self._waiting: dict[Path, str] = {}
        self._found = Found()
        self._logged: set[str] = set()
        self._closed = False

    def store(self, *, settled_seconds: float = SETTLED_SECONDS) -> None:
        """Store what is new or has changed, once it is settled. Raises BucketTrouble if S3 does not answer."""
        with self._lock:
            now = time.time()
            room = self._limit - sum(file.size for file in self._stored.values() if not file.in_output)
            ready = []
            for file in self._changed():
                if now - file.changed < settled_seconds or now < self._due.get(file.path, 0.0):
                    continue
                if file.in_output or file.size <= room:
                    ready.append(file)
                    room -= 0 if file.in_output else file.size
            self._upload_each(ready)
            failed = [self._failed[file.path] for file in ready if file.path in self._failed]
        if unanswered := next((each for each in failed if each.again), None):
            raise BucketTrouble(unanswered.reason, final=False)

    def store_last(self) -> list[NotStored]:
        """Store everything else once the command has ended. Returns what is not in the bucket then."""
        with self._lock:
            self._failed.clear()
            changed = set(self._changed())
            room, ready = self._limit, []
            for file in self._newest_first():
                if not file.in_output and file in changed and file.size > room:
                    reason = f"it is over the limit of {self._limit / _GIB:g} GiB that `keep_limit_gib` sets"
                    self._fail(file, NotStored(file.name, reason))
                    continue
                room -= 0 if file.in_output else file.size
                if file in changed:
                    ready.append(file)
            self._upload_each(ready)
            lost = [NotStored(name, reason) for name, reason in self._found.lost.items()]
            for each in (*self._failed.values(), *lost):
                self._log(each)
            return [*self._failed.values(), *lost]

    def waiting(self) -> list[str]:
        """List the files that the pass in progress has not stored yet."""
        return list(self._waiting.values())

    def close(self) -> None:
        """Store nothing more."""
        self._closed = True

    def left_out(self) -> bool:
        """True if files are left out on purpose."""
        return bool(self._found.left_out)

    def summary(self) -> list[str]:
        """Describe the kept files of the checkout and those left out, in lines for the log."""
        kept = sorted((f for f in self._stored.values() if not f.in_output), key=lambda file: -file.size)
        lines = []
        if kept:
            counted = "1 file" if len(kept) == 1 else f"{len(kept):,} files"
            largest = listed([f"{file.name} ({_size(file.size)})" for file in kept[:_NAMED]])
            total = _size(sum(file.size for file in kept))
            lines.append(f"kept {counted} that the command wrote in the checkout, {total}; the largest: {largest}")
        if left_out := [f"{name} ({reason})" for name, reason in self._found.left_out.items()]:
            lines.append(f"left out: {listed(left_out, 2 * _NAMED)}")
        return lines

    def _changed(self) -> list[LeftFile]:
        """Look for files whose current version is not in the bucket, the newest first."""
        self._found = Found()
        for tree in self._trees:
            found = tree.find()
            self._found.files += found.files
            self._found.lost |= found.lost
            self._found.left_out |= found.left_out
        return [file for file in self._newest_first() if self._stored.get(file.path) != file]

    def _newest_first(self) -> list[LeftFile]:
        return sorted(self._found.files, key=lambda file: -file.changed)

    def _upload_each(self, files: Sequence[LeftFile]) -> None:
        """Try each file. If S3 takes none, the rest of them fail like the last one."""
        self._waiting = {file.path: file.name for file in files}
        in_a_row = 0.0
        for n, file in enumerate(files):
            if self._closed:
                break
            problem = self._upload(file)
            if problem is None:
                in_a_row = 0.0
                continue
            self._fail(file, problem)
            if problem.by_s3:
                in_a_row += 1 / (_UNANSWERED if problem.again else _REFUSED)
            if in_a_row >= 1:
                for rest in files[n + 1 :]:
                    self._failed[rest.path] = NotStored(rest.name, problem.reason, by_s3=True, again=problem.again)
                break

    def _upload(self, file: LeftFile) -> NotStored | None:
        key = self._key(file)
        if problem := self._bucket.key_problem(key):
            return NotStored(file.name, f"{problem}. Give it a shorter or simpler name")
        began = time.time()
        try:
            self._bucket.upload(key, file.path)
        except FileNotFoundError:
            self._waiting.pop(file.path, None)
            return None  # gone in the meantime
        except Exception as error:  # whatever one file raises, the others are stored
            return because(file.name, error)
        took = time.time() - began
        pause = growing_pause(began - self._first_stored.setdefault(file.path, began), file.size)
        self._due[file.path] = began + max(min(pause, _LONGEST_PAUSE), _SHARE * took)
        self._stored[file.path] = file
        self._failed.pop(file.path, None)
        self._waiting.pop(file.path, None)
        return None

    def _fail(self, file: LeftFile, problem: NotStored) -> None:
        self._failed[file.path] = problem
        self._due[file.path] = time.time() + _AGAIN_SECONDS
        if not problem.again:
            self._log(problem)

    def _log(self, problem: NotStored) -> None:
        if problem.name not in self._logged:
            self._logged.add(problem.name)
            console.log(f"{problem.name} is not stored: {problem.reason}.")

    def _key(self, file: LeftFile) -> str:
        """Return the file's key. Of two files with the same path, one in each tree, the later has its tree in it."""
        if file.path not in self._keys:
            key = MODEL if file.in_output and file.name == MODEL else ARTIFACTS + file.name
            tree, name = "output/" if file.in_output else "checkout/", file.name
            while key in self._owners:
                name = tree + name
                key = ARTIFACTS + name
            self._owners[key] = file.path
            self._keys[file.path] = key
        return self._keys[file.path]


def _size(count: int) -> str:
    for unit, size in (("GiB", _GIB), ("MiB", 1024**2), ("KiB", 1024)):
        if count >= size:
            return f"{count / size:.3g} {unit}"
    return f"{count} B"
