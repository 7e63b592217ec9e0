"""What a refusal of Discord's costs: one message, or a thread until it is open again, and that people can see it."""

import re

import pytest

from bot.chat.cards import choose
from bot.domain.model.publication import NOWHERE
from bot.domain.posts import PostKind
from bot.errors import Denied, Missing, Refused
from bot.services.delivery.posts import CLOSED_SECONDS
from tests.faults.story import STREAM, count, end, running, settle
from tests.support.projects import PROJECT
from tests.support.services import Bot, Outside
from tests.support.sweeps import BEST, GRID, end_child, leave

BLOCKED = Refused("Posting a log: Message blocked by harmful links filter (240000)", code="240000")
LOCKED = Denied("Posting a log: Thread is locked (160005)", code="160005")
DELETED = Missing("Posting a log: Unknown Channel (10003)", code="10003")
FORBIDDEN = Denied("Posting a card: Missing Permissions (50013)", code="50013")
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
    for line in ("two", "three"):
        await _print(bot, outside, line)
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


async def test_a_refused_card_is_posted_with_its_thread_once_the_channel_takes_it(bot: Bot, outside: Outside) -> None:
    """Somebody has taken the bot's permission for a while."""
    outside.chat.fail("send", FORBIDDEN, times=2)
    job = await running(bot, "one")
    assert count(bot, PostKind.CARD) == 0
    assert "Missing Permissions (50013). I keep trying." in await _card(bot, job.id)
    await _print(bot, outside, "two")
    for _ in range(2):  # the first try is refused
        outside.clock.tick(CLOSED_SECONDS)
        await bot.turn()
        await bot.tell()
    await _print(bot, outside, "three")
    assert [count(bot, kind) for kind in (PostKind.CARD, PostKind.THREAD)] == [1, 1]
    assert bot.said(PostKind.LOG) == ["```\none\ntwo\n```", "```\nthree\n```"], "no line is lost"
    assert "There is no card" not in await _card(bot, job.id)
    end(bot)
    await settle(bot)
    assert count(bot, PostKind.LOG_FILE) == count(bot, PostKind.END) == 1
    assert not await bot.store.pending_posts()


async def test_a_card_whose_channel_is_deleted_is_given_up_for_good(bot: Bot, outside: Outside) -> None:
    outside.chat.fail("send", DELETED)
    job = await bot.train()
    await bot.tell()
    for _ in range(5):
        outside.clock.tick(CLOSED_SECONDS)
        await bot.turn()
    assert outside.chat.sends == 1
    text = choose.with_lost_places(await bot.job(job.id), PROJECT)
    assert "There is no card in the channel: Posting a log: Unknown Channel" in text
    assert "I keep trying" not in text


async def test_a_deleted_card_is_given_up_and_status_says_so_while_the_thread_goes_on(
    bot: Bot, outside: Outside
) -> None:
    job = await running(bot, "one")
    outside.chat.fail("show", Missing("Editing a card: Unknown Message (10008)", code="10008"))
    await _print(bot, outside, '@metrics {"epoch": 1}')
    edits = len(outside.chat.edits)
    for epoch in range(2, 5):
        outside.clock.tick(CLOSED_SECONDS)
        await _print(bot, outside, f'@metrics {{"epoch": {epoch}}}', f"epoch {epoch}")
    assert len(outside.chat.edits) == edits
    assert count(bot, PostKind.CARD) == 1, "no second card"
    assert "epoch 4" in bot.said(PostKind.LOG)[-1]
    text = choose.with_lost_places(await bot.job(job.id), PROJECT)
    assert "There is no card in the channel: Editing a card: Unknown Message" in text
    assert "I keep trying" not in text


async def test_a_locked_thread_is_taken_up_again_although_its_card_was_deleted(bot: Bot, outside: Outside) -> None:
    job = await running(bot, "one")
    outside.chat.fail("show", Missing("Editing a card: Unknown Message (10008)", code="10008"))
    outside.chat.fail("send", LOCKED)
    await _print(bot, outside, "two", '@metrics {"epoch": 1}')
    text = choose.with_lost_places(await bot.job(job.id), PROJECT)
    assert "There is no card in the channel" in text
    assert "I can't post in the thread: Posting a log: Thread is locked" in text
    outside.clock.tick(CLOSED_SECONDS)
    for line in ("three", "four"):
        await _print(bot, outside, line)
    assert "two" in bot.said(PostKind.LOG)[1]
    assert count(bot, PostKind.CARD) == count(bot, PostKind.THREAD) == 1


async def test_a_channel_that_has_no_threads_is_not_asked_again(bot: Bot, outside: Outside) -> None:
    send, asked = outside.chat.send, []
    no_threads = Missing("Starting a thread: Cannot execute action on this channel type (50024)", code="50024")

    async def picky(post, job):  # type: ignore[no-untyped-def]
        if post.new.kind is PostKind.THREAD:
            asked.append(post)
            raise no_threads
        return await send(post, job)

    outside.chat.send = picky  # type: ignore[method-assign]
    job = await running(bot, "one")
    for _ in range(3):
        outside.clock.tick(CLOSED_SECONDS)
        await bot.turn()
    card = await _card(bot, job.id)
    assert len(asked) == 1
    assert "Cannot execute action on this channel type" in card
    assert "I keep trying" not in card
    end(bot)
    await settle(bot)
    assert count(bot, PostKind.END) == 1


async def test_an_opened_thread_is_taken_up_at_once(bot: Bot, outside: Outside) -> None:
    """Discord says so with THREAD_UPDATE."""
    job = await running(bot, "one")
    outside.chat.fail("send", LOCKED)
    await _print(bot, outside, "two")
    bot.delivery.opened(4711)
    await bot.tell()
    assert (await bot.job(job.id)).publication.thread_id == NOWHERE, "that was another thread"
    bot.delivery.opened(job.publication.thread_id or 0)
    await bot.tell()
    await _print(bot, outside, "three")
    assert bot.said(PostKind.LOG)[-1] == "```\ntwo\nthree\n```"
    assert not (await bot.job(job.id)).publication.closed.why


@pytest.mark.parametrize("known", [True, False], ids=["channel", "role"])
async def test_an_opened_channel_is_taken_up_at_once(bot: Bot, outside: Outside, known: bool) -> None:
    """Somebody gave the permission back: CHANNEL_UPDATE or GUILD_ROLE_UPDATE."""
    outside.chat.fail("send", FORBIDDEN)
    job = await running(bot, "one")
    bot.delivery.opened(job.request.channel_id if known else None)
    await bot.tell()
    await _print(bot, outside, "two")
    assert [count(bot, kind) for kind in (PostKind.CARD, PostKind.THREAD)] == [1, 1]
    assert bot.said(PostKind.LOG) == ["```\none\ntwo\n```"]


@pytest.mark.parametrize("refusal", [LOCKED, FULL], ids=["locked", "no thread yet"])
async def test_reports_of_trials_wait_for_the_thread(bot: Bot, outside: Outside, refusal: Refused) -> None:
    """As a job's lines do: each trial is reported once, in order."""
    send, refusals = outside.chat.send, [refusal] * 2

    async def picky(post, job):  # type: ignore[no-untyped-def]
        wanted = PostKind.THREAD if refusal is FULL else PostKind.NOTE
        if post.new.kind is wanted and refusals:
            raise refusals.pop()
        return await send(post, job)

    outside.chat.send = picky  # type: ignore[method-assign]
    proposal = await bot.sweep(GRID)
    await bot.turn()
    for number in range(3):
        leave(outside, proposal.sweep.id, number, BEST[number])
        end_child(outside, f"batch-1:{number}")
        outside.clock.tick(60)
        await bot.turn()
    assert bot.said(PostKind.NOTE) == []
    assert bot.delivery.wrong() == "", "nothing hangs"
    for _ in range(2):  # the first try is refused
        outside.clock.tick(CLOSED_SECONDS)
        await bot.turn()
        await bot.tell()
    notes = "\n".join(bot.said(PostKind.NOTE))
    assert re.findall(r"(?m)^`*\.(\d+)\b", notes) == ["0", "1", "2"], notes
    assert not (await bot.swept(proposal.sweep.id)).publication.closed.why
    assert not await bot.store.pending_posts()
