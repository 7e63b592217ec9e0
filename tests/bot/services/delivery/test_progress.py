"""The health page shows when nothing arrives at Discord any more, whatever the reason."""

import asyncio
from typing import Any

from bot.errors import Unavailable
from bot.services.delivery.progress import STALLED_SECONDS
from tests.support.services import Bot, Outside


async def _pass(bot: Bot, outside: Outside, seconds: float) -> None:
    outside.clock.tick(seconds)
    await bot.delivery.once()
    await asyncio.sleep(0)


async def test_health_fails_when_a_delivery_hangs_for_minutes(bot: Bot, outside: Outside) -> None:
    hangs, send = asyncio.Event(), outside.chat.send

    async def hanging(post: Any, job: Any) -> int:
        await hangs.wait()
        return await send(post, job)

    outside.chat.send = hanging  # type: ignore[method-assign]
    await bot.train()
    await _pass(bot, outside, 0)
    for _ in range(3):
        await _pass(bot, outside, STALLED_SECONDS / 4)
    assert bot.delivery.wrong() == ""
    outside.clock.tick(STALLED_SECONDS / 4)
    assert bot.delivery.wrong() == "deliver: nothing delivered to Discord for 240 s, and 2 messages or more wait"
    hangs.set()
    await bot.tell()
    assert bot.delivery.wrong() == ""


async def test_health_fails_while_discord_gives_no_answer(bot: Bot, outside: Outside) -> None:
    outside.chat.fail("send", Unavailable("no answer"), times=99)
    await bot.train()
    for _ in range(10):
        await _pass(bot, outside, STALLED_SECONDS / 8)
        await bot.delivery.settle()
    assert bot.delivery.wrong().startswith("deliver: nothing delivered to Discord for ")


async def test_health_is_good_after_a_long_time_with_nothing_to_deliver(bot: Bot, outside: Outside) -> None:
    await bot.train()
    await bot.tell()
    await _pass(bot, outside, 86_400)
    assert bot.delivery.wrong() == ""
    await bot.train(interaction_id=10)
    await _pass(bot, outside, 0)
    assert bot.delivery.wrong() == ""
