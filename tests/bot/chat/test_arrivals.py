import asyncio

from bot.chat.arrivals import Arrivals
from bot.domain.model.publication import NOWHERE
from tests.bot.chat.jobs import a_job


async def test_waiting_ends_when_the_card_arrives() -> None:
    arrivals = Arrivals()
    waiting = asyncio.create_task(arrivals.wait(a_job(), 60))
    await asyncio.sleep(0)
    arrivals.arrived("b2c3d4", 4)
    arrivals.arrived("k7q2mx", 5)
    assert await waiting == 5


async def test_no_wait_for_a_card_that_exists_or_never_will() -> None:
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
