"""A job that waits for a spot price: it starts once, when the price is there, or ends in time, or is stopped."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from bot.adapters.sqlite import open_store
from bot.chat.cards.choose import card
from bot.domain.model.job import Job
from bot.domain.model.states import EndReason, JobState
from bot.domain.money.caps import Caps, Limits
from bot.domain.money.machine import Machine
from bot.domain.money.price_settings import PriceSettings
from bot.domain.money.quote import Terms
from bot.domain.posts import PostKind
from bot.errors import BadInput, CapReached, Unavailable, UserError
from bot.ports.store import Store
from bot.services.jobs.submit import Submit
from bot.services.money.price_book import PriceBook
from bot.services.money.quotes import Quotes
from bot.services.money.spot.start_below import StartBelow
from tests.bot.services.money.memory_prices import FakePrices, machines
from tests.support.projects import PROJECT
from tests.support.services import MIKA, Bot, Outside

PRICED = replace(PROJECT, usd_per_hour=None, machines=(Machine("cpu", "cpu-queue"),))
HOUR, FRESH = 3_600.0, 600.0


class Desk:
    """One life of the bot, on prices that outlive it."""

    def __init__(self, outside: Outside, store: Store, folder: Path, prices: FakePrices, caps: Caps | None) -> None:
        self.bot = Bot(outside, store, folder, project=PRICED, caps=caps)
        self.outside, self.prices = outside, prices
        book = PriceBook(prices, folder / "prices.json", outside.clock, PriceSettings())
        quotes = Quotes(store, outside.engine, book)
        ids = iter("abcdefghij")
        self.bot.submit = Submit(
            self.bot.core, outside.code, outside.engine.capabilities, quotes, new_id=lambda: f"wait{next(ids)}"
        )
        self.start_below = StartBelow(self.bot.core, quotes.spot)

    async def turn(self, seconds: float = 0.0) -> None:
        self.outside.clock.tick(seconds)
        await self.start_below.once()
        await self.bot.turn()

    async def job(self, job: Job) -> Job:
        found = await self.bot.job(job.id)
        assert isinstance(found, Job)
        return found


@pytest.fixture
def start(outside: Outside, store: Store, tmp_path: Path) -> Callable[..., Desk]:
    prices = FakePrices()
    outside.engine.pools = machines("g4dn.xlarge", "g5.xlarge")
    return lambda caps=None: Desk(outside, store, tmp_path, prices, caps)


@pytest.fixture
def desk(start: Callable[..., Desk]) -> Desk:
    return start()


async def test_it_starts_once_when_the_price_is_below(desk: Desk) -> None:
    job = await desk.bot.train(start_below=0.15, by="6h")
    await desk.turn()
    assert desk.outside.engine.submissions == []
    assert (await desk.job(job)).execution.state is JobState.INTENT
    desk.prices.spots["g4dn.xlarge"] = 0.14
    for _ in range(4):
        await desk.turn(FRESH)
    assert len(desk.outside.engine.submissions) == 1
    assert (await desk.job(job)).execution.hold is None


async def test_the_card_says_for_what_it_waits_and_what_the_price_is(desk: Desk) -> None:
    job = await desk.bot.train(start_below=0.15, by="6h")
    until = round(desk.outside.clock() + 6 * HOUR)
    text = card(await desk.job(job), PRICED).description or ""
    assert "**Waiting for a lower price**" in text
    said = "Waits for `g4dn.xlarge` below **$0.150** an hour (now {now}), until <t:{until}:t> (<t:{until}:R>)."
    assert said.format(now="$0.200", until=until) in text
    desk.prices.spots["g4dn.xlarge"] = 0.31
    await desk.turn(FRESH)
    assert said.format(now="$0.310", until=until) in (card(await desk.job(job), PRICED).description or "")
    revision = (await desk.job(job)).publication.revision
    await desk.turn(FRESH)
    assert (await desk.job(job)).publication.revision == revision


async def test_of_several_types_the_cheapest_counts(desk: Desk) -> None:
    await desk.bot.train(start_below=0.15)
    desk.prices.spots["g5.xlarge"] = 0.1
    await desk.turn(FRESH)
    assert len(desk.outside.engine.submissions) == 1


async def test_a_price_that_is_exactly_that_is_not_below(desk: Desk) -> None:
    await desk.bot.train(start_below=0.2)
    await desk.turn(FRESH)
    assert desk.outside.engine.submissions == []


async def test_a_price_that_is_below_already_starts_it_at_once(desk: Desk) -> None:
    job = await desk.bot.train(start_below=0.25, by="6h")
    assert job.execution.hold is None
    await desk.turn()
    assert len(desk.outside.engine.submissions) == 1


async def test_it_ends_when_its_time_has_passed(desk: Desk) -> None:
    job = await desk.bot.train(start_below=0.15, by="2h")
    await desk.turn(2 * HOUR - 1)
    assert (await desk.job(job)).execution.live
    await desk.turn(1)
    ended = await desk.job(job)
    assert ended.execution.reason is EndReason.NOT_STARTED_IN_TIME
    assert ended.execution.detail == "g4dn.xlarge did not fall below $0.150 an hour, and was last at $0.200"
    (said,) = desk.bot.said(PostKind.END)
    assert said == ""
    desk.prices.spots["g4dn.xlarge"] = 0.1
    await desk.turn(FRESH)
    assert desk.outside.engine.submissions == []


async def test_it_ends_although_the_price_came_while_the_bot_was_away(desk: Desk, start: Callable[..., Desk]) -> None:
    job = await desk.bot.train(start_below=0.15, by="2h")
    desk.prices.spots["g4dn.xlarge"] = 0.1
    desk.outside.clock.tick(3 * HOUR)
    later = start()
    await later.turn()
    assert (await later.job(job)).execution.reason is EndReason.NOT_STARTED_IN_TIME
    assert desk.outside.engine.submissions == []


async def test_a_restart_and_a_clock_set_back_change_nothing(desk: Desk, start: Callable[..., Desk]) -> None:
    job = await desk.bot.train(start_below=0.15, by="2h")
    desk.outside.clock.tick(-HOUR)
    later = start()
    await later.turn()
    assert (await later.job(job)).execution.live
    desk.prices.spots["g4dn.xlarge"] = 0.1
    for _ in range(3):
        await later.turn(FRESH)
    assert len(desk.outside.engine.submissions) == 1


async def test_stop_ends_the_wait(desk: Desk) -> None:
    job = await desk.bot.train(start_below=0.15)
    await desk.bot.stop.stop(job.id, MIKA)
    desk.prices.spots["g4dn.xlarge"] = 0.1
    await desk.turn(FRESH)
    assert (await desk.job(job)).execution.reason is EndReason.STOPPED
    assert desk.outside.engine.submissions == []


async def test_an_old_price_starts_nothing(desk: Desk) -> None:
    desk.prices.spots["g4dn.xlarge"] = 0.1
    await desk.bot.train(start_below=0.05, interaction_id=10)  # the low price is read now
    desk.prices.error = Unavailable("away")
    desk.outside.clock.tick(2 * FRESH)
    await desk.bot.train(start_below=0.15)
    for _ in range(3):
        await desk.turn(FRESH)
    assert desk.outside.engine.submissions == []
    desk.prices.error = None
    await desk.turn(FRESH)
    assert len(desk.outside.engine.submissions) == 1


async def test_a_queue_that_cannot_be_read_waits(desk: Desk) -> None:
    desk.outside.engine.fail("machines", Unavailable("away"), times=3)
    job = await desk.bot.train(start_below=0.15)
    assert "(now unknown)" in (card(await desk.job(job), PRICED).description or "")
    await desk.turn(FRESH)
    assert (await desk.job(job)).execution.live


async def test_a_queue_on_demand_has_no_price_to_wait_for(desk: Desk, store: Store) -> None:
    desk.outside.engine.pools_of["cpu-queue"] = machines("m7i.xlarge", terms=Terms.ON_DEMAND)
    with pytest.raises(UserError, match="cpu-queue starts no spot machines whose prices I know"):
        await desk.bot.train(start_below=0.15, machine="cpu")
    assert await store.jobs() == []


@pytest.mark.parametrize(
    ("values", "wrong"),
    [
        ({"start_below": -1}, "above 0"),
        ({"start_below": 0}, "above 0"),
        ({"start_below": "nan"}, "above 0"),
        ({"start_below": 0.1, "by": "yesterday"}, "doesn't understand"),
        ({"by": "02:00"}, "Set both, or neither"),
    ],
)
async def test_what_makes_no_sense_is_refused(desk: Desk, store: Store, values: dict[str, object], wrong: str) -> None:
    with pytest.raises(BadInput, match=wrong):
        await desk.bot.train(**values)
    assert await store.jobs() == []


async def test_what_waits_has_reserved_its_sum(start: Callable[..., Desk], tmp_path: Path, outside: Outside) -> None:
    caps = Caps(Limits(person_live_jobs=1))
    async with open_store(tmp_path / "capped.db", now=outside.clock, caps=caps) as store:
        desk = Desk(outside, store, tmp_path, FakePrices(), caps)
        await desk.bot.train(start_below=0.15)
        with pytest.raises(CapReached):
            await desk.bot.train(interaction_id=10)


async def test_what_needs_approval_cannot_wait_for_a_price(start: Callable[..., Desk], store: Store) -> None:
    desk = start(Caps(Limits(approve_above_usd=0.01)))
    with pytest.raises(BadInput, match="leave out `start_below`"):
        await desk.bot.train(start_below=0.15)
    assert await store.jobs() == []
