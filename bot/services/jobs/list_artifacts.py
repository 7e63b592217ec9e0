"""List the files that a job has stored in S3 so far."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from bot.domain.job_names import Name, parse
from bot.domain.model.rows import Posted
from bot.domain.posts import File
from bot.domain.project import Project
from bot.ports.artifacts import Artifact, Artifacts
from bot.services.jobs.find import Find
from trainer.contract import CLAIM_JSON

LINK_SECONDS = 3600
MAX_LINKS = 20
PICTURE_BYTES = 8 * 1024 * 1024
_PICTURES = (".png", ".jpg", ".jpeg", ".gif", ".webp", ".mp4", ".webm", ".mov")


@dataclass(frozen=True, slots=True)
class Listing:
    """`links` are signed and work for an hour; `picture` is the newest picture or video that fits in a message."""

    job: Posted
    artifacts: tuple[Artifact, ...]
    links: Mapping[str, str]
    picture: File | None
    total_bytes: int


class ListArtifacts:
    """Called by the chat."""

    def __init__(self, find: Find, artifacts: Artifacts, projects: Mapping[str, Project]) -> None:
        self._find, self._artifacts, self._projects = find, artifacts, projects

    async def artifacts(self, text: str) -> Listing:
        """The files of a job or a trial, newest first. For a trial, the job in the listing has the id `k7q2mx.4`.

        Raises `UnknownName` for a job that does not exist.
        """
        name = parse(text)
        job = await self._find.job(name.job_id)
        job = replace(job, id=str(Name(job.id, name.trial)))
        stored = await self._artifacts.list(self._projects[job.run.project].prefix(job.id))
        found = [artifact for artifact in stored if artifact.name != CLAIM_JSON]  # the trainer's own
        links = {a.name: await self._artifacts.link(a.uri, LINK_SECONDS) for a in found[:MAX_LINKS]}
        return Listing(job, tuple(found), links, await self._newest_picture(found), sum(a.size for a in found))

    async def _newest_picture(self, found: list[Artifact]) -> File | None:
        for artifact in found:
            if artifact.name.lower().endswith(_PICTURES) and 0 < artifact.size <= PICTURE_BYTES:
                name = artifact.name.rsplit("/", 1)[-1]
                return File(name, await self._artifacts.read(artifact.uri, limit=PICTURE_BYTES))
        return None
