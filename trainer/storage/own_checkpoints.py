"""Checkpoints that the code writes in its own way: the newest is stored while the command runs, and a later attempt
finds it where the code looks for it.

A checkpoint is a file, or a folder with all its files. Two places in the bucket take turns, and `resume.json` names the
complete one, so a host that is lost during an upload costs the newest checkpoint at most.
"""

import json
import os
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from trainer.contract import RESUME_JSON
from trainer.keep_patterns import Patterns
from trainer.process import console
from trainer.storage.bucket import Bucket
from trainer.storage.left_files import LeftFile, walk_files
from trainer.storage.seal import Seal
from trainer.storage.upload import is_intact, sha256_of

_SETTLED_SECONDS = 2.0
_SHARE = 10
"""Storing takes at most a tenth of the time: code may save every few seconds."""


@dataclass(frozen=True, slots=True)
class _Group:
    """One checkpoint. `place` is its path in its tree."""

    tree: str
    place: str
    files: tuple[LeftFile, ...]

    @property
    def changed(self) -> float:
        return max(file.changed for file in self.files)


class OwnCheckpoints:
    """`patterns` match the checkpoints, by their paths in the checkout or in OUTPUT_DIR.

    `store_metrics` is called before a checkpoint counts: an attempt that resumes from it writes no earlier row again.
    """

    def __init__(
        self,
        bucket: Bucket,
        code: Path,
        output: Path,
        patterns: Patterns,
        seal: Seal | None = None,
        store_metrics: Callable[[], object] = bool,
    ) -> None:
        self._bucket, self._patterns, self._seal = bucket, patterns, seal or Seal()
        self._store_metrics = store_metrics
        self._roots = {"checkout": code, "output": output}
        self._lock = threading.Lock()
        self._before: list[_Group] = []
        self._stored: _Group | None = None
        self._slot, self._due = 0, 0.0
        self._closed = False

    def stored_earlier(self) -> bool:
        """True if an earlier attempt has stored one."""
        return len(self._patterns) > 0 and self._bucket.get(RESUME_JSON) is not None

    def restore(self) -> Path | None:
        """Put an earlier attempt's newest checkpoint back in its place. None if there is none."""
        stored = self._bucket.get(RESUME_JSON) if len(self._patterns) else None
        if stored is None:
            return None
        if not self._seal.is_on(stored.metadata, RESUME_JSON, stored.body):
            console.log("the last checkpoint was not stored by this job, so it counts for nothing")
            return None
        try:
            index = json.loads(stored.body)
            root, self._slot = self._roots[index["tree"]], int(index["slot"])
            for file in index["files"]:
                path = root / file["name"]
                path.parent.mkdir(parents=True, exist_ok=True)
                self._bucket.download(f"resume/{self._slot}/{file['name']}", path)
                self._check(path, file)
                os.utime(path, (file["changed"], file["changed"]))
        except (ValueError, KeyError, TypeError) as error:
            console.log(f"its checkpoint cannot be restored ({error}), starting from the beginning")
            return None
        place: Path = root / index["place"]
        console.log(f"restored {index['place']}")
        return place

    def _check(self, path: Path, file: Mapping[str, object]) -> None:
        """Remove a file that is not the one of the index, and raise ValueError. An index without a key may be older."""
        if self._seal.key and sha256_of(path) != file["sha256"]:
            path.unlink()
            raise ValueError(f"{file['name']} is not what this job has stored")

    def begin(self) -> None:
        """Remember what is there before the command starts: the commit's own files, and what was restored."""
        self._before = self._groups() if len(self._patterns) else []

    def close(self) -> None:
        """Store nothing more."""
        self._closed = True

    def store(self, *, now: bool = False) -> None:
        """Store the newest checkpoint if it is complete and not stored yet."""
        if not len(self._patterns):
            return
        with self._lock:
            began = time.monotonic()
            if not now and began < self._due:
                return
            try:
                self._store(0.0 if now else _SETTLED_SECONDS)
            except FileNotFoundError:  # replaced or removed in the meantime
                return
            finally:
                self._due = time.monotonic() + _SHARE * (time.monotonic() - began)

    def _store(self, settled_seconds: float) -> None:
        groups = [
            group
            for group in self._groups()
            if group not in self._before and time.time() - group.changed >= settled_seconds
        ]
        newest = max(groups, key=lambda group: group.changed, default=None)
        if newest is None or newest == self._stored or not all(is_intact(file.path) for file in newest.files):
            return
        slot = 1 - self._slot
        digests = [sha256_of(file.path) for file in newest.files]
        for file in newest.files:
            self._bucket.upload(f"resume/{slot}/{file.name}", file.path)
        if self._closed or newest not in self._groups():
            return  # it changed during the upload
        self._store_metrics()
        body = json.dumps(_index(newest, slot, digests)).encode()
        self._bucket.put(RESUME_JSON, body, metadata=self._seal.on(RESUME_JSON, body))
        self._stored, self._slot = newest, slot

    def _groups(self) -> list[_Group]:
        found: dict[tuple[str, str], list[LeftFile]] = {}
        for tree, root in self._roots.items():
            for file in walk_files(root):
                if place := self._patterns.place_of(PurePosixPath(file.name)):
                    found.setdefault((tree, str(place)), []).append(file)
        return [_Group(tree, place, tuple(files)) for (tree, place), files in found.items()]


def _index(group: _Group, slot: int, digests: Sequence[str]) -> Mapping[str, object]:
    files = [
        {"name": file.name, "changed": file.changed, "sha256": digest}
        for file, digest in zip(group.files, digests, strict=True)
    ]
    return {"tree": group.tree, "place": group.place, "slot": slot, "files": files}
