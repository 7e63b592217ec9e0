"""A local mirror of one repository's allowed branches, without files: small, fast to query, never run.

It has no branches. Each commit that is the newest of a branch has a ref of its own, named by its id, so no name from a
server becomes a file's name here.
"""

import asyncio
import hashlib
import json
import shutil
import time
from collections.abc import Callable, Iterable, Mapping, Sequence, Set
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import structlog

from bot.adapters.git.advertised import Advertised
from bot.adapters.git.commits import TIPS, Commits
from bot.adapters.git.git_command import Bounds, GitFailed, remote_error, run_git
from bot.adapters.git.git_limits import DEFAULT_LIMITS, MIB, GitLimits, Kind, OverLimit
from bot.adapters.git.remote import Remote
from bot.errors import Refused, ServiceError
from trainer.places import write_atomically

log = structlog.get_logger()

_ALLOWED = "allowed.json"
"""The patterns whose branches the mirror has fetched. Those of earlier versions have all branches and no such file."""
REFUSED_SECONDS = 600
"""Until the same commits are tried again that were too much: suggestions would fetch them every 30 s."""
MOST_PACKS = 50
"""Each fetch adds a pack, and all are looked through for each object. `gc.autoPackLimit` of git has the same default:
https://git-scm.com/docs/git-gc"""


@dataclass(frozen=True, slots=True)
class Head:
    """The newest commit of a branch. `time` is the commit's, in seconds since the epoch."""

    branch: str
    sha: str
    time: int
    subject: str


@dataclass(frozen=True, slots=True)
class Refs:
    """Allowed branches by name, and the names of the server's others."""

    heads: Mapping[str, Head]
    others: frozenset[str]
    patterns: frozenset[str]
    """What was allowed when they were fetched."""

    def on(self, tips: Set[str]) -> set[str]:
        """The branches whose newest commit is one of these."""
        return {name for name, head in self.heads.items() if head.sha in tips}


@dataclass(frozen=True, slots=True)
class _Refusal:
    """These commits were too much. `at` is by the mirror's `now`."""

    tips: frozenset[str]
    at: float
    error: Refused


class Mirror:
    """The mirror of one repository: `commits` reads it."""

    def __init__(
        self,
        repository: str,
        cache_dir: Path,
        now: Callable[[], float] = time.monotonic,
        *,
        limits: GitLimits = DEFAULT_LIMITS,
        allowed: Iterable[str] = (),
    ) -> None:
        self.repository = repository
        self.refs: Refs | None = None
        """From the last fetch; None before the first."""
        self.fetch_started_at = float("-inf")
        """Start of the last fetch, by `now`."""
        self._patterns = frozenset(allowed)
        self._cache_dir, self._limits = cache_dir, limits
        self._folder = folder_of(repository, cache_dir)
        self.commits = Commits(repository, self._folder, limits)
        self._remote = Remote(repository, cache_dir, limits)
        self._now = now
        self._writing = asyncio.Lock()
        self._queued: asyncio.Task[Refs] | None = None
        """The next fetch, which has not started yet."""
        self._tasks: set[asyncio.Task[Refs]] = set()
        self._refusal: _Refusal | None = None

    def allow(self, patterns: Iterable[str]) -> None:
        """Also fetch these branches, from the next fetch on."""
        self._patterns |= frozenset(patterns)

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

    async def tags(self) -> Mapping[str, str]:
        """The server's tags: name to the id of the object that each finally points to. Nothing is fetched."""
        await asyncio.to_thread(self._cache_dir.mkdir, parents=True, exist_ok=True)
        return await self._remote.tags()

    async def close(self) -> None:
        """Cancel all fetches."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

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
        await asyncio.to_thread(self._cache_dir.mkdir, parents=True, exist_ok=True)
        patterns = self._patterns
        try:
            return await self._follow(await self._remote.branches(patterns), patterns)
        except GitFailed as failure:
            if not _moved(failure):
                raise remote_error(self.repository, failure) from failure
        try:
            return await self._follow(await self._remote.branches(patterns), patterns)
        except GitFailed as failure:
            raise remote_error(self.repository, failure) from failure

    async def _follow(self, listed: Advertised, patterns: frozenset[str]) -> Refs:
        """Bring the mirror to what the server lists. What was too much a moment ago is not tried again."""
        before = self._refusal
        if before and before.tips == listed.tips and self._now() - before.at < REFUSED_SECONDS:
            raise before.error
        self._refusal = None
        try:
            return await self._fetched(listed, patterns)
        except Refused as error:
            self._refusal = _Refusal(listed.tips, self._now(), error)
            raise

    async def _fetched(self, listed: Advertised, patterns: frozenset[str]) -> Refs:
        """Fetch into the mirror, or else clone it again."""
        if await asyncio.to_thread(self._has_only, patterns):
            try:
                await self._update(listed, patterns)
                return await self._load(listed, patterns)
            except GitFailed as failure:
                if _moved(failure):
                    raise
                log.warning("a mirror is damaged and cloned again", repository=self.repository, reason=str(failure))
            except ServiceError as error:
                if error.code != Kind.COPY.name:
                    raise
                # What no branch needs any more is in the copy, too: "It's not possible to discard dangling objects
                # in repack", https://git-scm.com/docs/partial-clone
                log.warning("a mirror is cloned again to make it smaller", repository=self.repository)
        await self._clone(listed, patterns)
        return await self._load(listed, patterns)

    def _has_only(self, patterns: frozenset[str]) -> bool:
        """Whether there is a mirror, and nothing in it that has not been allowed."""
        try:
            fetched = json.loads((self._folder / _ALLOWED).read_text(encoding="utf-8"))
            return (self._folder / "HEAD").is_file() and patterns.issuperset(fetched)
        except (OSError, ValueError, TypeError):
            return False

    async def _update(self, listed: Advertised, patterns: frozenset[str]) -> None:
        known = await self.commits.tips()
        if missing := sorted(listed.tips - known):
            await self._remote.fetch_more(self._folder, missing)
        # Those of the last listing stay until the next: somebody may be asking about them.
        before = {head.sha for head in self.refs.heads.values()} if self.refs else set()
        await self._write_tips(self._folder, missing, known - listed.tips - before)
        await asyncio.to_thread(self._note, self._folder, patterns)
        if missing:
            await self._repack()

    async def _clone(self, listed: Advertised, patterns: frozenset[str]) -> None:
        """Clone into a new folder and rename it, so that a crash leaves no half-made mirror."""
        async with self._remote.new_folder() as made:
            await self._run(["init", "--quiet", "--bare", "--template=", str(made)])
            await self._run(["config", "--file", str(made / "config"), "remote.origin.url", self.repository])
            tips = sorted(listed.tips)
            if tips:
                await self._remote.fetch_first(made, tips)
            await self._write_tips(made, tips, ())
            await asyncio.to_thread(self._note, made, patterns)
            await asyncio.to_thread(shutil.rmtree, self._folder, ignore_errors=True)
            await asyncio.to_thread(made.rename, self._folder)

    async def _write_tips(self, folder: Path, new: Iterable[str], old: Iterable[str]) -> None:
        lines = [*(f"update {TIPS}{sha} {sha}\n" for sha in new), *(f"delete {TIPS}{sha}\n" for sha in old)]
        if lines:
            await self._run(["--git-dir", str(folder), "update-ref", "--stdin"], "".join(lines).encode())

    @staticmethod
    def _note(folder: Path, patterns: frozenset[str]) -> None:
        write_atomically(folder / _ALLOWED, json.dumps(sorted(patterns)).encode())

    async def _repack(self) -> None:
        """Make one pack of many. The mirror works without it, so a failure is only logged."""
        folder = self._folder / "objects/pack"
        if len(await asyncio.to_thread(list, folder.glob("*.pack"))) <= MOST_PACKS:
            return
        try:
            await self._run(["--git-dir", str(self._folder), "repack", "-a", "-d", "--quiet"])
        except (GitFailed, OverLimit) as failure:
            log.warning("the packs of a mirror can't be combined", repository=self.repository, reason=str(failure))
            for left in await asyncio.to_thread(list, folder.glob("*tmp*")):
                with suppress(OSError):
                    await asyncio.to_thread(left.unlink)

    async def _run(self, command: Sequence[str], stdin: bytes = b"") -> bytes:
        """Run a git command that writes, without using the network."""
        seconds, disk = self._limits.first_fetch_seconds, self._limits.copy_mib * MIB
        bounds = Bounds(seconds, self._limits.memory_mib * MIB, disk=disk)
        return await run_git(command, folder=self._cache_dir, bounds=bounds, stdin=stdin)

    async def _load(self, listed: Advertised, patterns: frozenset[str]) -> Refs:
        commits = await self.commits.newest(listed.tips)
        heads = {name: Head(name, sha, *commits[sha]) for name, sha in listed.heads.items() if sha in commits}
        if lost := sorted(listed.heads.keys() - heads.keys()):
            log.warning("branches left out: the message of their newest commit is too long", branches=lost[:20])
        return Refs(heads, listed.others, patterns)


def folder_of(repository: str, cache_dir: Path) -> Path:
    return cache_dir / f"{hashlib.sha256(repository.encode()).hexdigest()[:20]}.git"


def _moved(failure: GitFailed) -> bool:
    """Whether a branch has moved on between the list and the fetch, on a server that only gives out what it lists.

    "Server does not allow request for unadvertised object" by git, "not our ref" by the server.
    https://git-scm.com/docs/git-config, uploadpack.allowReachableSHA1InWant
    """
    return "unadvertised object" in failure.stderr or "not our ref" in failure.stderr
