"""Write the whole log of a job into a file: from the store, or from the log service if the store dropped lines."""

import asyncio
import os
from array import array
from collections.abc import AsyncIterator, Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import BinaryIO

import structlog

from bot.domain.logs.log_file import gap
from bot.domain.logs.log_lines import LogEvent, clean
from bot.domain.model.job import Job
from bot.domain.model.rows import Posted
from bot.ports.store import LogLines
from bot.services.logs.tail import Tail
from bot.services.running.core import Core
from bot.services.running.disk_room import DiskRoom
from trainer.redaction.stream import LineRedactor

log = structlog.get_logger()

LINES_AT_A_TIME = 5_000
"""Lines written to the file at a time."""
MOST_READ_AGAIN = 1024 * 1024 * 1024
"""Bytes of a log that is read a second time. That takes a call for each MB, and other jobs' logs wait meanwhile."""


@dataclass(frozen=True, slots=True)
class Written:
    """How many lines are in the file, and how many are missing between its beginning and its end."""

    lines: int
    dropped: int = 0


class LogFile:
    """Writes lines by time, those of the same time by arrival: the store has a late line behind later ones."""

    def __init__(self, core: Core, tail: Tail, disk: DiskRoom) -> None:
        self._store, self._projects, self._tail, self._disk = core.store, core.projects, tail, disk

    async def write(self, job: Posted, path: Path) -> Written:
        """Raises `ServiceError` if the log service fails, and OSError."""
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        stored = await self._store.log_lines(job.id, 0, 0)
        kept = stored.total - stored.dropped
        if stored.dropped and isinstance(job, Job) and stored.bytes < min(MOST_READ_AGAIN, self._disk.left() // 2):
            lines = await _written(path, self._tail.whole(job))
            if lines >= kept:
                return Written(lines)
            log.warning("the log service has less of a log than the store", job=job.id, lines=lines)
        group = self._projects[job.run.project].log_group
        await _written(path, self._stored(job, group))
        return Written(kept, stored.dropped)

    async def _stored(self, job: Posted, group: str) -> AsyncIterator[Sequence[LogEvent]]:
        """What the store has, with a line in place of what it has dropped."""
        found = await self._store.log_lines(job.id, 0, LINES_AT_A_TIME)
        while found.events:
            yield found.events
            following = found.first + len(found.events)
            found, before = await self._store.log_lines(job.id, following, LINES_AT_A_TIME), found
            if found.first > following and found.events:
                yield [_gap(before, found, group)]


def _gap(before: LogLines, behind: LogLines, group: str) -> LogEvent:
    last = before.events[-1]
    return LogEvent("", last.stream, last.timestamp, gap(behind.dropped, group))


async def _written(path: Path, pages: AsyncIterator[Sequence[LogEvent]]) -> int:
    """Write the pages in order of their times. Returns the number of lines."""
    times, offsets, redactor = array("q"), array("q", [0]), LineRedactor()
    with _private(path) as file:
        async for page in pages:
            for line in await asyncio.to_thread(_lines, page, redactor):
                file.write(line)
                offsets.append(file.tell())
            times.extend(event.timestamp for event in page)
    if any(after < before for before, after in pairwise(times)):
        await asyncio.to_thread(_put_in_order, path, times, offsets)
    return len(times)


def _lines(page: Iterable[LogEvent], redactor: LineRedactor) -> list[bytes]:
    """The events as a terminal shows them, which may join what colours kept apart: so secrets are looked for again."""
    texts = redactor.redact_all([clean(event.message) for event in page])
    return [f"{text}\n".encode() for text in texts]


def _private(path: Path) -> BinaryIO:
    """A new file for its owner alone: others on the machine need not read the logs."""
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb")


def _put_in_order(path: Path, times: Sequence[int], offsets: Sequence[int]) -> None:
    """Line n has `times[n]` and extends from `offsets[n]` to `offsets[n + 1]`."""
    ordered = path.with_suffix(".ordered")
    with path.open("rb") as source, _private(ordered) as file:
        for line in sorted(range(len(times)), key=times.__getitem__):
            source.seek(offsets[line])
            file.write(source.read(offsets[line + 1] - offsets[line]))
    ordered.replace(path)
