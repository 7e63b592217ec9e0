"""A job whose metrics cannot be read is announced without them, and holds up nobody."""

import asyncio
from pathlib import Path

import pytest

from bot.domain.access import Person
from bot.domain.drawing.figures import Drawing, FigureRequest
from bot.domain.model.job import Job
from bot.domain.model.observation import Attempt
from bot.domain.model.states import EndReason, JobState
from bot.domain.posts import Change, PostKind
from bot.errors import Unavailable
from bot.ports.store import Store
from bot.services.jobs.announce_result import MOST_READINGS
from tests.support.fakes import FakeFigures
from tests.support.rows import changed
from tests.support.services import MIKA, NOOR, Bot, Outside

CSV = b"epoch,val_accuracy\n1,96.5\n"
POISON = b"poison"


class Poisoned(FakeFigures):
    """Dies of a poisoned table, or hangs."""

    def __init__(self, *, hangs: bool = False) -> None:
        super().__init__()
        self.hangs, self.deaths = hangs, 0

    async def draw(self, request: FigureRequest) -> Drawing:
        path = request.curves[0].csv
        if isinstance(path, Path) and path.read_bytes() == POISON:
            self.deaths += 1
            if self.hangs:
                await asyncio.Event().wait()
            raise Unavailable("the drawing process died 2 times")
        return await super().draw(request)


@pytest.fixture
def poisoned(outside: Outside) -> Poisoned:
    outside.figures = Poisoned()
    return outside.figures


async def ended(bot: Bot, csv: bytes, interaction_id: int, person: Person = MIKA) -> Job:
    """A job that has succeeded and left this table."""
    job = await bot.train(person, interaction_id)
    end = {"state": JobState.SUCCEEDED, "reason": EndReason.SUCCEEDED, "state_since": bot.outside.clock()}
    end["attempts"] = (Attempt("stream", 1.0, 2.0, 0, ""),)
    await bot.store.change(job.id, lambda stored: Change(changed(stored, **end)))
    bot.outside.artifacts.objects[f"s3://bucket/jobs/{job.id}/metrics.csv"] = csv
    return job


async def told(bot: Bot) -> dict[str, str]:
    """The text of each result in the channel, by job."""
    await bot.tell()
    posts = [message.post.new for message in bot.outside.chat.messages]
    return {post.job_id: post.text for post in posts if post.kind is PostKind.END}


async def test_after_a_few_deaths_the_result_goes_out_without_a_plot_and_says_why(poisoned: Poisoned, bot: Bot) -> None:
    job = await ended(bot, POISON, 1)
    for _ in range(MOST_READINGS):
        assert not await told(bot)
        await bot.announce_result.once()
    assert (await told(bot))[job.id] == "The plot could not be drawn: the drawing process died 2 times"
    await bot.announce_result.once()
    assert poisoned.deaths == MOST_READINGS


async def test_the_tries_survive_a_bot_that_is_killed_while_it_reads(
    outside: Outside, store: Store, tmp_path: Path
) -> None:
    outside.figures = figures = Poisoned(hangs=True)
    job = await ended(Bot(outside, store, tmp_path), POISON, 1)
    for _ in range(MOST_READINGS + 1):
        life = Bot(outside, store, tmp_path)
        await life.announce_result.once()
        await life.announce_result.close()
    assert figures.deaths == MOST_READINGS
    assert "could not be read in 3 tries" in (await told(life))[job.id]


async def test_nobody_waits_behind_a_table_that_takes_long(outside: Outside, store: Store, tmp_path: Path) -> None:
    outside.figures = Poisoned(hangs=True)
    bot = Bot(outside, store, tmp_path)
    for number in range(5):
        await ended(bot, POISON, number)
    job = await ended(bot, CSV, 9, NOOR)
    await bot.announce_result.once()
    assert list(await told(bot)) == [job.id]
    assert (await bot.job(job.id)).progress.best == 96.5
    await bot.announce_result.close()


async def test_a_table_that_is_too_large_is_told_at_once(bot: Bot) -> None:
    job = await ended(bot, b"x" * (64 * 2**20 + 1), 1)
    await bot.announce_result.once()
    assert await told(bot) == {job.id: "The table is not read: it has more than 64 MiB."}
