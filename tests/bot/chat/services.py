"""Services that answer from memory, for the commands and the buttons."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import cast

from bot.domain.access import Person
from bot.domain.jobs import file_names
from bot.domain.model.job import Job
from bot.domain.model.run import Commit
from bot.domain.posts import File
from bot.domain.project import Project
from bot.errors import NotAllowed, UnknownName
from bot.ports.artifacts import Artifact
from bot.services import Services
from bot.services.jobs.find import LogExcerpt
from bot.services.jobs.list_artifacts import Linked, Listing
from bot.services.jobs.plot import Picture
from bot.services.jobs.submit import TrainRequest
from tests.bot.chat.jobs import PNG, PROJECT, a_job
from tests.bot.chat.sweeps import FakePropose, FakeTrial
from tests.support.rows import changed


@dataclass
class FakeServices:
    """All the services in one: each method that the chat calls, on a dict of jobs. `error` is raised, once set."""

    known: dict[str, Job] = field(default_factory=dict)
    requests: list[TrainRequest] = field(default_factory=list)
    stopped: list[tuple[str, Person]] = field(default_factory=list)
    plotted: list[Sequence[str]] = field(default_factory=list)
    plotted_metrics: list[Sequence[str]] = field(default_factory=list)
    error: Exception | None = None
    log_text: str = "epoch 1\nepoch 2"
    nothing_left: bool = False
    opened: list[int | None] = field(default_factory=list)
    """The threads and channels that have changed; None is any."""
    made: asyncio.Queue[Job] = field(default_factory=asyncio.Queue)
    """The jobs that were accepted, for those who wait for them."""
    propose: FakePropose = field(init=False)
    one_trial: FakeTrial = field(init=False)

    def __post_init__(self) -> None:
        self.propose, self.one_trial = FakePropose(self.known, self.made), FakeTrial(self.known, self.made)

    def services(self, projects: Sequence[Project] = (PROJECT,)) -> Services:
        return cast("Services", _AsServices(self, tuple(projects)))

    async def train(self, request: TrainRequest) -> Job:
        self._raise()
        self.requests.append(request)
        return self._made(request, f"job{len(self.requests)}")

    async def retry(self, job_id: str, request: TrainRequest) -> Job:
        self._raise()
        self.requests.append(request)
        return self._made(request, f"job{len(self.requests)}", retry_of=job_id)

    async def check(self, job_id: str, person: Person) -> Job:
        self._raise()
        if not person.roles & {"trainer", "admin"}:
            raise NotAllowed("You may not stop this job.")
        return self.known[job_id]

    async def stop(self, job_id: str, person: Person) -> Job:
        job = await self.check(job_id, person)
        self.stopped.append((job_id, person))
        return job

    async def job(self, job_id: str) -> Job:
        self._raise()
        if job_id not in self.known:
            raise UnknownName("job", given=job_id, near=sorted(self.known))
        return self.known[job_id]

    async def live(self, channel_id: int = 0) -> list[Job]:
        return [job for job in self.known.values() if job.execution.live]

    async def undelivered(self) -> list[Job]:
        return [job for job in self.known.values() if job.publication.result.undeliverable]

    async def recent(self, *, asker_id: int = 0, limit: int = 15) -> list[Job]:
        return [job for job in self.known.values() if asker_id in (0, job.request.asker_id)][:limit]

    async def matching(self, text: str, limit: int = 25) -> list[Job]:
        return [job for job in self.known.values() if text in job.id][:limit]

    async def log(self, job_id: str, lines: int) -> LogExcerpt:
        shown = self.log_text.splitlines()[-lines:]
        return LogExcerpt(
            "\n".join(shown), len(self.log_text.splitlines()) - len(shown), len(self.log_text.splitlines())
        )

    async def plot(self, job_ids: Sequence[str], metrics: Sequence[str] = (), *, owner: int) -> Picture:
        self._raise()
        self.plotted_metrics.append(metrics)
        self.plotted.append(job_ids)
        return Picture(PNG, "Best epoch 6.")

    async def artifacts(self, job_id: str) -> Listing:
        job = changed(await self.job(job_id.partition(".")[0]), id=job_id)
        if self.nothing_left:
            return Listing(job, (), {}, None, 0)
        found = (
            Artifact("walk.png", "s3://bucket/walk.png", 2_100_000, 3.0),
            Artifact("model_[1].pt", "s3://bucket/model.pt", 4_800, 2.0),
        )
        links = {artifact.name: f"https://bucket.example/{artifact.size}?signature=x" for artifact in found}
        return Listing(job, found, links, File("walk.png", PNG), sum(artifact.size for artifact in found))

    async def files(self, job_id: str, typed: str, limit: int) -> list[Artifact]:
        listing = await self.artifacts(job_id)
        return [artifact for artifact in listing.artifacts if typed in artifact.name][:limit]

    async def one(self, job_id: str, file_name: str) -> Linked:
        listing = await self.artifacts(job_id)
        name = file_names.find([artifact.name for artifact in listing.artifacts], file_name)
        return Linked(listing.job, next(a for a in listing.artifacts if a.name == name), listing.links[name])

    async def branches(self, project: str, channel_id: int, text: str) -> list[str]:
        return [name for name in ("main", "mend") if name.startswith(text)]

    async def commits(self, project: str, channel_id: int, branch: str, text: str) -> list[Commit]:
        return [Commit("a1b2c3d" + "0" * 33, branch or "main", "Warm up " + "very " * 40 + "slowly")]

    def _made(self, request: TrainRequest, job_id: str, retry_of: str | None = None) -> Job:
        job = a_job(
            id=job_id,
            asker_id=request.person.id,
            asker_name=request.person.name,
            channel_id=request.channel_id,
            interaction_id=request.interaction_id,
            retry_of=retry_of,
        )
        self.known[job_id] = job
        self.made.put_nowait(job)
        return job

    def _raise(self) -> None:
        if self.error is not None:
            raise self.error


class _AsServices:
    """The shape of `Services`, with the one fake behind every name."""

    def __init__(self, fake: FakeServices, projects: tuple[Project, ...]) -> None:
        self.submit = self.stop = self.find = self.plot = self.list_artifacts = self.complete_options = fake
        self.propose, self.one_trial = fake.propose, fake.one_trial
        self.projects = projects
        self.opened = fake.opened.append
