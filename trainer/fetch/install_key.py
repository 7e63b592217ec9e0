"""What an installed layer depends on: the requirements, all that they include, and the interpreter."""

import hashlib
import os
import re
import shlex
import sys
import tomllib
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

EDITABLE = "editable"
_BUILD_FILES = ("pyproject.toml", "setup.py", "setup.cfg")
_PINS = ("requirements*.txt", "constraints*.txt")
_INCLUDES = ("-r", "--requirement", "-c", "--constraint")
_LOCAL = ("-e", "--editable", "-f", "--find-links")
# pip's own words: "A path to a local directory or archive", "./", "file:" and "name @ file:".
# https://pip.pypa.io/en/stable/reference/requirements-file-format/ and requirement-specifiers/
_IN_URL = re.compile(r"(?:^|@\s*)file:(?://(?:localhost)?)?(?P<path>[^#\s;]+)")
_PASSED_OVER = frozenset({".git", "__pycache__", ".venv", "node_modules"})


def layer_key(requirements: str, code: Path) -> str:
    """Return a digest of everything in the checkout that the content of the layer depends on."""
    digest = hashlib.sha256(f"{requirements}\0{sys.version}\0{sys.prefix}".encode())
    patterns = (*_BUILD_FILES, *_PINS) if requirements == EDITABLE else (requirements, *_PINS)
    listed = _Requirements(code)
    for path in sorted({path for pattern in patterns for path in code.glob(pattern) if path.is_file()}):
        listed.include(path)
    if requirements == EDITABLE:
        listed.include_dynamic(code / "pyproject.toml")
    for path in sorted(listed.found):
        name = os.path.relpath(path, code).encode(errors="surrogateescape")
        digest.update(b"\0" + name + b"\0" + _content(path))
    if requirements == EDITABLE or listed.editable:
        digest.update(os.fsencode(code))  # the layer refers to this folder
    return digest.hexdigest()[:20]


class _Requirements:
    """The files that requirements files name, and that these name in turn."""

    def __init__(self, code: Path) -> None:
        self._code = code
        self.found: set[Path] = set()
        self.editable = False

    def include(self, path: Path) -> None:
        """Add a file, and everything that it includes if it is a requirements file."""
        if path in self.found or not path.is_file():
            return
        self.found.add(path)
        if path.suffix in (".txt", ".in", ".pip", ""):
            for line in _lines(path):
                self._add_line(line, path.parent)

    def _add_line(self, line: str, folder: Path) -> None:
        option, _, value = line.replace("=", " ", 1).partition(" ") if line.startswith("--") else line.partition(" ")
        if line[:2] in ("-r", "-c", "-e", "-f") and not line.startswith("--"):
            option, value = line[:2], line[2:]
        value = _unquoted(value)
        if option in _INCLUDES:
            self.include(Path(os.path.normpath(folder / value)))  # pip: relative to the file that includes it
        elif option in _LOCAL:
            editable = option in ("-e", "--editable")
            self.editable |= editable
            self._add_local(value, only_build_files=editable)
        elif not option.startswith("-"):
            self._add_local(line)

    def include_dynamic(self, project: Path) -> None:
        """Add the requirements files that a pyproject.toml takes its dependencies from.

        https://setuptools.pypa.io/en/latest/userguide/pyproject_config.html#dynamic-metadata
        """
        with suppress(OSError, ValueError, AttributeError, TypeError, KeyError):
            dynamic = tomllib.loads(project.read_text())["tool"]["setuptools"]["dynamic"]
            tables = [dynamic.get("dependencies", {}), *dynamic.get("optional-dependencies", {}).values()]
            for files in (table.get("file", []) for table in tables):
                for name in [files] if isinstance(files, str) else files:
                    self.include(project.parent / name)

    def _add_local(self, text: str, *, only_build_files: bool = False) -> None:
        """Add a local package, if it is one: pip looks for it from the folder in which it runs."""
        url = _IN_URL.search(text)
        name = url["path"] if url else re.split(r"[\s;]|\[[^]]*\]\s*$", _unquoted(text))[0]
        if not name or ("://" in name and not url):
            return
        path = Path(os.path.normpath(self._code / name))
        looks_local = url is not None or "/" in name or name.startswith(".") or path.suffix in (".whl", ".gz", ".zip")
        if not looks_local:
            return
        if path.is_file():
            self.found.add(path)
        elif path.is_dir():
            self.found.update(_build_files(path) if only_build_files else _files(path))


def _lines(path: Path) -> Iterator[str]:
    """Yield the lines without comments, with continued ones as one."""
    text = path.read_text(errors="replace").replace("\\\r\n", " ").replace("\\\n", " ")
    for line in text.splitlines():
        if stripped := re.sub(r"(^|\s)#.*$", "", line).strip():
            yield os.path.expandvars(stripped)


def _unquoted(text: str) -> str:
    try:
        return " ".join(shlex.split(text))
    except ValueError:
        return text.strip()


def _build_files(folder: Path) -> Iterator[Path]:
    yield from (path for name in _BUILD_FILES if (path := folder / name).is_file())


def _files(folder: Path) -> Iterator[Path]:
    for place, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if name not in _PASSED_OVER and not name.endswith(".egg-info")]
        yield from (path for name in names if (path := Path(place, name)).is_file())


def _content(path: Path) -> bytes:
    """A digest, so that a wheel of gigabytes takes no memory."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").digest()
