"""A repository's server: what it lists, and the commits that are fetched from it, within limits."""

import asyncio
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from bot.adapters.git import advertised
from bot.adapters.git.advertised import Advertised
from bot.adapters.git.git_command import Bounds, GitFailed, remote_error, run_git, size_of
from bot.adapters.git.git_limits import DISK_RESERVE, MIB, GitLimits, Kind, OverLimit

PREFIX = "new-"
"""Of folders in which something arrives."""
_FETCH = (
    *("fetch", "--quiet", "--no-tags", "--no-write-fetch-head", "--no-recurse-submodules", "--no-auto-maintenance"),
    # Without the commits' files and folders, if the server can leave them out; else git says so and fetches all.
    # https://git-scm.com/docs/git-rev-list, --filter; https://git-scm.com/docs/partial-clone
    "--filter=tree:0",
    "--update-shallow",
    "--stdin",
)
"""https://git-scm.com/docs/git-fetch"""
_UNPACK = "fetch.unpackLimit=1"
"""One pack whose size is limited, not any number of files: https://git-scm.com/docs/git-config, fetch.unpackLimit."""


class Remote:
    """Raises `ServiceError` where a limit is reached or nothing can be listed, and `GitFailed` where a fetch fails."""

    def __init__(self, repository: str, cache_dir: Path, limits: GitLimits) -> None:
        self.repository = repository
        self._cache_dir, self._limits = cache_dir, limits
        self._protocols = "https:http:ssh" + (":file" if repository.startswith("file://") else "")

    async def branches(self, patterns: Iterable[str]) -> Advertised:
        """List the branches. Raises if more are allowed than the limit says."""
        wanted = sorted(patterns)
        found = advertised.branches(await self._list("--heads"), wanted)
        if len(found.heads) > self._limits.branches:
            raise self._limits.too_many_branches(self.repository, wanted, len(found.heads))
        return found

    async def tags(self) -> Mapping[str, str]:
        return advertised.tags(await self._list("--tags"))

    async def fetch_first(self, folder: Path, tips: Sequence[str]) -> None:
        """Fetch into a new repository."""
        await self._fetch(folder, tips, folder, self._limits.copy_mib * MIB, first=True)

    async def fetch_more(self, folder: Path, tips: Sequence[str]) -> None:
        """Fetch what an existing repository lacks. It only changes once everything has arrived."""
        async with self.new_folder() as arriving:
            objects = arriving / "objects"
            await asyncio.to_thread((objects / "pack").mkdir, parents=True)
            left = self._limits.copy_mib * MIB - await asyncio.to_thread(size_of, folder)
            await self._fetch(folder, tips, arriving, left, first=False)
            await asyncio.to_thread(_move, objects, folder / "objects")

    @asynccontextmanager
    async def new_folder(self) -> AsyncIterator[Path]:
        """A folder on the disk of the copies, removed at the end."""
        made = Path(await asyncio.to_thread(tempfile.mkdtemp, prefix=PREFIX, dir=self._cache_dir))
        try:
            yield made
        finally:
            await asyncio.to_thread(shutil.rmtree, made, ignore_errors=True)

    async def _list(self, which: str) -> bytes:
        command = ["ls-remote", "--quiet", which, "--end-of-options", self.repository]
        bounds = self._bounds(self._limits.fetch_seconds, DISK_RESERVE, None)
        try:
            return await run_git(command, folder=self._cache_dir, protocols=self._protocols, bounds=bounds)
        except OverLimit as over:
            kind = Kind.LISTING if over.kind is Kind.MEMORY else over.kind  # it keeps the list in memory
            raise self._limits.refused(kind, self.repository) from over
        except GitFailed as failure:
            raise remote_error(self.repository, failure) from failure

    async def _fetch(self, folder: Path, tips: Sequence[str], watched: Path, left: int, *, first: bool) -> None:
        """`left`: bytes that the whole copy may still grow by."""
        free = (await asyncio.to_thread(shutil.disk_usage, self._cache_dir)).free - DISK_RESERVE
        most, kind = min(
            (self._limits.fetch_mib * MIB, Kind.TRANSFER), (left, Kind.COPY), (free, Kind.DISK), key=_bytes
        )
        if most <= 0:
            raise self._limits.refused(kind, self.repository)
        command = ["-c", _UNPACK, "--git-dir", str(folder), *_FETCH, "origin"]
        try:
            await run_git(
                command,
                folder=self._cache_dir,
                protocols=self._protocols,
                bounds=self._bounds(self._limits.seconds(first=first), most, watched),
                stdin="".join(f"{sha}\n" for sha in tips).encode(),
                variables=_arriving(watched, folder) if watched != folder else {},
            )
        except OverLimit as over:
            reached = kind if over.kind is Kind.TRANSFER else over.kind
            raise self._limits.refused(reached, self.repository, first=first) from over

    def _bounds(self, seconds: float, disk: int, watched: Path | None) -> Bounds:
        return Bounds(seconds, self._limits.memory_mib * MIB, self._limits.listing_mib * MIB, disk, watched)


def _bytes(limit: tuple[int, Kind]) -> int:
    return limit[0]


def _arriving(folder: Path, known: Path) -> dict[str, str]:
    """git puts new objects here and reads the known ones there: https://git-scm.com/docs/git, "Git Repository"."""
    return {
        "GIT_OBJECT_DIRECTORY": str(folder / "objects"),
        "GIT_ALTERNATE_OBJECT_DIRECTORIES": str(known / "objects"),
    }


def _move(source: Path, target: Path) -> None:
    """Move everything that has arrived, the index of a pack last: git takes a pack as there once its index is."""
    files = [path for path in source.rglob("*") if path.is_file()]
    for path in sorted(files, key=lambda path: path.suffix == ".idx"):
        place = target / path.relative_to(source)
        place.parent.mkdir(parents=True, exist_ok=True)
        path.replace(place)
