"""Find the files that a command left: in OUTPUT_DIR, and new or changed ones in the checkout."""

import hashlib
import os
import stat
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from trainer.contract import CHECKPOINT, METRICS_CSV, PREVIOUS_CHECKPOINT
from trainer.keep_patterns import Patterns
from trainer.process.tools import Programs
from trainer.storage.never_kept import in_secret_place, is_cache_file, is_cache_folder, may_hold_secrets

Version = tuple[int, int, int]
"""Inode, time of the last change in ns, and size: it differs once the file is replaced, or written to."""
_MANY = 200
"""How many left-out names are remembered. The log shows fewer."""


@dataclass(frozen=True, slots=True)
class LeftFile:
    """`name` is its path in its tree, in valid Unicode; `changed` in s since the epoch."""

    path: Path
    name: str
    version: Version
    in_output: bool

    @property
    def size(self) -> int:
        return self.version[2]

    @property
    def changed(self) -> float:
        return self.version[1] / 1e9


@dataclass(slots=True)
class Found:
    """`lost`: results that cannot be stored, with the reason. `left_out`: files that are left out on purpose."""

    files: list[LeftFile] = field(default_factory=list)
    lost: dict[str, str] = field(default_factory=dict)
    left_out: dict[str, str] = field(default_factory=dict)

    def leave_out(self, name: str, reason: str) -> None:
        if len(self.left_out) < _MANY:
            self.left_out[name] = reason


class OutputTree:
    """Every file of OUTPUT_DIR but hidden ones, which are still being written, and those that have their own path."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def find(self) -> Found:
        found = Found()
        for path in _walk(self._root, found.lost, lambda _: True):
            name = path.relative_to(self._root).as_posix()
            if name in (METRICS_CSV, CHECKPOINT, PREVIOUS_CHECKPOINT) or path.name.startswith("."):
                continue
            if path.is_symlink() and (problem := self._link_problem(path)):
                found.lost[readable(name)] = problem
            elif version := _version(path):
                found.files.append(LeftFile(path, readable(name), version, in_output=True))
        return found

    def _link_problem(self, path: Path) -> str:
        """Explain why a link is not stored; "" for one to a file, and for one to a folder whose files are stored."""
        target = _target(path)
        if not target.exists():
            return f"it is a link to {readable(str(path.readlink()))}, which does not exist"
        if target.is_dir() and not target.is_relative_to(_target(self._root)):
            return f"it is a link to the folder {readable(str(target))}, which is outside OUTPUT_DIR"
        if in_secret_place(PurePosixPath(target)):
            return "it is a link to a file that may hold secrets"
        if target.is_relative_to("/proc"):
            return "it is a link to what the system tells about the entrypoint"
        return ""


class CheckoutTree:
    """Files of the checkout that are new or have changed since `begin`, and that the patterns keep."""

    def __init__(self, root: Path, output: Path, patterns: Patterns, programs: Programs) -> None:
        self._root, self._output, self._patterns, self._programs = root, output, patterns, programs
        self._before: dict[Path, Version] = {}
        self._closed_before: dict[Path, int] = {}
        self._unreadable_before: dict[str, str] = {}
        self._committed: Mapping[str, str] = {}
        self._compared: dict[Path, tuple[Version, bool]] = {}

    def begin(self) -> None:
        """Remember what is there before the command starts."""

        def enter(folder: Path) -> bool:
            if self._why_closed(folder) is None:
                return True
            self._closed_before[folder] = folder.stat().st_mtime_ns
            return False

        walked = _walk(self._root, self._unreadable_before, enter)
        self._before = {path: version for path in walked if (version := _version(path))}
        self._committed = _committed_files(self._root, self._programs)

    def find(self) -> Found:
        found = Found()
        for path in _walk(self._root, found.lost, lambda folder: self._enter(folder, found)):
            version = _version(path)
            if version is not None and self._before.get(path) != version:
                self._judge(path, version, found)
        found.lost = {name: why for name, why in found.lost.items() if name not in self._unreadable_before}
        return found

    def _judge(self, path: Path, version: Version, found: Found) -> None:
        """Sort in a new or changed file. Caches, hidden files and those as committed are nobody's results."""
        place = PurePosixPath(path.relative_to(self._root))
        name = readable(str(place))
        secret = may_hold_secrets(path.name) or (path.is_symlink() and in_secret_place(PurePosixPath(_target(path))))
        if is_cache_file(path.name) or (path.name.startswith(".") and not secret) or self._as_committed(path, version):
            return
        if secret:
            found.leave_out(name, "it may hold secrets")
        elif not self._patterns.keeps(place):
            found.leave_out(name, "`keep` leaves it out")
        elif path.is_symlink() and not _target(path).is_relative_to(_target(self._root)):
            found.leave_out(name, "it is a link to a file outside the repository")
        else:
            found.files.append(LeftFile(path, name, version, in_output=False))

    def _enter(self, folder: Path, found: Found) -> bool:
        """Decide whether to look into a folder. One that is left out is noted if it has changed."""
        why = self._why_closed(folder)
        if why is None:
            return True
        with suppress(OSError):
            if why and folder.stat().st_mtime_ns != self._closed_before.get(folder):
                found.leave_out(readable(folder.relative_to(self._root).as_posix()) + "/", why)
        return False

    def _why_closed(self, folder: Path) -> str | None:
        """Explain why a folder is not looked into: "" for a cache. None for a folder that is."""
        if folder == self._output or is_cache_folder(folder):
            return ""
        if may_hold_secrets(folder.name):
            return "it may hold secrets"
        if self._patterns.leaves_out(PurePosixPath(folder.relative_to(self._root))):
            return "`keep` leaves it out"
        return None

    def _as_committed(self, path: Path, version: Version) -> bool:
        """True for a file of the commit that was written, or touched, without another content."""
        blob = self._committed.get(path.relative_to(self._root).as_posix())
        if not blob:
            return False
        known = self._compared.get(path)
        if known is None or known[0] != version:
            known = self._compared[path] = (version, _blob(path, blob) == blob)
        return known[1]


def walk_files(root: Path) -> Iterator[LeftFile]:
    """Yield all files below a folder, whether new or not, but those of caches and hidden ones."""
    for path in _walk(root, {}, lambda folder: not is_cache_folder(folder)):
        version = _version(path)
        name = path.relative_to(root).as_posix()
        if version is not None and not path.name.startswith(".") and readable(name) == name:
            yield LeftFile(path, name, version, in_output=False)


def readable(name: str) -> str:
    """Return a name to print and store. One that is not valid UTF-8 is read as Latin-1, its likely encoding."""
    try:
        name.encode()
    except UnicodeEncodeError:
        return os.fsencode(name).decode("latin-1")
    return name


def _target(path: Path) -> Path:
    """Follow all links. A circle of links ends at one of them."""
    return Path(os.path.realpath(path))


def _walk(root: Path, unreadable: dict[str, str], enter: Callable[[Path], bool]) -> Iterator[Path]:
    """Yield everything but folders below `root`. Links to folders are not followed: they are yielded."""
    folders = [root]
    while folders:
        folder = folders.pop()
        try:
            with os.scandir(folder) as entries:
                found = sorted(entries, key=lambda entry: entry.name)
        except FileNotFoundError:
            continue
        except OSError as error:
            unreadable[readable(folder.relative_to(root).as_posix()) + "/"] = error.strerror or str(error)
            continue
        for entry in found:
            path = Path(entry.path)
            if not _is_folder(entry):
                yield path
            elif enter(path):
                folders.append(path)


def _is_folder(entry: "os.DirEntry[str]") -> bool:
    try:
        return entry.is_dir(follow_symlinks=False)
    except OSError:
        return False


def _version(path: Path) -> Version | None:
    """Return a regular file's version, or that of the file behind a link. None for anything else, and if it is gone."""
    try:
        found = path.stat()
    except OSError:
        return None
    return (found.st_ino, found.st_mtime_ns, found.st_size) if stat.S_ISREG(found.st_mode) else None


def _committed_files(root: Path, programs: Programs) -> Mapping[str, str]:
    """Map the paths of the commit and its submodules to their blobs. Empty where git gives no answer."""
    command = ["git", "-c", f"safe.directory={root}", "ls-files", "--stage", "-z", "--recurse-submodules"]
    try:
        listed = programs.run(command, cwd=root)
    except OSError:
        return {}
    if listed.code:
        return {}
    entries = (line.partition("\t") for line in listed.stdout.split("\0") if line)
    return {path: words.split()[1] for words, _, path in entries}


def _blob(path: Path, like: str) -> str:
    """Return the file's id in git, of the same kind as `like`: SHA-1 or SHA-256."""
    digest = hashlib.new("sha256" if len(like) == 64 else "sha1", usedforsecurity=False)
    try:
        if path.is_symlink():
            content = os.fsencode(path.readlink())
            digest.update(b"blob %d\0" % len(content) + content)
            return digest.hexdigest()
        digest.update(b"blob %d\0" % path.stat().st_size)
        with path.open("rb") as file:
            while chunk := file.read(1 << 20):
                digest.update(chunk)
    except OSError:
        return ""
    return digest.hexdigest()
