"""Pieces of a job's story, for the scenarios."""

from bot.domain.model.job import Job
from bot.domain.model.observation import Attempt
from bot.domain.model.states import JobState
from bot.domain.posts import PostKind
from tests.support.services import Bot

STREAM = "trainer/default/1"


async def running(bot: Bot, *lines: str, engine_id: str = "batch-1") -> Job:
    """A job that runs and has printed these lines."""
    outside = bot.outside
    job = await bot.train()
    await bot.turn()
    outside.engine.move(engine_id, JobState.RUNNING, Attempt(STREAM, outside.clock()))
    outside.logs.streams.setdefault(STREAM, [])
    outside.logs.write(STREAM, *lines, at=outside.clock())
    await bot.turn()
    return await bot.job(job.id)


def end(bot: Bot, state: JobState = JobState.SUCCEEDED, code: int = 0, *, engine_id: str = "batch-1") -> None:
    clock = bot.outside.clock
    bot.outside.engine.move(engine_id, state, Attempt(STREAM, clock() - 10, clock(), code))


async def settle(bot: Bot) -> None:
    """Until everything that waits for time has had it."""
    for _ in range(8):
        await bot.turn()
        bot.outside.clock.tick(15)


def archived(bot: Bot, job: Job) -> list[str]:
    """The lines of the log in S3."""
    return bot.outside.artifacts.objects[f"s3://bucket/jobs/{job.id}/log.txt"].decode().splitlines()


def count(bot: Bot, kind: PostKind) -> int:
    return len(bot.said(kind))
