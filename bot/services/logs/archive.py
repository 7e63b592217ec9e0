"""Archive a job's whole log: wait for its last lines, audit it, store it in S3, and post it as a file in the thread."""

import asyncio
import gzip
import shutil
from dataclasses import dataclass, replace
from pathlib import Path

import structlog

from bot.domain.logs.log_file import MOST_BYTES, PART_BYTES, PLAIN_BYTES
from bot.domain.model.job import Job
from bot.domain.model.rows import Posted
from bot.domain.posts import Change, File, NewPost, PostKind
from bot.domain.texts import notes
from bot.errors import ServiceError
from bot.ports.artifacts import Artifacts
from bot.ports.store import LogLines
from bot.services.logs.tail import Tail
from bot.services.logs.write_log import LogFile
from bot.services.running.core import Core
from bot.services.running.disk_room import DiskRoom
from bot.services.running.pending import to_archive
from bot.services.running.timers import Timers
from trainer.contract import LOG_TXT

log = structlog.get_logger()

KEEP_SECONDS = 7 * 86_400.0
"""Drop lines from the store this long after they were archived in S3; from then on `/logs` reads them there."""


@dataclass(frozen=True, slots=True)
class ArchiveSettings:
    """Lines may arrive for `drain` seconds after the end; files wait in `folder` until they are posted."""

    drain: float
    folder: Path


class Archive:
    """Takes up jobs and sweeps whose result is committed and whose log is not archived."""

    def __init__(self, core: Core, tail: Tail, artifacts: Artifacts, disk: DiskRoom, settings: ArchiveSettings) -> None:
        self._store, self._tail, self._artifacts, self._projects = core.store, tail, artifacts, core.projects
        self._disk, self._settings, self._now = disk, settings, core.now
        self._log_file = LogFile(core, tail, disk)
        self._quiet: Timers[str] = Timers(core.now)
        """By job: since when no line has come, if that was after its end."""

    async def once(self) -> None:
        """Archive each log that is complete and whose thread has taken every line. A full disk has to wait."""
        if not self._disk.left():
            return
        jobs = to_archive(await self._store.unfinished())
        self._quiet.keep([job.id for job in jobs])
        for job in jobs:
            if not self._is_quiet(job):
                continue
            try:
                await self._archive_if_complete(job)
            except (ServiceError, OSError) as error:  # the disk may be full
                log.warning("could not archive a log", job=job.id, error=str(error))

    async def tidy(self) -> None:
        """Drop lines and files of logs that have been in S3 for a week."""
        for job in await self._store.with_old_logs(self._now() - KEEP_SECONDS):
            whole = self._path(job)
            for path in (whole, _packed(whole), _end(whole)):
                path.unlink(missing_ok=True)
            await self._store.drop_log(job.id)
            log.info("log dropped from the store", job=job.id)

    def _path(self, job: Posted) -> Path:
        return self._settings.folder / f"{job.id}.log"

    def _is_quiet(self, job: Posted) -> bool:
        """True if no line has come for `drain`. If the clock was set back, start anew: lines may still come."""
        now, ended_at = self._now(), job.execution.state_since or job.execution.ended_at or 0.0
        since = self._quiet.started(job.id) or ended_at
        if since > now:
            self._quiet.start(job.id)
            since = now
        return now >= since + self._settings.drain

    async def _archive_if_complete(self, job: Posted) -> None:
        """The audit reads the whole log, so it comes last, when nothing else is awaited."""
        stored = await self._store.log_lines(job.id, 0, 0)
        total, publication = stored.total, job.publication
        if publication.lines_posted < total and publication.thread_id is not None and not publication.may_reopen:
            return  # the thread gets them first
        if await self._missed(job, stored) or (await self._store.log_lines(job.id, 0, 0)).total > total:
            self._quiet.start(job.id)
        else:
            await self._archive(job, total)

    async def _missed(self, job: Posted, stored: LogLines) -> int:
        """How many lines the audit finds. A sweep has no log; one beyond its cap is read again when it is written."""
        return await self._tail.audit(job) if isinstance(job, Job) and not stored.dropped else 0

    async def _archive(self, job: Posted, total: int) -> None:
        """Write to S3 first, then commit the file's post and `archived_at` in one transaction."""
        posts: tuple[NewPost, ...] = ()
        if total:
            path, project = self._path(job), self._projects[job.run.project]
            written = await self._log_file.write(job, path)
            uri = project.prefix(job.run.results, job.id) + LOG_TXT
            await self._artifacts.write(uri, path, "text/plain; charset=utf-8")
            file, partial = await asyncio.to_thread(_attachment, path)
            if file != path:
                path.unlink()
            text = notes.log_file(written.lines, partial=partial, uri=uri)
            if written.dropped:
                text = notes.log_with_gap(
                    written.lines, written.dropped, partial=partial, uri=uri, group=project.log_group
                )
            attached = (File(file.name, path=str(file)),)
            posts = (NewPost(f"log_file:{job.id}", PostKind.LOG_FILE, job.id, text=text, files=attached),)
        at = self._now()

        def step(stored: Posted) -> Change | None:
            publication = stored.publication
            if publication.archived_at:
                return None
            if publication.may_reopen and publication.closed.thread_id:
                # The last chance for the thread. The file has the lines that waited for it.
                publication = publication.reopened().posted(max(0, total - publication.lines_posted))
            return Change(replace(stored, publication=publication.archived(at)), posts)

        await self._store.change(job.id, step)
        self._quiet.drop(job.id)
        log.info("log archived", job=job.id, lines=total)


def _attachment(path: Path) -> tuple[Path, int]:
    """The file to attach: the log, the log packed, or its last part. With the size of that part, else 0."""
    if path.stat().st_size <= PLAIN_BYTES:
        return path, 0
    packed = _packed(path)
    with path.open("rb") as log_file, gzip.open(packed, "wb", compresslevel=6) as file:
        shutil.copyfileobj(log_file, file, 1024 * 1024)
    if packed.stat().st_size <= MOST_BYTES:
        return packed, 0
    packed.unlink()
    return _last_part(path)


def _last_part(path: Path) -> tuple[Path, int]:
    """Begin at a line, if one begins in the part."""
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
