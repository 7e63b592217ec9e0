"""One job's files in a folder of this machine, with the promises of `Bucket`. For `signalbox try`, and for tests."""

import hashlib
import json
import os
import shutil
import threading
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from trainer.storage.bucket import ANY, LARGE, Bucket, BucketTrouble, Conflict, Stored

SCHEME = "file://"
_HIDDEN = ".signalbox"
"""Has the metadata of each key, beside the files."""


class Folder(Bucket):
    """`uri` is `file:///folder/`. One process writes at a time; a key appears complete, or not at all."""

    def __init__(self, uri: str) -> None:
        self.uri = uri.rstrip("/") + "/"
        self.root = Path(unquote(urlsplit(self.uri).path))
        self._prefix = ""
        self._lock = threading.RLock()

    def put(self, key: str, body: bytes, *, metadata: Mapping[str, str] | None = None, if_match: str = "") -> str:
        """As `Bucket.put`."""
        with self._lock:
            existing = self._etag(key)
            if if_match == ANY and existing:
                raise Conflict(self.uri + key)
            if if_match and if_match != ANY and not existing:
                raise KeyError(self.uri + key)
            if if_match and if_match not in (ANY, existing):
                raise Conflict(self.uri + key)
            self._write(key, body, metadata)
            return self._etag(key)

    def get(self, key: str) -> Stored | None:
        """As `Bucket.get`."""
        try:
            with self._lock:
                path = self._path(key)
                body, age = path.read_bytes(), max(0.0, time.time() - path.stat().st_mtime)
                return Stored(body, self._etag(key), age, self._metadata(key))
        except FileNotFoundError:
            return None
        except OSError as error:
            raise _trouble(error) from error

    def names(self) -> dict[str, datetime]:
        """As `Bucket.names`."""
        if not self.root.is_dir():
            return {}
        files = [path for path in self.root.iterdir() if path.is_file()]
        return {path.name: datetime.fromtimestamp(path.stat().st_mtime, UTC) for path in files}

    def copy(self, source: str, key: str) -> None:
        """As `Bucket.copy`."""
        with self._lock:
            path = self._path(source)
            if not path.is_file():
                raise KeyError(self.uri + source)
            self._place(key, path, self._metadata(source))

    def upload(self, key: str, path: Path, *, metadata: Mapping[str, str] | None = None) -> None:
        """As `Bucket.upload`."""
        if path.stat().st_size < LARGE:
            self.put(key, path.read_bytes(), metadata=metadata)
            return
        with self._lock:
            self._place(key, path, metadata)

    def download(self, key: str, path: Path) -> Mapping[str, str]:
        """As `Bucket.download`."""
        with self._lock:
            source = self._path(key)
            if not source.is_file():
                raise KeyError(self.uri + key)
            shutil.copyfile(source, path)
            return self._metadata(key)

    def _write(self, key: str, body: bytes, metadata: Mapping[str, str] | None) -> None:
        draft = self._draft()
        try:
            draft.write_bytes(body)
            self._settle(key, draft, metadata)
        except OSError as error:
            raise _trouble(error) from error

    def _place(self, key: str, source: Path, metadata: Mapping[str, str] | None) -> None:
        draft = self._draft()
        shutil.copyfile(source, draft)  # the caller knows what it means if its own file can't be read
        try:
            self._settle(key, draft, metadata)
        except OSError as error:
            raise _trouble(error) from error

    def _settle(self, key: str, draft: Path, metadata: Mapping[str, str] | None) -> None:
        target = self._path(key)
        target.parent.mkdir(parents=True, exist_ok=True)
        note = self._note(key)
        note.write_text(json.dumps(dict(metadata or {})))
        draft.replace(target)

    def _draft(self) -> Path:
        folder = self.root / _HIDDEN
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise _trouble(error) from error
        return folder / f"draft-{os.getpid()}-{threading.get_ident()}"

    def _path(self, key: str) -> Path:
        path = self.root / key
        if ".." in Path(key).parts:
            raise BucketTrouble(f"{self.uri}{key} is outside the folder", final=True)
        return path

    def _note(self, key: str) -> Path:
        return self.root / _HIDDEN / (hashlib.sha256(key.encode()).hexdigest() + ".json")

    def _metadata(self, key: str) -> Mapping[str, str]:
        try:
            found: Any = json.loads(self._note(key).read_text())
        except (OSError, ValueError):
            return {}
        return {str(name): str(value) for name, value in found.items()}

    def _etag(self, key: str) -> str:
        """Of the content; "" if there is none."""
        try:
            with self._path(key).open("rb") as file:
                return hashlib.file_digest(file, "sha256").hexdigest()
        except FileNotFoundError:
            return ""
        except OSError as error:
            raise _trouble(error) from error


def _trouble(error: OSError) -> BucketTrouble:
    return BucketTrouble(f"{error.filename or 'the folder'}: {error.strerror or error}", final=False)
