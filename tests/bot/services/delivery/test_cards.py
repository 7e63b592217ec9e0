"""Cards where many jobs share a channel: one edit at a time, each with what its job is by then."""

import asyncio
from dataclasses import replace

import pytest

from bot.domain.model.job import Job
from bot.domain.posts import Change
from bot.errors import Denied
from bot.services.delivery.cards import OLD_CARD_SECONDS, OLD_SECONDS
from tests.support.services import Bot, Outside

PACE_SECONDS = 6.0
"""A little more than the least time between two edits of one card here."""


class SlowEdits:
    """Each edit waits for `release`, as in a channel whose rate limit is used up."""

    def __init__(self, outside: Outside, monkeypatch: pytest.MonkeyPatch) -> None:
        self.begun: list[tuple[str, int | None]] = []
        """The job and the epoch of each card."""
        self._gate = asyncio.Semaphore(0)
        monkeypatch.setattr(outside.chat, "show", self._show)

    async def _show(self, job: Job) -> None:
        self.begun.append((job.id, job.progress.epoch))
        await self._gate.acquire()

    async def release(self, bot: Bot) -> None:
        """Let the edit under way end, and the next one begin."""
        self._gate.release()
        await bot.delivery.settle()
        await self.look(bot)

    async def look(self, bot: Bot) -> None:
        await bot.delivery.once()
        await asyncio.sleep(0)


async def _report(bot: Bot, job: Job, epoch: int) -> None:
    def step(row: Job) -> Change:
        return Change(replace(row, progress=replace(row.progress, epoch=epoch)))

    await bot.store.change(job.id, step)


async def _jobs(bot: Bot, count: int) -> list[Job]:
    """Jobs whose cards are posted and up to date."""
    jobs = [await bot.train(interaction_id=number) for number in range(1, count + 1)]
    for _ in range(5):
        await bot.tell()
        bot.outside.clock.tick(PACE_SECONDS)
    bot.outside.chat.edits.clear()
    return jobs


async def test_an_edit_that_had_to_wait_shows_what_its_job_is_by_then(
    bot: Bot, outside: Outside, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = await _jobs(bot, 2)
    slow = SlowEdits(outside, monkeypatch)
    for job in (first, second):
        await _report(bot, job, 1)
    await slow.look(bot)
    assert slow.begun == [(first.id, 1)]
    await _report(bot, second, 2)
    await slow.release(bot)
    assert slow.begun == [(first.id, 1), (second.id, 2)]
    await slow.release(bot)


async def test_each_card_has_its_turn(bot: Bot, outside: Outside, monkeypatch: pytest.MonkeyPatch) -> None:
    jobs = await _jobs(bot, 3)
    slow = SlowEdits(outside, monkeypatch)
    for epoch in range(1, 7):
        for job in jobs:
            await _report(bot, job, epoch)
        await slow.look(bot)
        outside.clock.tick(PACE_SECONDS)
        await slow.release(bot)
    assert [job_id for job_id, _ in slow.begun[:6]] == [job.id for job in jobs] * 2
    await slow.release(bot)


async def test_a_refused_edit_leaves_the_channel_to_the_others(bot: Bot, outside: Outside) -> None:
    first, second = await _jobs(bot, 2)
    outside.chat.fail("show", Denied("Missing Access (50001)"), times=1)
    for job in (first, second):
        await _report(bot, job, 1)
    await bot.tell()
    assert [job.id for job in outside.chat.edits] == [second.id]


async def test_cards_older_than_an_hour_are_edited_less_often_in_a_channel(bot: Bot, outside: Outside) -> None:
    jobs = await _jobs(bot, 3)
    outside.clock.tick(OLD_SECONDS)
    for job in jobs:
        await _report(bot, job, 1)
    await bot.tell()
    assert len(outside.chat.edits) == 1
    outside.clock.tick(OLD_CARD_SECONDS)
    await bot.tell()
    assert len(outside.chat.edits) == 2
    new = await bot.train(interaction_id=9)
    for _ in range(3):
        await bot.tell()
    await _report(bot, new, 1)
    await bot.tell()
    assert outside.chat.edits[-1].id == new.id, "a new card does not wait for the old ones"
