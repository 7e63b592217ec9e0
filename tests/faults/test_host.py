"""The host: a full disk, a damaged store, a lost machine, a clock that is set back, and an end in order."""

import asyncio
import sqlite3
import time
from contextlib import closing
from pathlib import Path

import pytest

from bot.adapters.sqlite import SqliteStore, open_store, schema
from bot.domain.posts import PostKind
from bot.errors import StoreError
from bot.services.running.loop import Heartbeat, Loop, run_forever
from deploy.sandbox.discord.people.client import Person
from deploy.sandbox.session import Sandbox
from tests.faults.process import audited, command, job_id_of, told
from tests.faults.story import STREAM, archived, count, end, running, settle
from tests.support.fakes import LOST_REPLY
from tests.support.services import Bot, Outside
from tests.support.waiting import PATIENCE


# ---- a full disk -------------------------------------------------------------------------------------------
async def _limit(store: SqliteStore, pages: int) -> None:
    await store._read(lambda db: db.execute(f"PRAGMA max_page_count = {pages}").fetchall())


async def test_a_full_disk_ends_the_bot_with_a_clear_word_and_loses_nothing(outside: Outside, tmp_path: Path) -> None:
    path = tmp_path / "signalbox.db"
    async with open_store(path) as store:
        first = Bot(outside, store, tmp_path)
        job = await running(first, "one")
        pages = await store._read(lambda db: db.execute("PRAGMA page_count").fetchone()[0])
        await _limit(store, pages + 2)
        outside.logs.write(STREAM, *("x" * 1_000 for _ in range(200)), at=outside.clock())
        with pytest.raises(StoreError, match="The disk is full: make room"):
            await run_forever(Loop("tail", first.tail.once, 0), Heartbeat(time.monotonic))
    async with open_store(path) as store:
        second = Bot(outside, store, tmp_path)
        await settle(second)
        end(second)
        await settle(second)
        assert len(archived(second, job)) == 201
        assert count(second, PostKind.END) == 1


async def test_a_full_disk_under_the_archive_keeps_no_other_job_waiting(bot: Bot, outside: Outside) -> None:
    job = await running(bot, "one")
    folder = bot.archive._settings.folder
    folder.write_text("in the way")  # as good as no room: the folder cannot be made
    end(bot)
    await settle(bot)
    assert (await bot.job(job.id)).publication.archived_at is None
    assert count(bot, PostKind.END) == 1
    folder.unlink()
    await settle(bot)
    assert archived(bot, job) == ["one"]


async def test_a_crash_in_the_middle_of_a_migration_leaves_the_version_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, outside: Outside
) -> None:
    path = tmp_path / "signalbox.db"
    async with open_store(path) as store:
        job = await Bot(outside, store, tmp_path).train()

    def crashes(connection: sqlite3.Connection) -> None:
        connection.execute("DROP TABLE post_file")
        raise KeyboardInterrupt

    known = tuple(schema.MIGRATIONS)
    monkeypatch.setattr(schema, "MIGRATIONS", (*known, crashes))
    with pytest.raises(KeyboardInterrupt):
        async with open_store(path):
            pass
    monkeypatch.setattr(schema, "MIGRATIONS", known)
    async with open_store(path) as store:
        assert await store.job(job.id) is not None
        assert len(await store.pending_posts()) == 2


# ---- the clock ---------------------------------------------------------------------------------------------
@pytest.mark.parametrize("restarted", [False, True])
async def test_a_clock_set_back_an_hour_anywhere_in_a_story_changes_nothing_that_is_seen(
    tmp_path: Path, restarted: bool
) -> None:
    for place in range(6):
        folder = tmp_path / str(place)
        folder.mkdir()
        outside = Outside()
        async with open_store(folder / "s.db") as store:
            bot = Bot(outside, store, folder)
            steps = (
                lambda bot: running(bot, "one"),
                lambda bot: _write_and_turn(bot, "two"),
                lambda bot: _lose_a_reply(bot, "three"),
                lambda bot: _write_and_turn(bot, "four"),
                _end_and_turn,
                settle,
            )
            for number, step in enumerate(steps):
                await step(bot)
                if number == place:
                    outside.clock.tick(-3600)
                    bot = Bot(outside, store, folder) if restarted else bot
            began = outside.clock()
            await settle(bot)
            (job,) = await store.jobs()
            assert archived(bot, job) == ["one", "two", "three", "four"], place
            assert [count(bot, kind) for kind in (PostKind.CARD, PostKind.END, PostKind.LOG_FILE)] == [1, 1, 1], place
            assert "".join(bot.said(PostKind.LOG)).count("three") == 1, place
            assert len(outside.engine.submissions) == 1, place
            assert not await store.unfinished(), place
            assert outside.clock() - began < 200, "no negative wait"


async def _write_and_turn(bot: Bot, line: str) -> None:
    bot.outside.clock.tick(5)
    bot.outside.logs.write(STREAM, line, at=1_000_000 + len(bot.outside.logs.streams[STREAM]))
    await bot.turn()


async def _lose_a_reply(bot: Bot, line: str) -> None:
    bot.outside.chat.fail("send", LOST_REPLY, after=True)
    await _write_and_turn(bot, line)


async def _end_and_turn(bot: Bot) -> None:
    end(bot)
    await bot.turn()


# ---- the process -------------------------------------------------------------------------------------------
@pytest.mark.slow
async def test_a_refused_token_ends_the_bot_at_once_with_a_clear_word_once(box: Sandbox) -> None:
    status, output = await command(box, "run", DISCORD_TOKEN="bm90aGluZw.x.y")
    assert status == 1
    assert output.count("Discord refuses the bot's token (DISCORD_TOKEN)") == 1
    assert "Traceback" not in output
    assert "bm90aGluZw" not in output


@pytest.mark.slow
async def test_sigterm_ends_the_bot_in_order_within_10_s_with_a_job_running_and_the_end_is_told_later(
    box: Sandbox,
) -> None:
    config = box.folder / "config.toml"
    lab = box.discord.channels["lab"]
    config.write_text(config.read_text().replace("[discord]\n", f"[discord]\naudit_channel = {lab}\n"))
    await box.bot.start()
    async with Person(box.discord.url, "mika") as mika:
        job_id = await job_id_of(mika)
        began = time.monotonic()
        assert await box.bot.stop() == 0
        assert time.monotonic() - began < 10
        lines = box.bot.last_lines(5)
        assert '"event": "ended"' in lines
        assert "Traceback" not in box.bot.log_path.read_text()
        with closing(sqlite3.connect(box.folder / "bot" / "signalbox.db")) as db:
            assert db.execute("SELECT count(*) FROM job WHERE live").fetchone() == (1,)
        await box.bot.start()
        async with asyncio.timeout(PATIENCE):
            while not await told(mika, job_id):
                await asyncio.sleep(0.1)
        assert len(await told(mika, job_id)) == 1
        async with asyncio.timeout(PATIENCE):
            while not any(f"**submitted** `{job_id}`" in line for line in await audited(mika, "lab")):
                await asyncio.sleep(0.1)
        start, *others = await audited(mika, "lab")
        assert "`/train branch:main epochs:2` in <#" in start
        assert start.endswith(f"**start** `{job_id}`")
        numbers = [line.split("`")[1] for line in (start, *others)]
        assert len(set(numbers)) == len(numbers), "each entry once, over the restart"
