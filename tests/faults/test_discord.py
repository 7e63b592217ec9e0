"""Discord: every end is told once, somewhere, and nothing that is refused is asked again and again."""

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest

from bot.chat.delivery.breaker import MOST_INVALID, WINDOW_SECONDS, Breaker
from bot.domain.model.observation import Attempt
from bot.domain.model.publication import DIRECT, NOWHERE
from bot.domain.model.rows import Posted
from bot.domain.model.states import EndReason, JobState
from bot.domain.posts import PostKind
from bot.errors import Denied, Missing, Refused, Throttled
from bot.ports.store import Store
from tests.faults.story import STREAM, count, end, running, settle
from tests.support.fakes import LOST_REPLY
from tests.support.services import MIKA, Bot, Outside

FORBIDDEN = Denied("Missing Permissions (50013)", code="50013")
GONE = Missing("Unknown Channel (10003)", code="10003")


# ---- replies that are lost ---------------------------------------------------------------------------------
@pytest.mark.parametrize("seconds", [3, 59, 61, 3600], ids=["inside", "at its end", "after", "long after"])
async def test_a_reply_lost_is_retried_inside_and_after_the_nonce_window_and_told_once(
    bot: Bot, outside: Outside, seconds: float
) -> None:
    await running(bot, "one")
    end(bot)
    await bot.track_jobs.once()
    await bot.announce_result.once()
    outside.chat.fail("send", LOST_REPLY, after=True)
    await bot.tell()
    outside.clock.tick(seconds)
    await settle(bot)
    assert count(bot, PostKind.END) == 1
    assert not await bot.store.unfinished()


async def test_after_a_clock_set_back_the_history_is_read_as_the_window_may_have_passed(
    bot: Bot, outside: Outside
) -> None:
    """Discord's window goes by Discord's clock: 61 s later the bot's own says that an hour is still to come."""
    await running(bot, "one")
    end(bot)
    await bot.track_jobs.once()
    await bot.announce_result.once()
    outside.chat.fail("send", LOST_REPLY, after=True)
    await bot.tell()
    outside.chat.window = -1  # passed, whatever the bot's clock says
    outside.clock.tick(-3600)
    await settle(bot)
    assert count(bot, PostKind.END) == 1


# ---- places that are gone or forbidden ---------------------------------------------------------------------
def _place(job: Posted) -> int:
    return job.publication.result.place(job.request.channel_id)


class _Places(Outside):
    """A chat in which some places refuse whatever is sent to them."""

    def refuse(self, places: dict[int, Exception]) -> list[int]:
        """Returns the places that are asked from now on."""
        asked: list[int] = []
        send = self.chat.send

        async def picky(post: Any, job: Posted) -> int:
            if post.new.kind is PostKind.END:
                asked.append(_place(job))
                if _place(job) in places:
                    raise places[_place(job)]
            return await send(post, job)

        self.chat.send = picky  # type: ignore[method-assign]
        return asked


@pytest.fixture
def outside() -> _Places:
    return _Places()


@pytest.mark.parametrize("error", [GONE, FORBIDDEN], ids=["deleted", "forbidden"])
async def test_an_end_whose_channel_is_gone_or_forbidden_is_told_to_the_asker(
    bot: Bot, outside: _Places, error: Refused
) -> None:
    job = await running(bot, "one")
    asked = outside.refuse({job.request.channel_id: error})
    end(bot)
    await settle(bot)
    assert asked == [job.request.channel_id, DIRECT], "each place is asked once"
    assert count(bot, PostKind.END) == 1
    assert (await bot.job(job.id)).publication.result.undeliverable == ""


async def test_an_end_is_told_in_the_projects_other_channel_first(bot: Bot, outside: _Places) -> None:
    job = await running(bot, "one")
    bot.delivery._posts._projects = {
        "mnist": replace(bot.delivery._posts._projects["mnist"], channel_ids=(job.request.channel_id, 88, 99))
    }
    asked = outside.refuse({job.request.channel_id: GONE, 88: FORBIDDEN})
    end(bot)
    await settle(bot)
    assert asked == [job.request.channel_id, 88, 99]
    assert count(bot, PostKind.END) == 1


async def test_an_end_that_no_place_takes_is_parked_and_shown_in_status(bot: Bot, outside: _Places) -> None:
    job = await running(bot, "one")
    asked = outside.refuse(dict.fromkeys((job.request.channel_id, DIRECT), FORBIDDEN))
    end(bot)
    for _ in range(10):
        await settle(bot)
    assert asked == [job.request.channel_id, DIRECT], "never a loop"
    assert (await bot.job(job.id)).publication.result.undeliverable == str(FORBIDDEN)
    assert [found.id for found in await bot.find.undelivered(MIKA)] == [job.id]
    assert not await bot.store.pending_posts()
    assert not await bot.store.unfinished()


async def test_a_reply_lost_on_the_way_elsewhere_is_told_there_once(bot: Bot, outside: _Places) -> None:
    job = await running(bot, "one")
    outside.refuse({job.request.channel_id: GONE})
    end(bot)
    await bot.track_jobs.once()
    await bot.announce_result.once()
    await bot.delivery.once()
    await bot.delivery.settle()
    outside.chat.fail("send", LOST_REPLY, after=True)
    await bot.tell()
    outside.clock.tick(3600)
    await settle(bot)
    assert count(bot, PostKind.END) == 1


async def test_a_deleted_card_is_not_edited_again(bot: Bot, outside: _Places) -> None:
    job = await running(bot, "one")
    outside.chat.fail("show", Missing("Unknown Message", code="10008"), times=99)
    for epoch in range(1, 9):
        outside.logs.write(STREAM, f'@metrics {{"epoch": {epoch}}}', at=outside.clock())
        outside.clock.tick(6)
        await bot.turn()
    assert len(outside.chat.faults) == 98
    assert (await bot.job(job.id)).publication.card_id == NOWHERE
    end(bot)
    await settle(bot)
    assert count(bot, PostKind.END) == 1


async def test_a_card_that_may_not_be_edited_is_tried_again_every_ten_minutes_at_most(
    bot: Bot, outside: _Places
) -> None:
    await running(bot, "one")
    outside.chat.fail("show", FORBIDDEN, times=99)
    for epoch in range(200):  # 20 minutes
        outside.logs.write(STREAM, f'@metrics {{"epoch": {epoch}}}', at=outside.clock())
        outside.clock.tick(6)
        await bot.turn()
    assert len(outside.chat.faults) >= 99 - 3
    outside.chat.faults.clear()
    outside.clock.tick(601)
    await bot.turn()
    assert outside.chat.edits[-1].progress.epoch == 199


async def test_a_locked_thread_takes_nothing_more_and_the_end_is_told(bot: Bot, outside: _Places) -> None:
    job = await running(bot, "one")
    outside.chat.fail("send", Denied("Thread is locked", code="160005"))
    outside.logs.write(STREAM, *(f"line {n}" for n in range(3)), at=outside.clock())
    await bot.turn()
    sends = outside.chat.sends
    for _ in range(10):
        outside.logs.write(STREAM, "more", at=outside.clock())
        outside.clock.tick(5)
        await bot.turn()
    assert outside.chat.sends == sends, "never a loop of invalid requests"
    end(bot)
    await settle(bot)
    assert count(bot, PostKind.END) == 1
    assert (await bot.job(job.id)).publication.archived_at is not None


# ---- rates -------------------------------------------------------------------------------------------------
async def test_throttled_posts_wait_as_long_as_they_are_told_to_and_arrive_once(bot: Bot, outside: _Places) -> None:
    await bot.train()
    outside.chat.fail("send", Throttled("global", retry_after=90), times=2)
    await bot.tell()
    for _ in range(80):
        outside.clock.tick(1)
        await bot.tell()
    assert outside.chat.sends == 1
    for _ in range(140):
        outside.clock.tick(1)
        await bot.tell()
    assert [m.post.new.kind for m in outside.chat.messages] == [PostKind.CARD, PostKind.THREAD]


async def test_a_clock_set_back_an_hour_makes_no_post_wait_an_hour(bot: Bot, outside: _Places) -> None:
    job = await running(bot, "one")
    outside.chat.fail("send", LOST_REPLY, times=1)
    outside.logs.write(STREAM, "two", at=outside.clock())
    await bot.turn()
    outside.clock.tick(-3600)
    outside.logs.write(STREAM, '@metrics {"epoch": 1}', at=outside.clock() + 3600)
    for _ in range(3):
        outside.clock.tick(5)
        await bot.turn()
    assert bot.said(PostKind.LOG) == ["```\none\n```", "```\ntwo\n```"], "no negative wait, and none twice"
    assert outside.chat.edits[-1].progress.epoch == 1, "and the card keeps its pace"
    await bot.stop.stop(job.id, _asker())
    await bot.stop.once()
    outside.clock.tick(-3600)
    await bot.stop.once()
    assert outside.engine.terminated == ["batch-1", "batch-1"]


def _asker() -> Any:
    return SimpleNamespace(id=1, name="mika", roles=frozenset({"trainer", "admin"}), names=frozenset())


def test_the_breaker_stops_all_calls_long_before_discord_bans_the_address() -> None:
    now = [0.0]
    breaker = Breaker(lambda: now[0])
    for _ in range(MOST_INVALID):
        breaker.check()
        breaker.answered(403)
        breaker.answered(404)
        now[0] += 0.1
    with pytest.raises(Throttled, match=r"refused 1,000 requests .* To avoid a ban, the bot waits") as caught:
        breaker.check()
    assert caught.value.retry_after == pytest.approx(WINDOW_SECONDS - 100)
    now[0] = WINDOW_SECONDS + 0.1
    breaker.check()


async def test_failed_while_nobody_could_be_told_is_told_after_a_restart(
    outside: _Places, store: Store, tmp_path: Any
) -> None:
    first = Bot(outside, store, tmp_path)
    job = await running(first, "one")
    outside.chat.fail("send", LOST_REPLY, times=500)
    outside.engine.move("batch-1", JobState.FAILED, Attempt(STREAM, outside.clock() - 10, outside.clock(), 1))
    await settle(first)
    outside.chat.faults.clear()
    outside.clock.tick(7 * 3600)
    second = Bot(outside, store, tmp_path)
    await settle(second)
    assert count(second, PostKind.END) == 1
    assert (await second.job(job.id)).execution.reason is EndReason.COMMAND_FAILED
