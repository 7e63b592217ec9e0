"""A log that is too long for the store, and a disk that is nearly full."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.adapters.sqlite import open_store
from bot.domain.model.job import Job
from bot.domain.model.observation import Attempt
from bot.domain.model.states import JobState
from bot.domain.posts import PostKind
from bot.ports.store import Store
from bot.services.logs import write_log
from bot.services.running.disk_room import RESERVE
from bot.services.running.wakeups import Wakeups
from tests.support.services import Bot, Outside

STREAM = "trainer/default/1"
CAP = 128 * 1024
TOKEN = "ghp_0123456789ABCDEFGHIJabcdefghij012345"


@pytest.fixture
async def store(tmp_path: Path, wakeups: Wakeups) -> AsyncIterator[Store]:
    path = tmp_path / "signalbox.db"
    async with open_store(path, committed=wakeups.committed, most_log_bytes=CAP) as opened:
        yield opened


async def _long_log(bot: Bot, outside: Outside, lines: int = 3_000) -> Job:
    job = await bot.train()
    await bot.turn()
    outside.engine.move("batch-1", JobState.RUNNING, Attempt(STREAM, outside.clock()))
    for first in range(0, lines, 500):
        texts = [f"line {n:05} ".ljust(200, ".") for n in range(first, first + 500)]
        outside.logs.write(STREAM, *texts, at=outside.clock())
        await bot.turn()
        outside.clock.tick(1)
    return await bot.job(job.id)  # type: ignore[return-value]


async def _end(bot: Bot, outside: Outside) -> None:
    outside.engine.move("batch-1", JobState.SUCCEEDED, Attempt(STREAM, outside.clock(), outside.clock(), 0))
    for _ in range(6):
        await bot.turn()
        outside.clock.tick(15)


async def test_whole_log_is_read_again_for_the_bucket(bot: Bot, outside: Outside) -> None:
    outside.logs.write(STREAM, f"token {TOKEN}", at=outside.clock())
    job = await _long_log(bot, outside)
    await _end(bot, outside)
    assert (await bot.store.log_lines(job.id, 0, 0)).dropped > 1_000
    text = outside.artifacts.objects[f"s3://bucket/jobs/{job.id}/log.txt"].decode().splitlines()
    assert text[0] == "token [redacted: GitHub token]"
    assert [line[:10] for line in text[1:]] == [f"line {n:05}" for n in range(3_000)]
    assert bot.said(PostKind.LOG_FILE) == ["The whole log, 3,001 lines."]
    assert not await bot.store.unfinished()


async def test_log_that_cannot_be_read_again_says_what_is_missing(
    bot: Bot, outside: Outside, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(write_log, "MOST_READ_AGAIN", CAP)
    job = await _long_log(bot, outside)
    await _end(bot, outside)
    dropped = (await bot.store.log_lines(job.id, 0, 0)).dropped
    text = outside.artifacts.objects[f"s3://bucket/jobs/{job.id}/log.txt"].decode().splitlines()
    (gap,) = [number for number, line in enumerate(text) if not line.startswith("line ")]
    assert text[gap].startswith(f"[signalbox: {dropped:,} lines are missing here. They are in the log group ")
    assert [text[0][:10], text[gap - 1][:10]] == ["line 00000", f"line {gap - 1:05}"]
    assert [text[gap + 1][:10], text[-1][:10]] == [f"line {gap + dropped:05}", "line 02999"]
    (note,) = bot.said(PostKind.LOG_FILE)
    assert note.startswith(
        f"This log has 3,000 lines, more than the bot keeps. Its beginning and end, {3_000 - dropped:,}"
    )
    assert f"The {dropped:,} lines between them are only in the log group" in note


async def test_thread_that_falls_behind_the_gap_goes_on_at_the_end(bot: Bot, outside: Outside) -> None:
    job = await bot.train()
    await bot.turn()
    outside.engine.move("batch-1", JobState.RUNNING, Attempt(STREAM, outside.clock()))
    for n in range(3_000):
        outside.logs.write(STREAM, f"line {n:05} ".ljust(2_000, "."), at=outside.clock() + n / 1_000)
    await bot.track_jobs.once()
    await bot.tail.once()
    assert (await bot.store.log_lines(job.id, 0, 0)).dropped > 1_000
    await bot.turn()
    outside.clock.tick(10)
    outside.logs.write(STREAM, "the last", at=outside.clock())
    await bot.turn()
    *_, digest, last = bot.said(PostKind.LOG)
    assert "left out here: this log is too long for the bot to keep whole" in digest
    assert "line 02999" in digest
    assert last == "```\nthe last\n```"
    assert (await bot.job(job.id)).publication.lines_posted == 3_001


async def test_full_disk_makes_lines_wait_and_nothing_else(bot: Bot, outside: Outside) -> None:
    outside.disk_free = RESERVE
    job = await _long_log(bot, outside, lines=500)
    assert bot.said(PostKind.LOG) == []
    (note,) = bot.said(PostKind.NOTE)
    assert note.startswith("The bot's disk is nearly full, so it has stopped storing logs.")
    await _end(bot, outside)
    assert bot.said(PostKind.END), "the result is announced"
    assert (await bot.job(job.id)).publication.archived_at is None
    outside.disk_free = RESERVE + 1024 * CAP
    for _ in range(6):
        await bot.turn()
        outside.clock.tick(15)
    assert bot.said(PostKind.LOG_FILE) == ["The whole log, 500 lines."]
    assert len(bot.said(PostKind.NOTE)) == 1
