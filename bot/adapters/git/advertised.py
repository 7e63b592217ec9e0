"""What a server lists: its branches and tags, of which the bot fetches the allowed branches alone.

`git ls-remote` asks for the list before anything is fetched, because git's own patterns know one `*` and nothing else
(https://git-scm.com/docs/git-fetch, <refspec>), a branch that does not exist would fail the whole fetch, and names that
the server made up never become names of files or arguments here.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase

_LINE = re.compile(r"([0-9a-f]{40})\t(refs/.+)")
# https://git-scm.com/docs/git-check-ref-format; and nothing that starts like an option or is not UTF-8.
_BAD_NAME = re.compile(r"[\x00-\x20\x7f~^:?*\[\\\ufffd]|\.\.|@\{|//|(?:^|/)\.|\.lock(?:/|$)|^[-/]|[/.]$")
_PEELED = "^{}"


@dataclass(frozen=True, slots=True)
class Advertised:
    """Ids of the allowed branches' newest commits, and the names of all other branches."""

    heads: Mapping[str, str] = field(default_factory=dict)
    others: frozenset[str] = frozenset()

    @property
    def tips(self) -> frozenset[str]:
        return frozenset(self.heads.values())


def branches(listing: bytes, patterns: Iterable[str]) -> Advertised:
    """Parse `git ls-remote --heads`."""
    allowed, others, wanted = {}, set(), tuple(patterns)
    for sha, name in _named(listing, "refs/heads/"):
        if matches(name, wanted):
            allowed[name] = sha
        else:
            others.add(name)
    return Advertised(allowed, frozenset(others))


def tags(listing: bytes) -> dict[str, str]:
    """Parse `git ls-remote --tags`: the id of the object that each tag finally points to.

    For a tag with an object of its own, the server lists that object too: "peeled", with `^{}` behind the name.
    https://git-scm.com/docs/gitprotocol-v2#_ls_refs
    """
    return {name.removesuffix(_PEELED): sha for sha, name in _named(listing, "refs/tags/")}


def matches(name: str, patterns: Sequence[str]) -> bool:
    """Whether a branch is allowed. `*` also matches `/`: `release/*` allows `release/1/hotfix`."""
    return any(fnmatchcase(name, pattern) for pattern in patterns)


def _named(listing: bytes, prefix: str) -> Iterator[tuple[str, str]]:
    for line in listing.decode(errors="replace").split("\n"):
        if (match := _LINE.fullmatch(line)) and match[2].startswith(prefix):
            name = match[2].removeprefix(prefix)
            if not _BAD_NAME.search(name.removesuffix(_PEELED)):
                yield match[1], name
