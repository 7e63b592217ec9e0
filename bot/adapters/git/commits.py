"""Reads a mirror: its commits, their subjects, and from where they can be reached. Never uses the network."""

import asyncio
from collections.abc import Iterable, Sequence, Set
from dataclasses import dataclass
from itertools import dropwhile, takewhile
from pathlib import Path

from bot.adapters.git.git_command import Bounds, run_git
from bot.adapters.git.git_limits import MIB, GitLimits, Kind, OverLimit
from bot.errors import Unavailable

TIPS = "refs/tips/"
"""A mirror's refs: each is named by the id of the commit, the newest of a branch."""
READ_SECONDS = 15
_READERS = 4
"""git processes that may read one mirror at the same time."""
MOST_COMMIT_BYTES = 64 * 1024
"""Of a commit whose subject is shown. Git would take seconds and hundreds of MiB for a message of 40 MB."""
SUBJECT = 300
"""Characters of a subject."""
TOO_LONG = "(the message is too long to show)"


@dataclass(frozen=True, slots=True)
class LogEntry:
    """A commit in a listing. `tip` is the requested id from which git reached it."""

    sha: str
    subject: str
    tip: str


class Commits:
    """The commits of one mirror. Its methods take full ids only and never pass a ref name to git."""

    def __init__(self, repository: str, folder: Path, limits: GitLimits) -> None:
        self._repository, self._folder, self._limits = repository, folder, limits
        self._reading = asyncio.Semaphore(_READERS)

    async def tips(self) -> set[str]:
        """The newest commits of all branches."""
        return set((await self._read("for-each-ref", "--format=%(objectname)", TIPS)).split())

    async def commit_of(self, sha: str) -> str | None:
        """The commit with this id, or the one that this tag points to; None if there is none."""
        return (await self._lookup([f"{sha}^{{commit}}"]))[0]

    async def commits_with(self, prefix: str) -> list[str]:
        """Commits whose id starts with `prefix` (at least 4 digits), including those no longer on any branch."""
        ids = (await self._read("rev-parse", f"--disambiguate={prefix}")).split()
        commits = await self._lookup(f"{sha}^{{commit}}" for sha in ids)
        return [sha for sha, commit in zip(ids, commits, strict=True) if sha == commit]

    async def tips_with(self, sha: str) -> set[str]:
        """The newest commits from which a commit can be reached; some may be of the fetch before the last."""
        return set((await self._read("for-each-ref", f"--contains={sha}", "--format=%(objectname)", TIPS)).split())

    async def log(self, tips: Sequence[str], limit: int) -> list[LogEntry]:
        """The newest `limit` commits reachable from the tips, newest first."""
        return await self._log("log", f"--max-count={limit}", tips=tips)

    async def entries(self, shas: Sequence[str]) -> list[LogEntry]:
        """These commits, in this order."""
        return await self._log("log", "--no-walk=unsorted", tips=shas)

    async def newest(self, shas: Set[str]) -> dict[str, tuple[int, str]]:
        """The time and the subject of each commit, by its id. Those with very long messages are not read at all."""
        given = "".join(f"{sha}\n" for sha in sorted(shas))
        sizes = await self._read("cat-file", "--batch-check=%(objectname) %(objecttype) %(objectsize)", stdin=given)
        told = [line.split() for line in sizes.splitlines()]
        small = [sha for sha, kind, size in told if kind == "commit" and int(size) <= MOST_COMMIT_BYTES]
        stdin = "".join(f"{sha}\n" for sha in small)
        content = await self._read_bytes("cat-file", "--batch=%(objectsize)", stdin=stdin)
        found, at = {}, 0
        for sha in small:
            start = content.index(b"\n", at) + 1
            size = int(content[at:start])
            found[sha] = _time_and_subject(content[start : start + size].decode(errors="replace"))
            at = start + size + 1
        return found

    async def _lookup(self, names: Iterable[str]) -> list[str | None]:
        """The full id of each name, in order; None if the mirror has no such object."""
        stdin = "".join(f"{name}\n" for name in names)
        lines = (await self._read("cat-file", "--batch-check=%(objectname)", stdin=stdin)).splitlines()
        return [None if " " in line else line for line in lines]

    async def _log(self, *command: str, tips: Sequence[str]) -> list[LogEntry]:
        if not tips:
            return []
        stdin = "".join(f"{sha}\n" for sha in tips)
        listed = (await self._read(*command, "-z", "--format=%H %S", "--stdin", stdin=stdin)).split("\0")
        found = [(sha, tip) for sha, _, tip in (line.partition(" ") for line in listed) if tip]
        subjects = await self.newest({sha for sha, _ in found})
        return [LogEntry(sha, subjects[sha][1] if sha in subjects else TOO_LONG, tip) for sha, tip in found]

    async def _read(self, *arguments: str, stdin: str = "") -> str:
        return (await self._read_bytes(*arguments, stdin=stdin)).decode(errors="replace")

    async def _read_bytes(self, *arguments: str, stdin: str = "") -> bytes:
        """Run a git command on the mirror, without using the network."""
        bounds = Bounds(READ_SECONDS, self._limits.memory_mib * MIB)
        command = ["--git-dir", str(self._folder), *arguments]
        try:
            async with self._reading:
                return await run_git(command, folder=self._folder.parent, bounds=bounds, stdin=stdin.encode())
        except OverLimit as over:
            if over.kind is Kind.SECONDS:
                raise Unavailable(f"git took longer than {READ_SECONDS} s and was stopped", code="timeout") from over
            raise self._limits.refused(over.kind, self._repository) from over


def _time_and_subject(commit: str) -> tuple[int, str]:
    """Parse a commit: its time in seconds since the epoch, and the first paragraph of its message as one line.

    https://git-scm.com/docs/git-commit-tree has the format, https://git-scm.com/docs/pretty-formats the subject.
    """
    head, _, message = commit.partition("\n\n")
    committer = next((line for line in head.split("\n") if line.startswith("committer ")), "")
    time_ = committer.rpartition(" ")[0].rpartition(" ")[2]
    lines = list(takewhile(str.strip, dropwhile(lambda line: not line.strip(), message.split("\n"))))
    return int(time_) if time_.isdecimal() else 0, " ".join(line.strip() for line in lines)[:SUBJECT]
