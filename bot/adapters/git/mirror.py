"""A local copy of one repository's commits and refs, without its files: small, quick to ask, never run."""

import asyncio
import hashlib
import shutil
import tempfile
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from bot.adapters.git.git_command import GitFailed, remote_error, run_git

FETCH_SECONDS = 60
CLONE_SECONDS = 300
READ_SECONDS = 15
_READERS = 4
"""Processes at a time that read one copy."""
_REFSPECS = ("+refs/heads/*:refs/heads/*", "+refs/tags/*:refs/tags/*")
_REF_FIELDS = ("%(refname)", "%(objectname)", "%(committerdate:unix)", "%(contents:subject)")


@dataclass(frozen=True, slots=True)
class Head:
    """The newest commit of a branch. `time` (of the commit) in seconds since the epoch."""

    branch: str
    sha: str
    time: int
    subject: str


@dataclass(frozen=True, slots=True)
class Refs:
    """Branches and tags by name. Names that begin with `-` or are not UTF-8 are left out."""

    heads: Mapping[str, Head]
    tags: Mapping[str, str]
    """To the id of the tag's object, which need not be a commit."""


@dataclass(frozen=True, slots=True)
class LogEntry:
    """A commit of a listing; `tip` is the one of the ids asked for from which it was reached."""

    sha: str
    subject: str
    tip: str


class Mirror:
    """The copy of one repository. All ids that its methods take must be full ones; refs are never named to git."""

    def __init__(self, repository: str, cache_dir: Path, now: Callable[[], float] = time.monotonic) -> None:
        self.repository = repository
        self.refs: Refs | None = None
        """As the last fetch found them; None before the first."""
        self.tried_at = float("-inf")
        """When the last fetch began, by `now`."""
        self._cache_dir = cache_dir
        self._folder = cache_dir / f"{hashlib.sha256(repository.encode()).hexdigest()[:20]}.git"
        self._protocols = "https:http:ssh" + (":file" if repository.startswith("file://") else "")
        self._now = now
        self._writing = asyncio.Lock()
        self._reading = asyncio.Semaphore(_READERS)
        self._waiting: asyncio.Task[Refs] | None = None
        """The next fetch, not begun yet."""
        self._tasks: set[asyncio.Task[Refs]] = set()

    # ---- the remote ------------------------------------------------------------------------------------------
    async def fetch(self) -> Refs:
        """What the repository holds now: all that was pushed before this call is in it.

        Callers share a fetch, and being cancelled does not end it. A copy that is damaged is made anew.
        """
        return await asyncio.shield(self._next_fetch())

    async def refresh(self, patience: float) -> None:
        """Fetches, or joins the fetch that is under way, and waits for it up to `patience` seconds.

        It goes on by itself after that. Raises where it fails in that time.
        """
        task = next(iter(self._tasks), None) or self._next_fetch()
        done, _ = await asyncio.wait({task}, timeout=patience)
        for ended in done:
            ended.result()

    async def rebuild(self, damaged: Refs) -> Refs:
        """Makes the copy anew, unless that was done since `damaged` were its refs."""
        async with self._writing:
            if self.refs is None or self.refs is damaged:
                await asyncio.to_thread(shutil.rmtree, self._folder, ignore_errors=True)
                self.refs = await self._fetched()
            return self.refs

    async def close(self) -> None:
        """Ends what is under way."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    # ---- the copy --------------------------------------------------------------------------------------------
    async def commit_of(self, sha: str) -> str | None:
        """The commit that an object is, or that it (a tag) leads to; None if it is unknown or leads to none."""
        return (await self._checked([f"{sha}^{{commit}}"]))[0]

    async def commits_with(self, prefix: str) -> list[str]:
        """The commits in the copy whose id begins so (4 digits at least), also those on no branch any more."""
        ids = (await self._read("rev-parse", f"--disambiguate={prefix}")).split()
        commits = await self._checked(f"{sha}^{{commit}}" for sha in ids)
        return [sha for sha, commit in zip(ids, commits, strict=True) if sha == commit]

    async def branches_with(self, sha: str) -> list[str]:
        """The branches from which a commit can be reached."""
        names = await self._read("for-each-ref", f"--contains={sha}", "--format=%(refname:lstrip=2)", "refs/heads/")
        return [name for name in names.split("\n") if name]

    async def log(self, tips: Sequence[str], limit: int) -> list[LogEntry]:
        """The newest `limit` commits that can be reached from the tips, newest first."""
        return await self._log("log", f"--max-count={limit}", tips=tips)

    async def entries(self, shas: Sequence[str]) -> list[LogEntry]:
        """These commits themselves, in their order."""
        return await self._log("log", "--no-walk=unsorted", tips=shas)

    # ---- helpers ---------------------------------------------------------------------------------------------
    def _next_fetch(self) -> asyncio.Task[Refs]:
        if self._waiting is None:
            task = self._waiting = asyncio.create_task(self._fetch_in_turn(), name="git fetch")
            self._tasks.add(task)
            task.add_done_callback(self._ended)
        return self._waiting

    def _ended(self, task: asyncio.Task[Refs]) -> None:
        self._tasks.discard(task)
        if self._waiting is task:
            self._waiting = None
        if not task.cancelled():
            task.exception()  # seen by whoever waited; nobody may have

    async def _fetch_in_turn(self) -> Refs:
        async with self._writing:
            self._waiting = None  # it begins: whoever comes from here on may know of a later push
            self.tried_at = self._now()
            self.refs = await self._fetched()
            return self.refs

    async def _fetched(self) -> Refs:
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
        """Returns where the remote answers: then it is the copy that is damaged."""
        command = ["ls-remote", "--quiet", "--heads", "--end-of-options", self.repository]
        try:
            await run_git(command, folder=self._cache_dir, protocols=self._protocols, timeout=FETCH_SECONDS)
        except GitFailed as failure:
            raise remote_error(self.repository, failure) from failure

    async def _clone(self) -> None:
        """Made beside its place and moved there whole: a bot that dies meanwhile leaves no half copy."""
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
        """Commits and tags alone (`tree:0`), where the server can leave the rest out."""
        options = ["--quiet", "--prune", "--force", "--no-recurse-submodules", "--filter=tree:0"]
        command = ["--git-dir", str(folder), "fetch", *options, "origin", *_REFSPECS]
        await run_git(command, folder=self._cache_dir, protocols=self._protocols, timeout=timeout)

    async def _load(self) -> Refs:
        listing = await self._read("for-each-ref", f"--format={'%00'.join(_REF_FIELDS)}", "refs/heads/", "refs/tags/")
        heads: dict[str, Head] = {}
        tags: dict[str, str] = {}
        for line in listing.split("\n"):
            name, _, rest = line.partition("\0")
            _, kind, short = (*name.split("/", 2), "", "")[:3]
            if not short or short.startswith("-") or "\ufffd" in short:
                continue
            sha, time_, subject = rest.split("\0")
            if kind == "heads":
                heads[short] = Head(short, sha, int(time_ or 0), subject)
            else:
                tags[short] = sha
        return Refs(heads, tags)

    async def _checked(self, names: Iterable[str]) -> list[str | None]:
        """The full id of each, in order; None where the copy has no such object."""
        given = "".join(f"{name}\n" for name in names)
        lines = (await self._read("cat-file", "--batch-check=%(objectname)", given=given)).splitlines()
        return [None if " " in line else line for line in lines]

    async def _log(self, *command: str, tips: Sequence[str]) -> list[LogEntry]:
        if not tips:
            return []
        given = "".join(f"{sha}\n" for sha in tips)
        fields = (await self._read(*command, "-z", "--format=%H%x00%s%x00%S", "--stdin", given=given)).split("\0")
        return [LogEntry(*fields[start : start + 3]) for start in range(0, len(fields) - 2, 3)]

    async def _read(self, *arguments: str, given: str = "") -> str:
        """What a git command says of the copy. It asks nothing of the remote."""
        async with self._reading:
            command = ["--git-dir", str(self._folder), *arguments]
            said = await run_git(command, folder=self._cache_dir, timeout=READ_SECONDS, given=given.encode())
        return said.decode(errors="replace")
