"""What a refusal of Discord's costs: one message, or a thread until it is open again, and that people can see it."""

import pytest

from bot.chat.cards import choose
from bot.domain.model.publication import NOWHERE
from bot.domain.posts import PostKind
from bot.errors import Denied, Missing, Refused
from bot.services.delivery.posts import CLOSED_SECONDS
from tests.faults.story import STREAM, count, end, running, settle
from tests.support.projects import PROJECT
from tests.support.services import Bot, Outside

BLOCKED = Refused("Posting a log: Message blocked by harmful links filter (240000)", code="240000")
LOCKED = Denied("Posting a log: Thread is locked (160005)", code="160005")
DELETED = Missing("Posting a log: Unknown Channel (10003)", code="10003")
FULL = Refused("Starting a thread: Maximum number of active threads reached (160006)", code="160006")


async def _print(bot: Bot, outside: Outside, *lines: str) -> None:
    outside.logs.write(STREAM, *lines, at=outside.clock())
    outside.clock.tick(5)
    await bot.turn()
    await bot.tell()


async def _card(bot: Bot, job_id: str) -> str:
    return choose.card(await bot.job(job_id), PROJECT).description or ""


async def test_a_refused_log_message_is_replaced_by_a_sentence_and_the_thread_goes_on(
    bot: Bot, outside: Outside
) -> None:
    await running(bot, "one")
    outside.chat.fail("send", BLOCKED)
    await _print(bot, outside, "get https://harmful.example/")
    await _print(bot, outside, "three")
    sentence = f"(Discord refused the message that belongs here: {BLOCKED})"
    assert [text.replace("\\", "") for text in bot.said(PostKind.LOG)] == [
        "```\none\n```",
        sentence,
        "```\nthree\n```",
    ]
    end(bot)
    await settle(bot)
    assert count(bot, PostKind.LOG_FILE) == count(bot, PostKind.END) == 1


async def test_a_sentence_that_is_refused_too_costs_nothing_more(bot: Bot, outside: Outside) -> None:
    await running(bot, "one")
    outside.chat.fail("send", BLOCKED, times=2)
    await _print(bot, outside, "two")
    await _print(bot, outside, "three")
    assert bot.said(PostKind.LOG) == ["```\none\n```", "```\nthree\n```"]


@pytest.mark.parametrize("kind", [PostKind.CARD, PostKind.THREAD, PostKind.END])
async def test_a_refused_card_thread_or_result_still_arrives(bot: Bot, outside: Outside, kind: PostKind) -> None:
    send, refusals = outside.chat.send, [BLOCKED]

    async def picky(post, job):  # type: ignore[no-untyped-def]
        if post.new.kind is kind and refusals:
            raise refusals.pop()
        return await send(post, job)

    outside.chat.send = picky  # type: ignore[method-assign]
    job = await running(bot, "one")
    for _ in range(4):
        outside.clock.tick(CLOSED_SECONDS / 2)
        await bot.turn()
    end(bot)
    await settle(bot)
    assert [count(bot, each) for each in (PostKind.CARD, PostKind.THREAD, PostKind.END)] == [1, 1, 1]
    assert count(bot, PostKind.LOG) == 1
    assert not (await bot.job(job.id)).publication.result.undeliverable


async def test_a_locked_thread_is_shown_on_the_card_and_taken_up_again_when_it_is_unlocked(
    bot: Bot, outside: Outside
) -> None:
    job = await running(bot, "one")
    thread_id = job.publication.thread_id
    outside.chat.fail("send", LOCKED, times=2)
    await _print(bot, outside, "two", "three")
    outside.clock.tick(5)
    await bot.turn()
    assert "I can't post in the thread: Posting a log: Thread is locked" in await _card(bot, job.id)
    assert "I can't post" in (choose.card(outside.chat.edits[-1], PROJECT).description or "")
    await _print(bot, outside, "four")
    for _ in range(2):  # the first try is refused
        outside.clock.tick(CLOSED_SECONDS)
        await bot.turn()
        await bot.tell()
    assert (await bot.job(job.id)).publication.thread_id == thread_id
    assert "I can't post" not in await _card(bot, job.id)
    await _print(bot, outside, "five")
    assert bot.said(PostKind.LOG) == ["```\none\n```", "```\ntwo\nthree\nfour\n```", "```\nfive\n```"]


async def test_a_thread_unlocked_before_the_end_gets_the_whole_log(bot: Bot, outside: Outside) -> None:
    await running(bot, "one")
    outside.chat.fail("send", LOCKED)
    await _print(bot, outside, "two")
    end(bot)
    await settle(bot)
    assert count(bot, PostKind.LOG_FILE) == 1


async def test_a_deleted_thread_is_given_up_and_the_card_says_so(bot: Bot, outside: Outside) -> None:
    job = await running(bot, "one")
    outside.chat.fail("send", DELETED)
    await _print(bot, outside, "two")
    sends = outside.chat.sends
    for _ in range(5):
        outside.clock.tick(CLOSED_SECONDS)
        await _print(bot, outside, "more")
    assert outside.chat.sends == sends
    card = await _card(bot, job.id)
    assert "Unknown Channel" in card
    assert "I keep trying" not in card


async def test_a_server_with_too_many_threads_gets_one_as_soon_as_there_is_room(bot: Bot, outside: Outside) -> None:
    send, refusals = outside.chat.send, [FULL] * 2

    async def picky(post, job):  # type: ignore[no-untyped-def]
        if post.new.kind is PostKind.THREAD and refusals:
            raise refusals.pop()
        return await send(post, job)

    outside.chat.send = picky  # type: ignore[method-assign]
    job = await running(bot, "one")
    assert "Maximum number of active threads reached" in await _card(bot, job.id)
    for _ in range(2):
        outside.clock.tick(CLOSED_SECONDS)
        await _print(bot, outside, "two")
    assert (await bot.job(job.id)).publication.thread_id not in (None, NOWHERE)
    assert bot.said(PostKind.LOG) == ["```\none\ntwo\ntwo\n```"], "no line is lost"


async def test_status_says_why_a_job_has_no_card(bot: Bot, outside: Outside) -> None:
    outside.chat.fail("send", Denied("Posting a card: Missing Permissions (50013)", code="50013"))
    job = await bot.train()
    await bot.tell()
    found = await bot.job(job.id)
    assert "There is no card in the channel: Posting a card: Missing Permissions" in await _card(bot, job.id)
    assert "There is no card" in choose.with_lost_places(found, PROJECT)
