"""A local mirror of one repository's commits and refs, without its files: small, fast to query, never run."""

import asyncio
import hashlib
import shutil
import tempfile
import time
from collections.abc import Callable, Iterable, Mapping, Sequence, Set
from dataclasses import dataclass
from itertools import dropwhile, takewhile
from pathlib import Path

import structlog

from bot.adapters.git.git_command import GitFailed, remote_error, run_git

log = structlog.get_logger()

FETCH_SECONDS = 60
CLONE_SECONDS = 300
READ_SECONDS = 15
_READERS = 4
"""git processes that may read one mirror at the same time."""
_REFSPECS = ("+refs/heads/*:refs/heads/*", "+refs/tags/*:refs/tags/*")
MOST_COMMIT_BYTES = 64 * 1024
"""Of a branch's newest commit. Git would take seconds and hundreds of MiB for a message of 40 MB."""
SUBJECT = 300
"""Characters of a subject."""


@dataclass(frozen=True, slots=True)
class Head:
    """The newest commit of a branch. `time` is the commit's, in seconds since the epoch."""

    branch: str
    sha: str
    time: int
    subject: str


@dataclass(frozen=True, slots=True)
class Refs:
    """Branches and tags by name, without names that start with `-` or are not UTF-8."""

    heads: Mapping[str, Head]
    tags: Mapping[str, str]
    """Tag name to the id of its object, which need not be a commit."""


@dataclass(frozen=True, slots=True)
class LogEntry:
    """A commit in a listing. `tip` is the requested id from which git reached it."""

    sha: str
    subject: str
    tip: str


class Mirror:
    """The mirror of one repository. Its methods take full ids only and never pass a ref name to git."""

    def __init__(self, repository: str, cache_dir: Path, now: Callable[[], float] = time.monotonic) -> None:
        self.repository = repository
        self.refs: Refs | None = None
        """From the last fetch; None before the first."""
        self.fetch_started_at = float("-inf")
        """Start of the last fetch, by `now`."""
        self._cache_dir = cache_dir
        self._folder = cache_dir / f"{hashlib.sha256(repository.encode()).hexdigest()[:20]}.git"
        self._protocols = "https:http:ssh" + (":file" if repository.startswith("file://") else "")
        self._now = now
        self._writing = asyncio.Lock()
        self._reading = asyncio.Semaphore(_READERS)
        self._queued: asyncio.Task[Refs] | None = None
        """The next fetch, which has not started yet."""
        self._tasks: set[asyncio.Task[Refs]] = set()

    # ---- the remote ------------------------------------------------------------------------------------------
    async def fetch(self) -> Refs:
        """Fetch and return the refs, including everything pushed before this call.

        Callers share a fetch, and cancelling one does not end it. A damaged mirror is cloned again.
        """
        return await asyncio.shield(self._next_fetch())

    async def refresh(self, patience: float) -> None:
        """Start a fetch or join the running one, and wait up to `patience` seconds for it.

        After that it continues in the background. Raises its error if it fails within that time.
        """
        task = next(iter(self._tasks), None) or self._next_fetch()
        done, _ = await asyncio.wait({task}, timeout=patience)
        for ended in done:
            ended.result()

    async def rebuild(self, damaged: Refs) -> Refs:
        """Clone the mirror again, unless someone else has since `damaged` were its refs."""
        async with self._writing:
            if self.refs is None or self.refs is damaged:
                await asyncio.to_thread(shutil.rmtree, self._folder, ignore_errors=True)
                self.refs = await self._fetch_or_clone()
            return self.refs

    async def close(self) -> None:
        """Cancel all fetches."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    # ---- the mirror --------------------------------------------------------------------------------------------
    async def commit_of(self, sha: str) -> str | None:
        """The commit with this id, or the one that this tag points to; None if there is none."""
        return (await self._lookup([f"{sha}^{{commit}}"]))[0]

    async def commits_with(self, prefix: str) -> list[str]:
        """Commits whose id starts with `prefix` (at least 4 digits), including those no longer on any branch."""
        ids = (await self._read("rev-parse", f"--disambiguate={prefix}")).split()
        commits = await self._lookup(f"{sha}^{{commit}}" for sha in ids)
        return [sha for sha, commit in zip(ids, commits, strict=True) if sha == commit]

    async def branches_with(self, sha: str) -> list[str]:
        """The branches that contain a commit."""
        names = await self._read("for-each-ref", f"--contains={sha}", "--format=%(refname:lstrip=2)", "refs/heads/")
        return [name for name in names.split("\n") if name]

    async def log(self, tips: Sequence[str], limit: int) -> list[LogEntry]:
        """The newest `limit` commits reachable from the tips, newest first."""
        return await self._log("log", f"--max-count={limit}", tips=tips)

    async def entries(self, shas: Sequence[str]) -> list[LogEntry]:
        """These commits, in this order."""
        return await self._log("log", "--no-walk=unsorted", tips=shas)

    # ---- helpers ---------------------------------------------------------------------------------------------
    def _next_fetch(self) -> asyncio.Task[Refs]:
        if self._queued is None:
            task = self._queued = asyncio.create_task(self._fetch_in_turn(), name="git fetch")
            self._tasks.add(task)
            task.add_done_callback(self._fetch_ended)
        return self._queued

    def _fetch_ended(self, task: asyncio.Task[Refs]) -> None:
        self._tasks.discard(task)
        if self._queued is task:
            self._queued = None
        if not task.cancelled():
            task.exception()  # mark it as retrieved: perhaps nobody waited for it

    async def _fetch_in_turn(self) -> Refs:
        async with self._writing:
            self._queued = None  # it has started: later callers may know of a later push, so they need the next fetch
            self.fetch_started_at = self._now()
            self.refs = await self._fetch_or_clone()
            return self.refs

    async def _fetch_or_clone(self) -> Refs:
        if await asyncio.to_thread((self._folder / "HEAD").is_file):
            try:
                await self._update(self._folder, FETCH_SECONDS)
                return await self._load()
            except GitFailed:
                await self._check_remote()
        try:
            await self._clone()
            return await self._load()
        except GitFailed as failure:
            raise remote_error(self.repository, failure) from failure

    async def _check_remote(self) -> None:
        """Raise if the remote does not answer. If it does, the mirror must be damaged."""
        command = ["ls-remote", "--quiet", "--heads", "--end-of-options", self.repository]
        try:
            await run_git(command, folder=self._cache_dir, protocols=self._protocols, timeout=FETCH_SECONDS)
        except GitFailed as failure:
            raise remote_error(self.repository, failure) from failure

    async def _clone(self) -> None:
        """Clone into a new folder and rename it, so that a crash leaves no half-made mirror."""
        await asyncio.to_thread(self._cache_dir.mkdir, parents=True, exist_ok=True)
        made = Path(await asyncio.to_thread(tempfile.mkdtemp, prefix="new-", dir=self._cache_dir))
        try:
            await run_git(["init", "--quiet", "--bare", "--template=", str(made)], folder=self._cache_dir)
            config = ["config", "--file", str(made / "config"), "remote.origin.url", self.repository]
            await run_git(config, folder=self._cache_dir)
            await self._update(made, CLONE_SECONDS)
            await asyncio.to_thread(shutil.rmtree, self._folder, ignore_errors=True)
            await asyncio.to_thread(made.rename, self._folder)
        finally:
            await asyncio.to_thread(shutil.rmtree, made, ignore_errors=True)

    async def _update(self, folder: Path, timeout: float) -> None:
        """Fetch only commits and tags (`tree:0`), if the server supports filters."""
        options = ["--quiet", "--prune", "--force", "--no-recurse-submodules", "--filter=tree:0"]
        command = ["--git-dir", str(folder), "fetch", *options, "origin", *_REFSPECS]
        await run_git(command, folder=self._cache_dir, protocols=self._protocols, timeout=timeout)

    async def _load(self) -> Refs:
        listing = await self._read("for-each-ref", "--format=%(refname) %(objectname)", "refs/heads/", "refs/tags/")
        found: dict[str, dict[str, str]] = {"heads": {}, "tags": {}}
        for line in listing.split("\n"):
            name, _, sha = line.rpartition(" ")
            _, kind, short = (*name.split("/", 2), "", "")[:3]
            if short and not short.startswith("-") and "\ufffd" not in short:
                found[kind][short] = sha
        commits = await self._newest(set(found["heads"].values()))
        heads = {name: Head(name, sha, *commits[sha]) for name, sha in found["heads"].items() if sha in commits}
        if lost := sorted(found["heads"].keys() - heads.keys()):
            log.warning("branches left out: the message of their newest commit is too long", branches=lost[:20])
        return Refs(heads, found["tags"])

    async def _newest(self, shas: Set[str]) -> dict[str, tuple[int, str]]:
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
        fields = (
            await self._read(*command, "-z", f"--format=%H%x00%<({SUBJECT},trunc)%s%x00%S", "--stdin", stdin=stdin)
        ).split("\0")
        entries = (fields[start : start + 3] for start in range(0, len(fields) - 2, 3))
        return [LogEntry(sha, subject.rstrip(), tip) for sha, subject, tip in entries]

    async def _read(self, *arguments: str, stdin: str = "") -> str:
        return (await self._read_bytes(*arguments, stdin=stdin)).decode(errors="replace")

    async def _read_bytes(self, *arguments: str, stdin: str = "") -> bytes:
        """Run a git command on the mirror, without using the network."""
        async with self._reading:
            command = ["--git-dir", str(self._folder), *arguments]
            return await run_git(command, folder=self._cache_dir, timeout=READ_SECONDS, stdin=stdin.encode())


def _time_and_subject(commit: str) -> tuple[int, str]:
    """Parse a commit: its time in seconds since the epoch, and the first paragraph of its message as one line.

    https://git-scm.com/docs/git-commit-tree has the format, https://git-scm.com/docs/pretty-formats the subject.
    """
    head, _, message = commit.partition("\n\n")
    committer = next((line for line in head.split("\n") if line.startswith("committer ")), "")
    time_ = committer.rpartition(" ")[0].rpartition(" ")[2]
    lines = list(takewhile(str.strip, dropwhile(lambda line: not line.strip(), message.split("\n"))))
    return int(time_) if time_.isdecimal() else 0, " ".join(line.strip() for line in lines)[:SUBJECT]
