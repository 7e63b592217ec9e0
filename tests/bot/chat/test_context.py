import asyncio

from bot.chat.context import Arrivals
from bot.domain.model.publication import NOWHERE
from tests.bot.chat.jobs import a_job


async def test_who_waits_for_a_card_is_told_when_it_has_come() -> None:
    arrivals = Arrivals()
    waiting = asyncio.create_task(arrivals.wait(a_job(), 60))
    await asyncio.sleep(0)
    arrivals.arrived("b2c3d4", 4)
    arrivals.arrived("k7q2mx", 5)
    assert await waiting == 5


async def test_a_card_that_is_there_or_never_comes_is_not_waited_for() -> None:
    arrivals = Arrivals()
    assert await arrivals.wait(a_job(card_id=5), 60) == 5
    assert await arrivals.wait(a_job(card_id=NOWHERE), 60) is None


async def test_the_wait_ends() -> None:
    arrivals = Arrivals()
    assert await arrivals.wait(a_job(), 0) is None
    arrivals.arrived("k7q2mx", 5)
    waiting = asyncio.create_task(arrivals.wait(a_job(), 60))
    await asyncio.sleep(0)
    waiting.cancel()
    await asyncio.gather(waiting, return_exceptions=True)
    assert waiting.cancelled()
