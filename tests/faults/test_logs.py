"""Logs: every line reaches the archive once, whatever it is and whenever it comes; the thread stays readable."""

import gzip
import random
import re
from pathlib import Path

import pytest

from bot.domain.logs.log_file import MOST_BYTES, PART_BYTES
from bot.domain.logs.log_lines import LogEvent, units
from bot.domain.model.observation import Attempt
from bot.domain.model.states import JobState
from bot.domain.posts import PostKind
from bot.errors import Throttled
from bot.services.logs import archive
from tests.faults.story import STREAM, archived, end, running, settle
from tests.support.services import Bot, Outside

ROLE = "<@&1234567890>"
MENTION = re.compile(r"@everyone|@here|<@[!&]?\d+>|<#\d+>")


async def _told(bot: Bot, *lines: str) -> str:
    """What the thread shows of these lines."""
    await running(bot, *lines)
    await settle(bot)
    return "\n".join(bot.said(PostKind.LOG))


async def test_500_events_in_one_millisecond_each_once(bot: Bot, outside: Outside) -> None:
    outside.logs.page = 7  # all but the last page are cut inside the millisecond
    job = await running(bot, *(f"line {number}" for number in range(500)))
    await settle(bot)
    end(bot)
    await settle(bot)
    assert archived(bot, job) == [f"line {number}" for number in range(500)]


async def test_a_line_40_seconds_after_the_end_is_in_the_archive_and_in_the_thread(bot: Bot, outside: Outside) -> None:
    """The drain of this bot is 10 s; what keeps it waiting is that lines still come."""
    job = await running(bot, "one")
    end(bot)
    ended = outside.clock()
    for number in range(5):
        await bot.turn()
        outside.clock.tick(8)
        outside.logs.write(STREAM, f"late {number}", at=ended)
    await settle(bot)
    assert outside.clock() - ended >= 40
    assert archived(bot, job) == ["one", *(f"late {number}" for number in range(5))]
    assert "late 4" in bot.said(PostKind.LOG)[-1]


async def test_empty_pages_with_a_token_are_read_on(bot: Bot, outside: Outside) -> None:
    read = outside.logs.read

    async def with_empty_pages(group: str, streams: list[str], since_ms: int, token: str | None = None) -> object:
        if token is None or token.startswith("empty"):
            count = int((token or "empty0").removeprefix("empty"))
            if count < 5:
                return type(await read(group, streams, since_ms))((), f"empty{count + 1}")
            token = None
        return await read(group, streams, since_ms, token)

    outside.logs.read = with_empty_pages  # type: ignore[method-assign, assignment]
    assert await _told(bot, "one", "two") == "```\none\ntwo\n```"


async def test_a_stream_that_appears_late(bot: Bot, outside: Outside) -> None:
    job = await bot.train()
    await bot.turn()
    outside.engine.move("batch-1", JobState.RUNNING, Attempt(STREAM, outside.clock()))
    began = outside.clock()
    for _ in range(40):
        await bot.turn()
        outside.clock.tick(15)
    assert STREAM not in outside.logs.streams
    outside.logs.write(STREAM, "one", "two", at=began)
    outside.logs.write(STREAM, "three", at=outside.clock())
    await settle(bot)
    end(bot)
    await settle(bot)
    assert archived(bot, job) == ["one", "two", "three"]


async def test_a_stream_that_never_appears_keeps_no_end_from_being_told(bot: Bot, outside: Outside) -> None:
    job = await bot.train()
    await bot.turn()
    outside.engine.move("batch-1", JobState.RUNNING, Attempt(STREAM, outside.clock()))
    await bot.turn()
    end(bot, JobState.FAILED, 1)
    await settle(bot)
    assert len(bot.said(PostKind.END)) == 1
    assert (await bot.job(job.id)).publication.archived_at is not None
    assert not bot.said(PostKind.LOG_FILE)
    assert not await bot.store.unfinished()


async def test_the_second_attempts_stream_is_read_and_the_first_ones_last_lines_too(bot: Bot, outside: Outside) -> None:
    job = await running(bot, "one")
    lost = Attempt(STREAM, outside.clock() - 5, outside.clock(), None, "Host EC2 (instance i-1) terminated.")
    second = "trainer/default/2"
    outside.engine.move("batch-1", JobState.RUNNING, lost, Attempt(second, outside.clock()))
    outside.logs.write(second, "three", at=outside.clock() + 2)
    outside.clock.tick(3)
    await bot.turn()
    outside.logs.write(STREAM, "two", at=outside.clock() - 3)
    outside.clock.tick(6)
    await bot.turn()
    outside.engine.move(
        "batch-1", JobState.SUCCEEDED, lost, Attempt(second, outside.clock() - 9, outside.clock(), 0, "")
    )
    await settle(bot)
    assert sorted(archived(bot, job)) == ["one", "three", "two"]


async def test_reads_that_are_throttled_for_minutes_lose_nothing(bot: Bot, outside: Outside) -> None:
    job = await running(bot, "one")
    outside.logs.fail("read", Throttled("Rate exceeded"), times=50)
    outside.logs.write(STREAM, "two", at=outside.clock())
    await settle(bot)
    end(bot)
    await settle(bot)
    assert archived(bot, job) == ["one", "two"]


# ---- very much ---------------------------------------------------------------------------------------------
async def _archive(bot: Bot, size: int, lines: list[str]) -> Path:
    """The attachment of a job with that log; the archive is complete."""
    job = await running(bot, *lines)
    end(bot)
    await settle(bot)
    (post,) = [m.post for m in bot.outside.chat.messages if m.post.new.kind is PostKind.LOG_FILE]
    assert len(post.new.text) <= 2_000
    stored = bot.outside.artifacts.objects[f"s3://bucket/jobs/{job.id}/log.txt"]
    assert stored.count(b"\n") == len(lines)
    assert len(stored) >= size
    (file,) = post.new.files
    assert file.name == Path(file.path).name
    return Path(file.path)


@pytest.mark.slow
@pytest.mark.parametrize(
    "count", [10_000, pytest.param(100_000, marks=pytest.mark.exhaustive)], ids=["10_mb", "100_mb"]
)
async def test_a_flood_in_a_minute_is_a_digest_and_the_packed_file_within_discords_limits(
    bot: Bot, outside: Outside, count: int
) -> None:
    lines = [f"step {number} " + "loss 0.123 " * 90 for number in range(count)]
    attached = await _archive(bot, 990 * count, lines)
    assert attached.name.endswith(".log.gz")
    assert attached.stat().st_size <= MOST_BYTES
    with gzip.open(attached, "rb") as file:
        assert sum(1 for _ in file) == count
    logs = [m.post.new for m in outside.chat.messages if m.post.new.kind is PostKind.LOG]
    assert 1 <= len(logs) <= 5, "digests, not a flood"
    assert any("left out" in post.text for post in logs)
    assert all(units(post.text) <= (4_096 if post.digest else 2_000) for post in logs)


@pytest.mark.parametrize(("lines", "suffix"), [(1_000, ".log"), (1_100, ".log.gz"), (9_000, ".log.gz")])
async def test_a_log_above_1_mib_is_packed_for_slow_uplinks(bot: Bot, lines: int, suffix: str) -> None:
    attached = await _archive(bot, lines * 1_000, [f"step {n:06} ".ljust(1_000, "x") for n in range(lines)])
    assert attached.name.endswith(suffix)
    assert attached.stat().st_size <= 1_048_576


@pytest.mark.slow
@pytest.mark.parametrize(
    "divisor", [8, pytest.param(1, marks=pytest.mark.exhaustive)], ids=["an eighth", "the real size"]
)
async def test_a_log_that_is_too_long_also_when_packed_shows_its_end_and_where_all_of_it_is(
    bot: Bot, monkeypatch: pytest.MonkeyPatch, divisor: int
) -> None:
    monkeypatch.setattr(archive, "MOST_BYTES", MOST_BYTES // divisor)
    monkeypatch.setattr(archive, "PART_BYTES", PART_BYTES // divisor)
    noise = random.Random(7)
    lines = [noise.randbytes(1_000).hex() for _ in range(12_000 // divisor)]
    attached = await _archive(bot, 24_000_000 // divisor, lines)
    assert attached.stat().st_size <= MOST_BYTES // divisor
    content = attached.read_text().splitlines()
    assert content == lines[-len(content) :], "whole lines, to the last"
    (text,) = bot.said(PostKind.LOG_FILE)
    assert f"The last {8 // divisor} MiB" in text
    assert re.search(r"`s3://bucket/jobs/\w+/log\.txt`", text)


async def test_a_line_of_256_kb(bot: Bot) -> None:
    job = await running(bot, "x" * 262_144, "after")
    end(bot)
    await settle(bot)
    told = bot.said(PostKind.LOG)
    assert all(units(text) <= 2_000 for text in told)
    assert "characters)" in told[0]
    assert "after" in told[-1]
    assert [len(line) for line in archived(bot, job)] == [262_144, 5]


# ---- very odd ----------------------------------------------------------------------------------------------
async def test_nul_ansi_and_right_to_left_are_cleaned(bot: Bot) -> None:
    told = await _told(bot, "a\0b", "\x1b[31mred\x1b[0m \x1b]0;title\x07x", "user\u202egnp.exe\u2066")
    assert told == "```\nab\nred x\nusergnp.exe\n```"


async def test_a_split_emoji_is_neither_lost_nor_an_obstacle(bot: Bot) -> None:
    """An event may begin or end in the middle of a surrogate pair, and a cut never makes one."""
    job = await running(bot, "half \ud83d", "\ude00 other half", "family 👨‍👩‍👧‍👦 " * 200)
    end(bot)
    await settle(bot)
    told = "\n".join(bot.said(PostKind.LOG))
    assert "half \ufffd" in told
    told.encode()
    assert "👨‍👩‍👧‍👦" in told
    assert not re.search("👨\u200d…|\u200d…", told)
    assert len(archived(bot, job)) == 3


async def test_triple_backticks_do_not_end_the_block(bot: Bot) -> None:
    told = await _told(bot, "```", "out of it ````` @everyone", "`` ` ``")
    assert told.count("```") == 2
    assert told.startswith("```\n")
    assert told.endswith("\n```")


async def test_everyone_roles_people_and_channels_cannot_be_mentioned(bot: Bot) -> None:
    told = await _told(bot, "@everyone @here", f"{ROLE} <@42> <@!42> <#7>", "@EVERYONE")
    assert not MENTION.search(told.lower())


async def test_masked_links_are_shown_as_they_are(bot: Bot) -> None:
    """Inside a code block Discord makes no link of it, and nothing ends the block."""
    link = "[click here](https://evil.example/steal)"
    told = await _told(bot, link)
    assert told == f"```\n{link}\n```"


async def test_odd_lines_are_inert_in_the_ends_message_too(bot: Bot) -> None:
    await running(bot, "```", "@everyone", f"ValueError: {ROLE} ``` [x](https://evil.example)")
    end(bot, JobState.FAILED, 1)
    await settle(bot)
    (text,) = bot.said(PostKind.END)
    assert text.count("```") == 2
    assert not MENTION.search(text)


async def test_an_event_id_seen_again_is_the_same_line(bot: Bot, outside: Outside) -> None:
    job = await running(bot, "one")
    first = outside.logs.streams[STREAM][0]
    outside.logs.streams[STREAM] += [first, LogEvent("other", STREAM, first.timestamp, "one")]
    end(bot)
    await settle(bot)
    assert archived(bot, job) == ["one", "one"], "by its id, not by its text"
