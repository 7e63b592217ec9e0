"""Resolve and list the commits of the projects' repositories with the git command line."""

import asyncio
import difflib
import re
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Self, TypeVar

from bot.adapters.git import advertised
from bot.adapters.git.commits import LogEntry
from bot.adapters.git.git_command import GitFailed, remote_error
from bot.adapters.git.git_limits import DEFAULT_LIMITS, GitLimits
from bot.adapters.git.leftovers import clean
from bot.adapters.git.mirror import Mirror, Refs
from bot.domain.model.run import Commit
from bot.domain.text import as_spelled
from bot.errors import BadInput, ServiceError, Unavailable, UnknownName

T = TypeVar("T")

FRESH_SECONDS = 30.0
"""Autocomplete fetches again if the last fetch is older than this."""
PATIENCE_SECONDS = 1.5
"""How long autocomplete waits for that fetch. Discord: "you must send an initial response within 3 seconds of receiving
the event". https://discord.com/developers/docs/interactions/receiving-and-responding"""
_ID = re.compile(r"[0-9a-f]{4,40}")
_FULL_ID = re.compile(r"[0-9a-f]{40}")
_MOST_CANDIDATES = 30
_CACHED_LISTINGS = 256
"""Listings of commits; beyond this the oldest is dropped and read again when needed."""


class GitCode:
    """Implements `bot.ports.code.Code` with a mirror of each repository under `cache_dir`, cloned on first use.

    `allowed`: of each repository, the branches of all its projects. A mirror has no others.
    Use it with `async with`, so that no fetch outlives the bot.
    """

    def __init__(
        self,
        cache_dir: Path,
        allowed: Mapping[str, Sequence[str]] | None = None,
        limits: GitLimits = DEFAULT_LIMITS,
        *,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._cache_dir, self._now = cache_dir.absolute(), now
        self._known, self._limits = dict(allowed or {}), limits
        self._mirrors: dict[str, Mirror] = {}
        self._listings: dict[tuple[str, tuple[str, ...], int], list[LogEntry]] = {}

    async def __aenter__(self) -> Self:
        await asyncio.to_thread(clean, self._cache_dir, self._known, self._limits)
        return self

    async def __aexit__(self, *_: object) -> None:
        """Cancel all fetches."""
        await asyncio.gather(*(mirror.close() for mirror in self._mirrors.values()))

    async def resolve(self, repository: str, allowed: Sequence[str], *, branch: str = "", commit: str = "") -> Commit:
        """Fetch, then resolve. Without a branch or a commit, the head of the first allowed branch."""
        mirror = self._mirror(repository, allowed)
        tags = await mirror.tags() if commit and not _FULL_ID.fullmatch(commit.strip().lower()) else {}
        refs = await mirror.fetch()
        names = _allowed(refs, allowed)
        if branch:
            names = [_require_allowed(branch, refs, names)]
        if commit:
            where = branch or ", ".join(allowed)
            return await self._query(
                mirror, refs, lambda fresh: _Search(mirror, fresh, tags, names, where).find(commit)
            )
        if not names:
            raise UnknownName("branch", given=", ".join(allowed), valid=sorted(refs.others | refs.heads.keys()))
        head = refs.heads[names[0]]
        return Commit(head.sha, head.branch, head.subject)

    async def branches(self, repository: str, allowed: Sequence[str]) -> list[str]:
        """In the order of the patterns; within each, the newest first."""
        return _allowed(await self._recent(self._mirror(repository, allowed), allowed), allowed)

    async def commits(self, repository: str, allowed: Sequence[str], branch: str = "", limit: int = 25) -> list[Commit]:
        """Newest first; empty if the branch does not exist or is not allowed."""
        mirror = self._mirror(repository, allowed)
        refs = await self._recent(mirror, allowed)
        names = _allowed(refs, allowed)
        names = [name for name in names if name == as_spelled(branch, names)] if branch else names
        # The newest `limit` commits must be on these branches.
        newest = sorted(names, key=lambda name: refs.heads[name].time, reverse=True)[:limit]
        by_tip = {refs.heads[name].sha: name for name in reversed(names) if name in newest}
        entries = await self._query(mirror, refs, lambda _: self._listed(mirror, tuple(by_tip), limit))
        return [Commit(entry.sha, by_tip[entry.tip], entry.subject) for entry in entries]

    async def _listed(self, mirror: Mirror, tips: tuple[str, ...], limit: int) -> list[LogEntry]:
        key = (mirror.repository, tips, limit)
        if key not in self._listings:
            while len(self._listings) >= _CACHED_LISTINGS:
                del self._listings[next(iter(self._listings))]
            self._listings[key] = await mirror.commits.log(tips, limit)
        return self._listings[key]

    async def _recent(self, mirror: Mirror, allowed: Sequence[str]) -> Refs:
        """Refs at most `FRESH_SECONDS` old, or older ones if the fetch takes too long or fails."""
        covered = mirror.refs is not None and mirror.refs.patterns.issuperset(allowed)
        if not covered or self._now() - mirror.fetch_started_at > FRESH_SECONDS:
            try:
                await mirror.refresh(PATIENCE_SECONDS)
            except ServiceError:
                if mirror.refs is None:
                    raise
        if mirror.refs is None:
            raise Unavailable("The repository is being fetched for the first time. Try again in a moment.", code="git")
        return mirror.refs

    async def _query(self, mirror: Mirror, refs: Refs, read: Callable[[Refs], Awaitable[T]]) -> T:
        """Read from the mirror. If git fails, clone the mirror again and retry once."""
        try:
            return await read(refs)
        except GitFailed:
            refs = await mirror.rebuild(refs)
        try:
            return await read(refs)
        except GitFailed as failure:
            raise remote_error(mirror.repository, failure) from failure

    def _mirror(self, repository: str, allowed: Sequence[str]) -> Mirror:
        if repository not in self._mirrors:
            known = self._known.get(repository, ())
            self._mirrors[repository] = Mirror(
                repository, self._cache_dir, self._now, limits=self._limits, allowed=known
            )
        self._mirrors[repository].allow(allowed)
        return self._mirrors[repository]


class _Search:
    """Finds a commit on the branches `names`; error messages call them `where`."""

    def __init__(self, mirror: Mirror, refs: Refs, tags: Mapping[str, str], names: Sequence[str], where: str) -> None:
        self._mirror, self._refs, self._tags, self._names, self._where = mirror, refs, tags, names, where

    async def find(self, typed: str) -> Commit:
        """Find it by full id, tag or short id: in git's own order, so that no tag can pose as a full id."""
        text = as_spelled(typed.strip(), list(self._tags))
        if text in self._tags and not _FULL_ID.fullmatch(text.lower()):
            return await self._by_tag(text)
        if not _ID.fullmatch(text.lower()):
            raise self._unknown(text)
        return await self._by_id(text.lower())

    async def _by_tag(self, tag: str) -> Commit:
        sha = await self._mirror.commits.commit_of(self._tags[tag])
        branch = await self._branch_of(sha) if sha else None
        if not sha or not branch:
            raise BadInput(f'The commit of the tag "{tag}" is not on {self._where}. Choose one that is.')
        return await self._commit(sha, branch)

    async def _by_id(self, prefix: str) -> Commit:
        candidates = await self._mirror.commits.commits_with(prefix)
        if len(candidates) > _MOST_CANDIDATES:
            raise BadInput(f'{len(candidates)} commits begin with "{prefix}". Give more of the id.')
        found = [(sha, branch) for sha in candidates if (branch := await self._branch_of(sha))]
        if not found:
            raise BadInput(f'Commit "{prefix}" is not on {self._where}. Choose one that is.')
        if len(found) > 1:
            entries = await self._mirror.commits.entries([sha for sha, _ in found])
            choices = [f'{entry.sha[:12]} "{entry.subject}"' for entry in entries]
            raise BadInput(f'{len(found)} commits begin with "{prefix}".', choices=choices)
        return await self._commit(*found[0])

    async def _branch_of(self, sha: str) -> str | None:
        """The first of our branches that contains a commit."""
        holding = self._refs.on(await self._mirror.commits.tips_with(sha))
        return next((name for name in self._names if name in holding), None)

    async def _commit(self, sha: str, branch: str) -> Commit:
        entry = (await self._mirror.commits.entries([sha]))[0]
        return Commit(sha, branch, entry.subject)

    def _unknown(self, text: str) -> UnknownName:
        hint = "An id has 4 to 40 of the digits 0-9 and a-f."
        if text in self._names:
            hint = f'"{text}" is a branch: use it as `branch`.'
        return UnknownName("commit or tag", given=text, near=_near(text, self._tags), hint=hint)


def _allowed(refs: Refs, patterns: Sequence[str]) -> list[str]:
    """The branches that match the patterns, in the order of the patterns; within each, the newest first."""
    newest_first = sorted(refs.heads.values(), key=lambda head: (-head.time, head.branch))
    matching = (
        head.branch for pattern in patterns for head in newest_first if advertised.matches(head.branch, [pattern])
    )
    return list(dict.fromkeys(matching))


def _require_allowed(branch: str, refs: Refs, names: Sequence[str]) -> str:
    if branch not in names and (branch in refs.heads or branch in refs.others):
        raise BadInput(f'This project does not allow the branch "{branch}".', choices=names)
    if (spelled := as_spelled(branch, names)) in names:
        return spelled
    raise UnknownName("branch", given=branch, near=_near(branch, names), valid=names)


def _near(typed: str, names: Iterable[str]) -> list[str]:
    """Up to 3 names that resemble or contain `typed`."""
    known = sorted(names)
    close = difflib.get_close_matches(typed, known, 3)
    containing = [name for name in known if typed and typed.lower() in name.lower()]
    return list(dict.fromkeys(close + containing))[:3]
