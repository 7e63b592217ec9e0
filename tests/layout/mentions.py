"""Files, folders and modules of this project that comments, strings and pages mention."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from pathlib import Path

from tests.layout.tree import Tree, names_defined, strings_and_comments

OURS = ("bot", "trainer", "deploy", "bench", "tests", "docs")
_ROOTS = "|".join(OURS)
_FILE = re.compile(rf"(?<![\w./*-])(?:{_ROOTS})/[\w./*{{}},-]*\.(?:py|md|toml|js|css)\b")
_FOLDER = re.compile(rf"(?<![\w./-])(?:{_ROOTS})(?:/\w+)*/(?![\w*{{<.-])")
_QUOTED = re.compile(rf"`((?:{_ROOTS})(?:/[\w-]+)+)/?`")
_BESIDE = re.compile(r"(?<![\w./*-])\w[\w-]*/[\w./-]*\.(?:py|md|js)\b")
"""In a page, a path may begin at the page's own folder."""
_DOTTED = re.compile(rf"(?<![\w./@-])(?:{'|'.join(OURS[:-1])})(?:\.[A-Za-z_]\w*)+")
_SECTION = re.compile(r"^(?:# )?\[(\w+)(?:\.(\w+))?")
_KEY = re.compile(r"^(?:# )?(\w+) = ")


@dataclass(frozen=True)
class Project:
    tree: Tree
    config: str
    """The text of the example config: `bot.name` in a page is a setting, not a module."""
    others: frozenset[str] = frozenset()
    """Dotted words that are neither."""

    def wrong(self, path: Path) -> list[str]:
        """What a file mentions that does not exist."""
        found: set[str] = set()
        for words in strings_and_comments(path):
            found |= {each for each in self._paths(words, path) if not self._exists(each, path.parent)}
            found |= {each for each in _DOTTED.findall(words) if not self._is_known(each)}
        return sorted(found)

    def _paths(self, words: str, path: Path) -> Iterator[str]:
        for pattern in (_FILE, _FOLDER, _QUOTED, *([_BESIDE] if path.suffix == ".md" else [])):
            for mention in pattern.findall(words):
                yield from _unfolded(mention)

    def _exists(self, mention: str, beside: Path) -> bool:
        return any(next(folder.glob(mention.rstrip("/")), None) for folder in (self.tree.root, beside))

    def _is_known(self, dotted: str) -> bool:
        if dotted in self.others or self._is_setting(dotted):
            return True
        if self.tree.root.joinpath(*dotted.split(".")).is_dir():
            return True
        module = dotted
        while module not in self.tree.modules:
            module = module.rpartition(".")[0]
            if not module:
                return False
        attribute = dotted.removeprefix(module).lstrip(".").partition(".")[0]
        return not attribute or attribute in names_defined(self.tree.modules[module])

    def _is_setting(self, dotted: str) -> bool:
        section, key, *_ = dotted.split(".")
        return (section, key) in set(_settings(self.config))


def _unfolded(mention: str) -> Iterator[str]:
    """`test_{a,b}.py` is two files."""
    parts = [part.split(",") for part in re.split(r"[{}]", mention)]
    yield from ("".join(chosen) for chosen in product(*parts))


def _settings(config: str) -> Iterator[tuple[str, str]]:
    """Section and key, also those commented out; `deploy` and `jobs` for `[deploy.jobs.mnist]`."""
    section = ""
    for line in config.splitlines():
        if head := _SECTION.match(line):
            section = head[1]
            yield section, head[2] or ""
        elif key := _KEY.match(line):
            yield section, key[1]
