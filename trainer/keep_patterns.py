"""Which files of the checkout are kept: patterns in the syntax of .gitignore, where a match means "keep".

Unlike git, which never looks into an ignored folder, a later pattern may take a file out of a folder that an earlier
one left out: `["*", "!data/", "data/scores.json"]`. Syntax: https://git-scm.com/docs/gitignore#_pattern_format
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

DEFAULT_KEEP = ("*", "!data/", "!datasets/")
DEFAULT_LIMIT_GIB = 10


@dataclass(frozen=True, slots=True)
class _Pattern:
    expression: re.Pattern[str]
    keeps: bool
    only_folders: bool


class Patterns:
    """The last pattern that matches a file, or a folder that it is in, decides. Without a match, a file is not kept."""

    def __init__(self, lines: Sequence[str]) -> None:
        """Raises ValueError, naming the pattern, for one that can match nothing."""
        self._patterns = [pattern for line in lines if (pattern := _parse(line)) is not None]

    def __len__(self) -> int:
        return len(self._patterns)

    def keeps(self, path: PurePosixPath) -> bool:
        """Decide on a file, by its path in the checkout."""
        return self._last(path, is_folder=False)

    def place_of(self, path: PurePosixPath) -> PurePosixPath | None:
        """Return what a kept file is kept as: itself, or the outermost folder that is kept. None if it is not kept."""
        if not self.keeps(path):
            return None
        folders = [parent for parent in reversed(path.parents) if parent.name]
        return next((folder for folder in folders if self._last(folder, is_folder=True)), path)

    def leaves_out(self, folder: PurePosixPath) -> bool:
        """True if nothing in this folder is kept, so that there is no need to look into it."""
        return not self._last(folder, is_folder=True) and not self._reaches_below(folder)

    def _last(self, path: PurePosixPath, *, is_folder: bool) -> bool:
        places = [(str(parent), True) for parent in path.parents if parent.name] + [(str(path), is_folder)]
        for pattern in reversed(self._patterns):
            for place, folder in places:
                if (folder or not pattern.only_folders) and pattern.expression.fullmatch(place):
                    return pattern.keeps
        return False

    def _reaches_below(self, folder: PurePosixPath) -> bool:
        """True if a later pattern than the one that leaves the folder out may keep something in it."""
        for pattern in reversed(self._patterns):
            if pattern.keeps:
                return True
            places = [folder, *folder.parents]
            if any(pattern.expression.fullmatch(str(place)) for place in places if place.name):
                return False
        return False


def _parse(line: str) -> _Pattern | None:
    """Parse a line. None for a comment or an empty line, as in git."""
    text = line.rstrip("\r\n")
    text = re.sub(r"(?<!\\) +$", "", text)
    if not text or text.startswith("#"):
        return None
    keeps = not text.startswith("!")
    text = text if keeps else text[1:]
    only_folders = text.endswith("/")
    text = text.rstrip("/") if only_folders else text
    anchored = "/" in text
    text = text.removeprefix("./").lstrip("/")
    if text in ("", ".") or ".." in text.split("/"):
        raise ValueError(f'"{line}" matches nothing: write a path in the repository, such as "runs/" or "*.pt"')
    start = "" if anchored else "(?:.*/)?"
    try:
        return _Pattern(re.compile(start + _expression(text), re.DOTALL), keeps, only_folders)
    except re.error as error:
        raise ValueError(f'"{line}" is not a pattern as in .gitignore: {error}') from error


def _expression(text: str) -> str:
    """Translate a pattern without its `!` and its slashes at the ends."""
    found, at = "", 0
    while at < len(text):
        rest = text[at:]
        if rest.startswith("**/") and (at == 0 or text[at - 1] == "/"):
            found, at = found + "(?:.*/)?", at + 3
        elif rest == "**" and text[at - 1 : at] == "/":
            found, at = found + ".+", at + 2
        elif text[at] == "*":
            found, at = found + "[^/]*", at + 1
        elif text[at] == "?":
            found, at = found + "[^/]", at + 1
        elif text[at] == "[" and (end := text.find("]", at + 2)) > 0:
            inner = text[at + 1 : end].replace("\\", "\\\\").replace("[", "\\[")
            found += f"[^{inner[1:]}/]" if inner[0] in "!^" else f"(?!/)[{inner}]"
            at = end + 1
        elif text[at] == "\\" and at + 1 < len(text):
            found, at = found + re.escape(text[at + 1]), at + 2
        else:
            found, at = found + re.escape(text[at]), at + 1
    return found
