"""A job that fails, in a project whose machines and prices a test sets."""

from dataclasses import dataclass, field, replace
from pathlib import Path

from bot.adapters.sqlite import SqliteStore
from bot.domain.access import Person
from bot.domain.model.job import Job
from bot.domain.model.observation import Attempt
from bot.domain.model.states import JobState
from bot.domain.money.caps import Caps
from bot.domain.posts import PostKind
from bot.domain.project import Project
from bot.domain.remedy import RemedyMode
from bot.ports.engine import Machines
from bot.services.jobs.submit import TrainRequest
from bot.services.remedies.remedies import PriceRisen, Taken
from tests.support.projects import CHANNEL, PROJECT
from tests.support.services import MIKA, Bot, Outside

EXITED = "Essential container in task exited"
OUT_OF_MEMORY = "OutOfMemoryError: Container killed due to memory usage"
"""https://github.com/aws/amazon-ecs-agent/issues/1187 has the text and its exit code, 137."""
TIMED_OUT = "Job attempt duration exceeded timeout"
HOST_LOST = "Host EC2 (instance i-0f5b4a3c2d1e0f9a8) terminated."
MACHINES = Machines("", (), 1, memory_mib=12_288, most_memory_mib=60_000)


@dataclass
class Scene:
    """`usd` is what an hour costs; the time limit is an hour, and 9 minutes are billed beside it."""

    outside: Outside
    store: SqliteStore
    folder: Path
    caps: Caps = field(default_factory=Caps)
    mode: RemedyMode = RemedyMode.OFFER
    usd: float = 0.4

    def __post_init__(self) -> None:
        self.outside.engine.pools = MACHINES
        self.restart()

    @property
    def project(self) -> Project:
        return replace(PROJECT, remedy=self.mode, usd_per_hour=self.usd, longest_timeout_seconds=7_200)

    def restart(self, **changes: object) -> None:
        for name, value in changes.items():
            setattr(self, name, value)
        self.bot = Bot(self.outside, self.store, self.folder, caps=self.caps, project=self.project)

    async def begin(self, job: Job | None = None) -> Job:
        """A job that runs, or this one."""
        job = job or await self.bot.train()
        await self.bot.turn()
        engine_id = self.engine_id
        stream = f"trainer/{engine_id}"
        self.outside.logs.write(stream, "epoch 1", at=self.outside.clock())
        self.outside.engine.jobs[engine_id] = replace(self.outside.engine.jobs[engine_id], memory_mib=12_288)
        self.outside.engine.move(engine_id, JobState.RUNNING, Attempt(stream, self.outside.clock()))
        self.outside.clock.tick(60)
        await self.bot.turn()
        return job

    async def fail(
        self, reason: str = "", status: str = EXITED, code: int | None = 137, *, job: Job | None = None, said: str = ""
    ) -> Job:
        """A job that has ended so, with its result on its way."""
        job = await self.begin(job)
        self.end(reason, status, code, said)
        await self.settle()
        return await self.row(job.id)

    def end(self, reason: str, status: str = EXITED, code: int | None = 137, said: str = "") -> None:
        engine_id, now = self.engine_id, self.outside.clock()
        stream = f"trainer/{engine_id}"
        if said:
            self.outside.logs.write(stream, said, at=now)
        attempt = Attempt(stream, now - 60, now, code, reason or (status if code is None else ""))
        self.outside.engine.move(engine_id, JobState.FAILED, attempt, reason=status)
        self.outside.engine.jobs[engine_id] = replace(self.outside.engine.jobs[engine_id], stopped_at=now)

    async def settle(self) -> None:
        for _ in range(3):
            self.outside.clock.tick(10)
            await self.bot.turn()

    async def take(
        self, job: Job, person: Person = MIKA, interaction_id: int = 50, seen_usd: float | None = None
    ) -> Taken:
        taken = await self.click(job, person, interaction_id, seen_usd)
        assert isinstance(taken, Taken)
        return taken

    async def click(
        self, job: Job, person: Person = MIKA, interaction_id: int = 50, seen_usd: float | None = None
    ) -> Taken | PriceRisen:
        """On the button under the result."""
        seen = job.offer.usd_most if job.offer is not None and seen_usd is None else seen_usd
        return await self.bot.remedies.take(job.id, TrainRequest(person, CHANNEL, interaction_id), seen)

    async def row(self, job_id: str) -> Job:
        job = await self.bot.job(job_id)
        assert isinstance(job, Job)
        return job

    async def retries(self, of: Job) -> list[Job]:
        rows = await self.store.jobs(limit=100)
        return [row for row in rows if isinstance(row, Job) and row.request.retry_of == of.id]

    def checkpoint_of(self, job: Job, name: str = "checkpoint.pt") -> None:
        self.outside.artifacts.objects[f"s3://bucket/jobs/{job.id}/{name}"] = b"weights"

    @property
    def engine_id(self) -> str:
        return f"batch-{len(self.outside.engine.submissions)}"

    @property
    def results(self) -> int:
        return len(self.bot.said(PostKind.END))
