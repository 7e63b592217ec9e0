"""Fetch the tables that jobs left into files, for the process that reads them. The bot itself holds a chunk at most."""

import asyncio
import shutil
from collections.abc import AsyncIterator, Sequence
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import mkdtemp

from bot.errors import Missing, Refused, ServiceError, Unavailable
from bot.ports.artifacts import TOO_LARGE, Artifacts
from bot.services.tables.turns import Turns

LARGEST_TABLE = 64 * 1024 * 1024
AT_ONCE = 3
"""Requests with their files on disk at once. A plot has 8 files at most."""
FETCHES = 8
"""Files of one request that are fetched at once."""
FETCH_SECONDS = 60.0
"""For all files of a request."""


@dataclass(frozen=True, slots=True)
class TableFile:
    """A copy of a table. `path` is None if there is none, or if it is empty; `problem` says why there is no copy.

    Without `final`, the next try may succeed."""

    path: Path | None
    problem: str = ""
    final: bool = True


class TableFiles:
    """Copies are below `folder`, which is emptied first, as long as they are used."""

    def __init__(self, artifacts: Artifacts, folder: Path) -> None:
        self._artifacts, self._folder = artifacts, folder
        self._turns, self._is_empty = Turns(AT_ONCE), False

    @asynccontextmanager
    async def fetched(
        self, owner: int, uris: Sequence[str], *, limit: int = LARGEST_TABLE, each: bool = False
    ) -> AsyncIterator[list[TableFile]]:
        """Wait for a turn of the person `owner`, then fetch each table.

        Raises `Unavailable` if S3 or the disk fails; with `each`, that is the problem of that table alone.
        """
        async with self._turns.of(owner), self._temporary() as folder:
            turns, fetch = asyncio.Semaphore(FETCHES), self._fetched_or_problem if each else self._fetch
            try:
                async with asyncio.timeout(FETCH_SECONDS), asyncio.TaskGroup() as group:
                    tasks = [
                        group.create_task(fetch(uri, folder / f"{number}.csv", limit, turns))
                        for number, uri in enumerate(uris)
                    ]
            except TimeoutError as late:
                raise Unavailable(f"S3 has not sent the metrics within {FETCH_SECONDS:g} s") from late
            except BaseExceptionGroup as failed:
                raise failed.exceptions[0] from None
            yield [task.result() for task in tasks]

    async def _fetched_or_problem(self, uri: str, path: Path, limit: int, turns: asyncio.Semaphore) -> TableFile:
        try:
            return await self._fetch(uri, path, limit, turns)
        except ServiceError as error:
            return TableFile(None, str(error), final=False)

    async def _fetch(self, uri: str, path: Path, limit: int, turns: asyncio.Semaphore) -> TableFile:
        size = 0
        try:
            async with turns, aclosing(self._artifacts.stream(uri, limit=limit)) as chunks:
                with path.open("wb") as file:
                    async for chunk in chunks:
                        await asyncio.to_thread(file.write, chunk)
                        size += len(chunk)
        except Missing:
            return TableFile(None)
        except Refused as error:
            if error.code != TOO_LARGE:
                raise
            return TableFile(None, f"The table is not read: it has more than {limit // 2**20} MiB.")
        except OSError as error:
            raise Unavailable(f"the metrics could not be copied: {error.strerror or error}") from error
        return TableFile(path if size else None)

    @asynccontextmanager
    async def _temporary(self) -> AsyncIterator[Path]:
        if not self._is_empty:
            self._is_empty = True
            shutil.rmtree(self._folder, ignore_errors=True)
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            made = Path(await asyncio.to_thread(mkdtemp, dir=self._folder))
        except OSError as error:
            raise Unavailable(f"there is no room to copy metrics: {error.strerror or error}") from error
        try:
            yield made
        finally:
            await asyncio.to_thread(shutil.rmtree, made, ignore_errors=True)
