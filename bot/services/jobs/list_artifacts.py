"""List the files that a job has stored in S3 so far, and give a link to any one of them."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from bot.domain.access import Person
from bot.domain.inert import escape
from bot.domain.job_names import Name, parse
from bot.domain.jobs import file_names
from bot.domain.jobs.picture_size import shows_well
from bot.domain.model.rows import Posted
from bot.domain.posts import File
from bot.domain.project import Project, configured
from bot.errors import Missing, UserError
from bot.ports.artifacts import Artifact, Artifacts
from bot.services.jobs.find import Find
from trainer.redaction.redact import redact

LINK_SECONDS = 3600
MAX_LINKS = 20
PICTURE_BYTES = 8 * 1024 * 1024
MOST_PICTURES_TRIED = 3
PICTURES_AT_ONCE = 2
"""In the bot's memory."""


def no_files(job: Posted) -> str:
    return f"{job.id} has no files yet." if job.execution.live else f"{job.id} left no files."


@dataclass(frozen=True, slots=True)
class Listing:
    """`links` are signed and work for an hour; `picture` is the newest picture or video that fits in a message.

    A file whose name holds a secret has its name redacted, and no link: that would show the name.
    """

    job: Posted
    artifacts: tuple[Artifact, ...]
    links: Mapping[str, str]
    picture: File | None
    total_bytes: int


@dataclass(frozen=True, slots=True)
class Linked:
    """One file of a job, with a signed link that works for an hour."""

    job: Posted
    artifact: Artifact
    link: str


class ListArtifacts:
    """Called by the chat."""

    def __init__(self, find: Find, artifacts: Artifacts, projects: Mapping[str, Project]) -> None:
        self._find, self._artifacts, self._projects = find, artifacts, projects
        self._turns = asyncio.Semaphore(PICTURES_AT_ONCE)

    async def artifacts(self, text: str, person: Person) -> Listing:
        """The files of a job or a trial, results first. For a trial, the job in the listing has the id `k7q2mx.4`.

        Raises `UnknownName` for a job that does not exist.
        """
        job, found = await self._files(text, person)
        links = {a.name: await self._artifacts.link(a.uri, LINK_SECONDS) for a in found[:MAX_LINKS] if _linkable(a)}
        newest = sorted(found, key=lambda artifact: -artifact.modified)
        async with self._turns:
            picture = await self._newest_picture(newest)
        return Listing(job, tuple(found), links, picture, sum(a.size for a in found))

    async def one(self, text: str, file_name: str, person: Person) -> Linked:
        """One file with its link. Raises `UnknownName` for a job that does not exist, and `BadInput` for a file."""
        job, found = await self._files(text, person)
        if not found:
            raise UserError(no_files(job))
        by_name = {artifact.name: artifact for artifact in found}
        artifact = by_name[file_names.find(list(by_name), file_name)]
        if not _linkable(artifact):
            raise UserError(f"The name of {escape(artifact.name, 100)} holds a secret, so I don't link it. Rename it.")
        return Linked(job, artifact, await self._artifacts.link(artifact.uri, LINK_SECONDS))

    async def files(self, text: str, typed: str, limit: int, person: Person) -> list[Artifact]:
        """Files whose name contains `typed`, for autocomplete."""
        _, found = await self._files(text, person)
        wanted = set(file_names.matching([artifact.name for artifact in found], typed))
        return [artifact for artifact in found if artifact.name in wanted][:limit]

    async def _files(self, text: str, person: Person) -> tuple[Posted, list[Artifact]]:
        """The job, and its files: results first, then the newest."""
        name = parse(text)
        job = await self._find.job(name.job_id, person)
        job = replace(job, id=str(Name(job.id, name.trial)))
        project = configured(self._projects, job.run.project)
        stored = await self._artifacts.list(project.prefix(job.run.results, job.id))
        shown = [
            replace(artifact, name=redact(artifact.name))
            for artifact in stored
            if artifact.name not in file_names.HIDDEN
        ]
        return job, sorted(shown, key=lambda artifact: file_names.rank(artifact.name))

    async def _newest_picture(self, found: Sequence[Artifact]) -> File | None:
        """The newest of the few newest that every program can show."""
        fitting = [
            artifact
            for artifact in found
            if artifact.name.lower().endswith(file_names.PICTURES) and 0 < artifact.size <= PICTURE_BYTES
        ]
        for artifact in fitting[:MOST_PICTURES_TRIED]:
            try:
                content = await self._artifacts.read(artifact.uri, limit=PICTURE_BYTES)
            except Missing:
                continue
            if artifact.name.lower().endswith(file_names.PLAYED) or shows_well(content):
                return File(file_names.attached(artifact.name), content)
        return None


def _linkable(artifact: Artifact) -> bool:
    return artifact.uri.endswith(artifact.name)
