"""Spot prices of several regions: the cheapest zone, and what is said when not everything is known."""

from pathlib import Path

import pytest

from bot.domain.access import EVERYONE, Grant, Person, Verb
from bot.domain.money.price_settings import PriceSettings
from bot.errors import BadInput, Denied, Throttled, Unavailable, UnknownName, UserError
from bot.services.money.price_book import PriceBook
from bot.services.money.spot import spot_prices
from bot.services.money.spot.queue_types import QueueTypes
from bot.services.money.spot.spot_prices import SpotPriceHistory
from bot.services.people.permits import Permits
from tests.bot.services.money.memory_prices import HOME, FakePrices, machines
from tests.support.clock import Clock
from tests.support.fakes import FakeEngine, FakeFigures
from tests.support.projects import PROJECT

MIKA = Person(7, "mika", frozenset({1}))
FRESH = 600.0


class Desk:
    def __init__(self, folder: Path, prices: FakePrices | None) -> None:
        self.clock, self.engine, self.figures = Clock(), FakeEngine(), FakeFigures()
        permits = Permits((Grant(frozenset({EVERYONE}), frozenset({Verb.SEE})),), 1)
        book = PriceBook(prices, folder / "prices.json", self.clock, PriceSettings()) if prices is not None else None
        self.spot = SpotPriceHistory(
            prices,
            book,
            QueueTypes(self.engine, [PROJECT], permits),
            self.figures,
            now=self.clock,
            home=HOME,
            fresh_seconds=FRESH,
        )


@pytest.fixture
def prices() -> FakePrices:
    return FakePrices()


@pytest.fixture
def desk(tmp_path: Path, prices: FakePrices) -> Desk:
    return Desk(tmp_path, prices)


async def test_cheapest_zone_comes_first_with_the_price_on_demand_there(desk: Desk) -> None:
    answer = await desk.spot.history(MIKA, "g4dn.xlarge", "us")
    assert [zone.zone for zone in answer.zones[:2]] == ["us-east-1a", "us-west-2a"]
    assert len(answer.zones) == 6
    assert answer.zones[0].now == pytest.approx(0.16)
    assert answer.on_demand is not None
    assert answer.on_demand.usd == 0.5
    assert (answer.silent, answer.stale, answer.png) == ({}, {}, b"spot")


async def test_lines_begin_at_the_first_hour_with_the_price_in_force_then(desk: Desk) -> None:
    await desk.spot.history(MIKA, "g4dn.xlarge", hours=12)
    (request,) = desk.figures.spots
    assert request.until - request.since == 12 * 3_600
    assert {steps[0][0] for _, steps in request.zones} == {request.since}
    assert request.zones[0][1][0][1] == pytest.approx(0.16)


async def test_without_a_region_it_is_the_bots_own(desk: Desk) -> None:
    answer = await desk.spot.history(MIKA, "G4DN.xlarge")
    assert {zone.region for zone in answer.zones} == {HOME}


async def test_a_region_that_does_not_answer_is_named_and_the_rest_is_shown(desk: Desk, prices: FakePrices) -> None:
    prices.silent = {
        "eu-west-1": Denied("credentials", code="AuthFailure"),
        "us-west-2": Throttled("slow down"),
        "ap-northeast-1": Denied("ec2:DescribeSpotPriceHistory is not allowed", code="UnauthorizedOperation"),
    }
    answer = await desk.spot.history(MIKA, "g4dn.xlarge", "all")
    assert {zone.region for zone in answer.zones} == {HOME, "ap-northeast-3"}
    assert answer.silent == {
        "ap-northeast-1": "no permission",
        "eu-west-1": "not enabled for this account",
        "us-west-2": "no answer",
    }


async def test_wrong_keys_do_not_pass_for_regions_that_are_off(desk: Desk, prices: FakePrices) -> None:
    prices.error = Denied("credentials", code="AuthFailure")
    with pytest.raises(Denied):
        await desk.spot.history(MIKA, "g4dn.xlarge", "all")


async def test_a_slow_region_holds_up_no_other(desk: Desk, prices: FakePrices, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spot_prices, "ANSWER_SECONDS", 0.05)
    prices.hung = {"us-west-2"}
    answer = await desk.spot.history(MIKA, "g4dn.xlarge", "us")
    assert {zone.region for zone in answer.zones} == {HOME}
    assert answer.silent == {"us-west-2": "no answer"}
    prices.hung = {"eu-west-1"}
    with pytest.raises(Unavailable, match="no answer within"):
        await desk.spot.history(MIKA, "g4dn.xlarge", "eu")


async def test_prices_of_before_are_shown_with_their_age(desk: Desk, prices: FakePrices) -> None:
    at = desk.clock()
    await desk.spot.history(MIKA, "g4dn.xlarge", "us")
    desk.clock.tick(FRESH)
    prices.silent = {"us-west-2": Unavailable("away")}
    answer = await desk.spot.history(MIKA, "g4dn.xlarge", "us")
    assert {zone.region for zone in answer.zones} == {HOME, "us-west-2"}
    assert answer.stale == {"us-west-2": at}
    prices.error = Unavailable("away")
    desk.clock.tick(FRESH)
    assert set((await desk.spot.history(MIKA, "g4dn.xlarge", "us")).stale) == {HOME, "us-west-2"}


async def test_the_same_question_within_minutes_asks_once(desk: Desk, prices: FakePrices) -> None:
    await desk.spot.history(MIKA, "g4dn.xlarge", hours=24)
    asked = len(prices.asked)
    await desk.spot.history(MIKA, "g4dn.xlarge", hours=12)
    assert len(prices.asked) == asked
    await desk.spot.history(MIKA, "g4dn.xlarge", hours=48)
    assert len(prices.asked) == asked + 1


async def test_what_is_kept_is_bounded(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spot_prices, "MOST_CACHED", 2)
    await desk.spot.history(MIKA, "g4dn.xlarge", "all")
    assert len(desk.spot._reads) == 2


async def test_nothing_and_nobody_known_is_an_error_of_the_service(desk: Desk, prices: FakePrices) -> None:
    prices.error = Unavailable("EC2 DescribeSpotPriceHistory: AWS gave no valid answer")
    with pytest.raises(Unavailable, match="AWS gave no valid answer"):
        await desk.spot.history(MIKA, "g4dn.xlarge")


@pytest.mark.parametrize("typed", ["g4dn.xlrage", "g5", "", "@everyone", "x" * 300])
async def test_unknown_type_is_named_with_the_like(desk: Desk, typed: str) -> None:
    desk.engine.pools = machines("g4dn", "g5.xlarge")
    with pytest.raises((UnknownName, BadInput)) as raised:
        await desk.spot.history(MIKA, typed)
    assert "g4dn.xlarge" in str(raised.value) or "g5.xlarge" in str(raised.value)
    assert len(str(raised.value)) < 400


async def test_a_type_that_is_nowhere_as_spot_is_no_unknown_type(desk: Desk) -> None:
    with pytest.raises(UserError, match=r"^m7i\.xlarge has no spot price in us-east-1, us-west-2\."):
        await desk.spot.history(MIKA, "m7i.xlarge", "us")


async def test_a_newer_type_than_the_bot_knows_is_asked_for(desk: Desk, prices: FakePrices) -> None:
    prices.spots["g9.xlarge"] = 0.3
    assert (await desk.spot.history(MIKA, "g9.xlarge")).zones


async def test_unknown_region_and_absurd_hours(desk: Desk, prices: FakePrices) -> None:
    with pytest.raises(UnknownName, match="Did you mean us-east-1"):
        await desk.spot.history(MIKA, "g4dn.xlarge", "us-esat-1")
    for hours in (0, -5, 2_161):
        with pytest.raises(BadInput, match=r"from 1 to 2,160"):
            await desk.spot.history(MIKA, "g4dn.xlarge", hours=hours)
    assert prices.asked == []


async def test_types_of_the_queues_are_suggested_first(desk: Desk) -> None:
    desk.engine.pools = machines("g5.xlarge", "g4dn")
    assert await desk.spot.suggested_types("", MIKA) == [
        *("g5.xlarge", "g4dn.12xlarge", "g4dn.2xlarge", "g4dn.xlarge"),
        "m7i.xlarge",
    ]
    assert await desk.spot.suggested_types("M7", MIKA) == ["m7i.xlarge"]


async def test_a_queue_that_cannot_be_read_suggests_what_there_is(desk: Desk) -> None:
    desk.engine.fail("machines", Unavailable("away"), times=9)
    assert "g4dn.xlarge" in await desk.spot.suggested_types("g4", MIKA)


async def test_without_a_picture_the_prices_are_still_told(desk: Desk) -> None:
    desk.figures.fail("spot", Unavailable("the drawing process ended"))
    answer = await desk.spot.history(MIKA, "g4dn.xlarge")
    assert answer.zones
    assert answer.png is None


async def test_prices_that_are_off_say_so(tmp_path: Path) -> None:
    desk = Desk(tmp_path, None)
    with pytest.raises(UserError, match="enabled = false"):
        await desk.spot.history(MIKA, "g4dn.xlarge")
    assert await desk.spot.suggested_types("g4", MIKA) == []
    assert desk.spot.suggested_regions("us") == []
