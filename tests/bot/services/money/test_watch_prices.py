"""A watched spot price: told once, whatever happens in between; by a fresh price alone; and over in time."""

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest

from bot.adapters.sqlite import SqliteStore, open_store
from bot.domain.access import Person
from bot.domain.money.price_settings import PriceSettings
from bot.domain.money.spot_watch import MOST_WATCHES, SpotWatch
from bot.errors import BadInput, Deleted, Denied, Missing, Refused, ServiceError, Unavailable, UnknownName, UserError
from bot.services.money import build_money
from bot.services.money.spot.queue_types import QueueTypes
from bot.services.money.spot.spot_prices import SpotPriceHistory
from bot.services.money.spot.spot_watches import SpotWatches
from bot.services.money.spot.watch_prices import WatchPrices
from bot.services.people.permits import Permits
from bot.services.running.core import Core, Outside, Setup
from bot.services.running.wakeups import Wakeups
from tests.bot.services.money.memory_prices import HOME, FakePrices
from tests.support.clock import Clock
from tests.support.fakes import FakeChat, FakeEngine, FakeFigures
from tests.support.projects import CHANNEL, PROJECT

MIKA, NOOR = Person(7, "mika", channel_id=CHANNEL), Person(8, "noor", channel_id=CHANNEL)
FRESH, HOUR, DAY = 600.0, 3_600.0, 86_400.0


class Killed(BaseException):
    pass


class Watcher:
    """A bot that is killed and started again as a test likes; the channel and AWS stay.

    The cheapest zone, `us-east-1a` and its like, costs 0.16 USD an hour at first.
    """

    def __init__(self, path: Path) -> None:
        self.path, self.clock, self.prices = path, Clock(), FakePrices()
        self.chat = FakeChat(self.clock)
        self.history = self._history()

    def _history(self) -> SpotPriceHistory:
        types = QueueTypes(FakeEngine(), [PROJECT], Permits((), 1))
        figures = FakeFigures()
        return SpotPriceHistory(self.prices, None, types, figures, now=self.clock, home=HOME, fresh_seconds=FRESH)

    def _core(self, store: SqliteStore) -> Core:
        return Core(store, {PROJECT.name: PROJECT}, Wakeups(), self.clock)

    async def asked(
        self,
        below: float = 0.15,
        *,
        person: Person = MIKA,
        regions: str = "us",
        until: str = "",
    ) -> SpotWatch | None:
        async with open_store(self.path, now=self.clock) as store:
            service = SpotWatches(self._core(store))
            answer = await self.history.history(person, "g4dn.xlarge", regions)
            return await service.watch(person, answer, below, service.end(until), asked_in=1)

    async def stop(self, watch_id: object, person: Person = MIKA) -> SpotWatch:
        async with open_store(self.path, now=self.clock) as store:
            return await SpotWatches(self._core(store)).stop(str(watch_id), person)

    async def of(self, person: Person = MIKA) -> list[SpotWatch]:
        async with open_store(self.path, now=self.clock) as store:
            return await SpotWatches(self._core(store)).of(person)

    async def life(self, seconds: float = FRESH, *, passes: int = 2, killed: bool = False) -> None:
        """A bot that begins after so long, looks so often, and ends. `killed`: an error on the way ends it."""
        self.clock.tick(seconds)
        self.history = self._history()
        async with open_store(self.path, now=self.clock) as store:
            service = WatchPrices(self._core(store), self.chat, self.history, self.chat.window)
            for _ in range(passes):
                try:
                    await service.once()
                except Killed:
                    assert killed

    @property
    def told(self) -> list[str]:
        return [text for _, place, text in self.chat.texts if place == CHANNEL]

    def fall(self, usd: float = 0.1) -> None:
        """In the middle zone; the cheapest costs a fifth less."""
        self.prices.spots["g4dn.xlarge"] = usd


@pytest.fixture
def watcher(tmp_path: Path) -> Watcher:
    return Watcher(tmp_path / "signalbox.db")


async def test_whoever_asked_is_told_once_when_the_cheapest_zone_is_below(watcher: Watcher) -> None:
    await watcher.asked()
    await watcher.life()
    assert watcher.told == []
    watcher.fall()
    for _ in range(3):
        await watcher.life()
    (text,) = watcher.told
    assert text == (
        "<@7> `g4dn.xlarge` costs **$0.0800** an hour as spot in **us-east-1a** now, below your $0.1500. "
        "I've stopped watching."
    )
    assert watcher.chat.pinged == [7]
    assert await watcher.of() == []


async def test_a_price_that_is_exactly_that_is_not_below(watcher: Watcher) -> None:
    watcher.fall(0.25)
    await watcher.asked(0.2)
    await watcher.life()
    assert (watcher.told, len(await watcher.of())) == ([], 1)


async def test_what_is_below_already_is_not_watched(watcher: Watcher) -> None:
    assert await watcher.asked(0.17) is None
    assert await watcher.of() == []


async def test_an_old_price_that_is_below_is_watched_all_the_same(watcher: Watcher) -> None:
    await watcher.asked(0.15)
    watcher.clock.tick(FRESH)
    watcher.prices.error = Unavailable("away")
    assert await watcher.asked(0.17) is not None


async def test_the_regions_that_were_asked_for_count_alone(watcher: Watcher) -> None:
    await watcher.asked(regions="eu-west-1")
    await watcher.asked(person=NOOR)
    watcher.fall()
    watcher.prices.silent = {"eu-west-1": Unavailable("away")}
    await watcher.life()
    assert [text[:4] for text in watcher.told] == ["<@8>"]
    assert len(await watcher.of()) == 1


async def test_while_no_price_is_fresh_nobody_is_told(watcher: Watcher) -> None:
    """Of the same life of the bot, which has read a price that is below for another watch."""
    await watcher.asked(0.15)
    async with open_store(watcher.path, now=watcher.clock) as store:
        service = WatchPrices(watcher._core(store), watcher.chat, watcher.history, watcher.chat.window)
        watcher.fall()
        await watcher.history.history(MIKA, "g4dn.xlarge", "us", hours=48)  # read, and below
        watcher.clock.tick(FRESH)
        watcher.prices.error = Unavailable("away")
        await service.once()
        assert watcher.told == []
        watcher.prices.error = None
        watcher.clock.tick(FRESH)
        await service.once()
    assert len(watcher.told) == 1


async def test_a_region_that_is_silent_is_asked_seldom_and_holds_up_no_other(watcher: Watcher) -> None:
    await watcher.asked(0.01)
    watcher.prices.silent = {"us-west-2": Unavailable("away")}
    before = len(watcher.prices.asked)
    await watcher.life(passes=10)
    assert len(watcher.prices.asked) == before + 2
    watcher.prices.silent = {HOME: Unavailable("away")}
    watcher.fall(0.01)
    await watcher.life()
    assert "us-west-2a" in watcher.told[0]


async def test_it_ends_in_time_with_a_word(watcher: Watcher) -> None:
    await watcher.asked(until="6h")
    await watcher.life(6 * HOUR - 1)
    assert watcher.told == []
    for _ in range(3):
        await watcher.life(1)
    (text,) = watcher.told
    assert text.startswith("<@7> I saw no spot price of `g4dn.xlarge` below $0.1500 an hour in us-east-1, us-west-2")
    assert text.endswith("`/spot type:g4dn.xlarge below:0.15` begins again.")


async def test_it_ends_although_the_price_fell_while_the_bot_was_away(watcher: Watcher) -> None:
    await watcher.asked(until="6h")
    watcher.fall()
    await watcher.life(7 * HOUR)
    assert [text[:20] for text in watcher.told] == ["<@7> I saw no spot p"]


async def test_without_a_time_it_is_a_day_and_a_week_at_most(watcher: Watcher) -> None:
    watch = await watcher.asked()
    assert watch is not None
    assert watch.until == watcher.clock() + DAY
    with pytest.raises(BadInput, match="`until:8d` is more than 7 days away"):
        await watcher.asked(until="8d")


async def test_a_sixth_is_refused_with_the_list(watcher: Watcher) -> None:
    for number in range(MOST_WATCHES):
        await watcher.asked(0.1 + number / 100)
    with pytest.raises(UserError, match="You watch 5 prices already") as raised:
        await watcher.asked(0.05)
    assert str(raised.value).count("`g4dn.xlarge` below") == MOST_WATCHES
    assert "`/watches`" in str(raised.value)
    assert await watcher.asked(0.05, person=NOOR) is not None
    await watcher.stop((await watcher.of())[0].id)
    assert await watcher.asked(0.05) is not None


async def test_the_same_asked_again_changes_its_end(watcher: Watcher) -> None:
    first, second = await watcher.asked(until="2h"), await watcher.asked(until="4h")
    assert first is not None
    assert await watcher.of() == [second] == [replace(first, until=watcher.clock() + 4 * HOUR)]
    watcher.fall()
    await watcher.life(3 * HOUR)
    assert len(watcher.told) == 1


async def test_what_is_stopped_tells_nothing(watcher: Watcher) -> None:
    watch = await watcher.asked()
    assert watch is not None
    assert await watcher.stop(watch.id) == watch
    watcher.fall()
    await watcher.life()
    assert watcher.told == []
    with pytest.raises(UnknownName):
        await watcher.stop(watch.id)


async def test_nobody_else_sees_it_or_stops_it(watcher: Watcher) -> None:
    watch = await watcher.asked()
    assert watch is not None
    assert await watcher.of(NOOR) == []
    with pytest.raises(UnknownName, match="somebody else's"):
        await watcher.stop(watch.id, NOOR)
    assert await watcher.of() == [watch]


async def test_the_bot_looks_by_itself(watcher: Watcher) -> None:
    await watcher.asked()
    watcher.fall()
    outside = SimpleNamespace(prices=watcher.prices, engine=FakeEngine(), figures=FakeFigures(), chat=watcher.chat)
    setup = SimpleNamespace(data_dir=watcher.path.parent, prices=PriceSettings(), region=HOME, nonce_window=60)
    async with open_store(watcher.path, now=watcher.clock) as store:
        money = build_money.build(watcher._core(store), cast("Outside", outside), cast("Setup", setup))
        (loop,) = (each for each in money.loops if each.name == "watch_prices")
        await loop.once()
        assert await money.spot_watches.of(MIKA) == []
    assert len(watcher.told) == 1


# ---- kills and refusals ----------------------------------------------------------------------------------
@pytest.mark.parametrize("down", [1.0, 7_200.0])
@pytest.mark.parametrize("after", [False, True])
async def test_killed_while_it_sends_it_tells_once(watcher: Watcher, down: float, after: bool) -> None:
    watch = await watcher.asked()
    assert watch is not None
    watcher.fall()
    watcher.chat.fail("send_text", Killed(), after=after)  # type: ignore[arg-type]
    await watcher.life(passes=1, killed=True)
    watcher.fall(0.3)  # what was found is told, whatever the price is later
    await watcher.life(down, passes=3)
    assert len(watcher.told) == 1
    assert "costs **$0.0800**" in watcher.told[0]


@pytest.mark.parametrize(("error", "messages"), [(Unavailable("reset"), 1), (Deleted("x"), 0), (Refused("x"), 0)])
async def test_a_passing_error_is_tried_again_and_a_final_one_is_not(
    watcher: Watcher, error: ServiceError, messages: int
) -> None:
    await watcher.asked()
    watcher.fall()
    watcher.chat.fail("send_text", error)
    await watcher.life(passes=3)
    assert (len(watcher.told), await watcher.of()) == (messages, [])


@pytest.mark.parametrize("error", [Missing("Unknown Channel"), Denied("Missing Permissions")])
async def test_a_channel_that_refuses_is_tried_again_later(watcher: Watcher, error: ServiceError) -> None:
    await watcher.asked()
    watcher.fall()
    watcher.chat.fail("send_text", error)
    await watcher.life(passes=3)
    assert watcher.told == []
    await watcher.life()
    assert len(watcher.told) == 1


async def test_a_channel_that_is_gone_is_given_up(watcher: Watcher) -> None:
    await watcher.asked()
    watcher.chat.fail("send_text", Missing("Unknown Channel"))
    await watcher.life(3 * DAY, passes=1)
    assert await watcher.of() == []
