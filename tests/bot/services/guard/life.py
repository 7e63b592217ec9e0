"""One job on a machine, with the guard beside it, as time passes."""

from dataclasses import replace

from bot.domain.guard.signs import Condition
from bot.domain.model.job import Job
from bot.domain.model.observation import Attempt
from bot.domain.model.states import JobState
from bot.domain.posts import Change, PostKind
from bot.ports.artifacts import Artifact
from tests.support.projects import PROJECT
from tests.support.services import Bot, Outside

PASS = 30.0
MINUTE = 2
"""Passes of the guard in a minute."""


class Files:
    """What a job has in S3, by name: when it was written."""

    def __init__(self) -> None:
        self.written: dict[str, float] = {"claim.json": 0.0}
        self.lists = 0

    async def list(self, prefix_uri: str) -> list[Artifact]:
        self.lists += 1
        return [Artifact(name, prefix_uri + name, 1, at) for name, at in self.written.items()]


class Life:
    """One job on a machine, with the guard beside it."""

    def __init__(self, bot: Bot, outside: Outside) -> None:
        self.bot, self.outside, self.files = bot, outside, Files()
        outside.artifacts.list = self.files.list  # type: ignore[method-assign]
        self.stream = "s1"

    async def begin(self, state: JobState = JobState.RUNNING) -> None:
        job = await self.bot.train(lr=0.1)
        await self.bot.store.change(job.id, _with_time)
        await self.bot.launch.once()
        await self.move(state)
        await self.bot.tell()

    async def move(self, state: JobState, *ended: Attempt) -> None:
        attempt = Attempt(self.stream, self.outside.clock()) if state is JobState.RUNNING else None
        self.outside.logs.streams.setdefault(self.stream, [])
        self.outside.engine.move("batch-1", state, *ended, *([attempt] if attempt else []))
        await self.bot.track_jobs.once()

    async def minutes(self, count: float, *lines: str, each: float = 0.0) -> None:
        """Let time pass, with these lines at its end, or with one of them every `each` minutes."""
        passes = round(count * MINUTE)
        for number in range(1, passes + 1):
            self.outside.clock.tick(PASS)
            self.files.written["claim.json"] += PASS
            if each and number % round(each * MINUTE) == 0:
                self.say(*lines)
            await self.look()
        if not each and lines:
            self.say(*lines)
            await self.look()
        await self.bot.tell()

    def say(self, *lines: str) -> None:
        self.outside.logs.write(self.stream, *lines, at=self.outside.clock())

    async def look(self) -> None:
        await self.bot.tail.once()
        await self.bot.watch_jobs.once()

    async def job(self) -> Job:
        (job,) = await self.bot.store.jobs()
        assert isinstance(job, Job)
        return job

    async def standing(self) -> list[Condition]:
        return [each.condition for each in (await self.job()).watch.warned]

    def limit(self, **limits: float) -> None:
        project = replace(PROJECT, guard=replace(PROJECT.guard, **limits))  # type: ignore[arg-type]
        for service in (self.bot.watch_jobs, self.bot.tail):
            service._projects = {PROJECT.name: project}

    def warnings(self) -> list[str]:
        return self.bot.said(PostKind.WARNING)


def _with_time(job: Job) -> Change:
    return Change(replace(job, run=replace(job.run, timeout_seconds=86_400)))
