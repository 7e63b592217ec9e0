"""Put a job's whole log to rest: drained, audited, stored in S3, and posted as a file in the thread."""

import asyncio
import gzip
import shutil
from array import array
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path

import structlog

from bot.domain.logs.log_file import MOST_BYTES, PART_BYTES, words
from bot.domain.logs.log_lines import clean
from bot.domain.model.job import Job
from bot.domain.posts import Change, File, NewPost, PostKind
from bot.errors import ServiceError
from bot.ports.artifacts import Artifacts
from bot.services.logs.tail import Tail
from bot.services.running.core import Core
from trainer.contract import LOG_TXT

log = structlog.get_logger()

PIECE = 5_000
"""Lines that are written to the file at a time."""
KEEP_SECONDS = 7 * 86_400.0
"""How long lines stay in the store after they lie in S3; `/logs` reads them there from then on."""


@dataclass(frozen=True, slots=True)
class ArchiveSettings:
    """Lines may come for `drain` seconds after the end; files wait in `folder` until they are posted."""

    drain: float
    folder: Path


class Archive:
    def __init__(self, core: Core, tail: Tail, artifacts: Artifacts, settings: ArchiveSettings) -> None:
        self._store, self._tail, self._artifacts, self._projects = core.store, tail, artifacts, core.projects
        self._wakeups, self._settings, self._now = core.wakeups, settings, core.now
        self._quiet_since: dict[str, float] = {}

    async def once(self) -> None:
        """Archives each job that has been told, whose log is still, and whose thread has taken every line."""
        jobs = [job for job in await self._store.open_jobs() if job.told_at is not None and job.archived_at is None]
        self._quiet_since = {job.id: at for job in jobs if (at := self._quiet_since.get(job.id)) is not None}
        for job in jobs:
            if not self._quiet(job):
                continue
            try:
                await self._settle(job)
            except (ServiceError, OSError) as error:  # the disk may be full
                log.warning("the archive waits", job=job.id, error=str(error))

    async def tidy(self) -> None:
        """Forgets lines and files of logs that have been in S3 for a week."""
        for job in await self._store.with_old_logs(self._now() - KEEP_SECONDS):
            whole = self._path(job)
            for path in (whole, _packed(whole), _end(whole)):
                path.unlink(missing_ok=True)
            await self._store.drop_log(job.id)
            log.info("log forgotten here", job=job.id)

    def _path(self, job: Job) -> Path:
        return self._settings.folder / f"{job.id}.log"

    def _quiet(self, job: Job) -> bool:
        """Whether no line has come for `drain`. A clock that has been set back begins it anew: lines may still come."""
        now, since = self._now(), self._quiet_since.get(job.id, job.seen_at or job.ended_at or 0.0)
        if since > now:
            self._quiet_since[job.id] = since = now
        return now >= since + self._settings.drain

    async def _settle(self, job: Job) -> None:
        """The audit reads the whole log, so it comes last, when nothing else is awaited."""
        total = await self._total(job)
        if job.log_posted < total and job.thread_id is not None:
            self._wakeups.post_lines.wake()
        elif await self._tail.audit(job) or await self._total(job) > total:
            self._quiet_since[job.id] = self._now()
        else:
            await self._keep(job, total)

    async def _total(self, job: Job) -> int:
        return (await self._store.log_lines(job.id, 0, 0)).total

    async def _keep(self, job: Job, total: int) -> None:
        """S3 first, then the file's post and `archived_at` in one transaction."""
        posts: tuple[NewPost, ...] = ()
        if total:
            path = self._path(job)
            await self._write(job, path, total)
            uri = self._projects[job.project].prefix(job.id) + LOG_TXT
            await self._artifacts.write(uri, path, "text/plain; charset=utf-8")
            file, partial = await asyncio.to_thread(_attachment, path)
            text = words(total, partial=partial, uri=uri)
            attached = (File(file.name, path=str(file)),)
            posts = (NewPost(f"log_file:{job.id}", PostKind.LOG_FILE, job.id, text=text, files=attached),)
        at = self._now()
        await self._store.change(
            job.id, lambda stored: None if stored.archived_at else Change(replace(stored, archived_at=at), posts)
        )
        self._quiet_since.pop(job.id, None)
        log.info("archived", job=job.id, lines=total)
        self._wakeups.deliver.wake()

    async def _write(self, job: Job, path: Path, total: int) -> None:
        """The lines by their time, those of the same time as they came: a late one is stored behind later ones."""
        path.parent.mkdir(parents=True, exist_ok=True)
        times, places = array("q"), array("q", [0])
        with path.open("wb") as file:
            for first in range(0, total, PIECE):
                lines = await self._store.log_lines(job.id, first, PIECE)
                for event in lines.events:
                    file.write(f"{clean(event.message)}\n".encode())
                    times.append(event.timestamp)
                    places.append(file.tell())
        if any(after < before for before, after in pairwise(times)):
            await asyncio.to_thread(_put_in_order, path, times, places)


def _put_in_order(path: Path, times: Sequence[int], places: Sequence[int]) -> None:
    """Line n has `times[n]` and lies from `places[n]` to `places[n + 1]`."""
    ordered = path.with_suffix(".ordered")
    with path.open("rb") as source, ordered.open("wb") as file:
        for line in sorted(range(len(times)), key=times.__getitem__):
            source.seek(places[line])
            file.write(source.read(places[line + 1] - places[line]))
    ordered.replace(path)


def _attachment(path: Path) -> tuple[Path, int]:
    """The file to attach: the log, the log packed, or its last part with that part's size; beside it, in the folder."""
    if path.stat().st_size <= MOST_BYTES:
        return path, 0
    packed = _packed(path)
    with path.open("rb") as log_file, gzip.open(packed, "wb", compresslevel=6) as file:
        shutil.copyfileobj(log_file, file, 1024 * 1024)
    if packed.stat().st_size <= MOST_BYTES:
        return packed, 0
    packed.unlink()
    return _last_part(path)


def _last_part(path: Path) -> tuple[Path, int]:
    """From the beginning of a line on, where one begins in it."""
    with path.open("rb") as file:
        file.seek(-PART_BYTES, 2)
        part = file.read()
    text = part[part.find(b"\n", 0, -1) + 1 :].decode(errors="ignore").encode()
    _end(path).write_bytes(text)
    return _end(path), len(text)


def _packed(path: Path) -> Path:
    return path.with_name(f"{path.name}.gz")


def _end(path: Path) -> Path:
    return path.with_name(f"{path.stem}-end.log")
