"""Prices are read once, survive a restart, and say their age when nobody answers."""

import asyncio
import json
from pathlib import Path

import pytest

from bot.domain.money import last_resort
from bot.domain.money.price_settings import PriceSettings
from bot.errors import Denied, Throttled, Unavailable, UnknownName
from bot.services.money import price_book
from bot.services.money.price_book import REST_SECONDS, PriceBook, Rate
from tests.bot.services.money.memory_prices import HOME, FakePrices
from tests.support.clock import Clock

DAY = 86_400.0


class Desk:
    """A book on a file, and what it asks."""

    def __init__(self, folder: Path) -> None:
        self.prices, self.clock, self.path = FakePrices(), Clock(), folder / "prices.json"
        self.book = self.reopened()

    def reopened(self) -> PriceBook:
        self.book = PriceBook(self.prices, self.path, self.clock, PriceSettings())
        return self.book


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


async def test_prices_are_asked_for_once_a_day(desk: Desk) -> None:
    now = desk.clock()
    for _ in range(3):
        assert await desk.book.on_demand(HOME, ["g4dn.xlarge"]) == {"g4dn.xlarge": Rate(0.5, now)}
    assert desk.prices.asked == ["on demand g4dn.xlarge"]
    desk.clock.tick(DAY)
    desk.prices.listed["g4dn.xlarge"] = 0.6
    assert (await desk.book.on_demand(HOME, ["g4dn.xlarge"]))["g4dn.xlarge"] == Rate(0.6, now + DAY)


async def test_only_what_is_missing_is_asked_for_and_families_are_types(desk: Desk) -> None:
    await desk.book.on_demand(HOME, ["g4dn"])
    found = await desk.book.on_demand(HOME, ["g4dn", "g5.xlarge"])
    assert sorted(found) == ["g4dn.2xlarge", "g4dn.xlarge", "g5.xlarge"]
    assert desk.prices.asked == ["on demand g4dn", "on demand g5.xlarge"]


async def test_spot_price_is_the_one_in_force_in_the_middle_of_the_zones(desk: Desk) -> None:
    assert (await desk.book.spot(HOME, ["g4dn.xlarge", "m7i.xlarge"])).keys() == {"g4dn.xlarge"}
    assert (await desk.book.spot(HOME, ["g4dn.xlarge"]))["g4dn.xlarge"].usd == pytest.approx(0.2)


async def test_many_at_once_ask_once(desk: Desk) -> None:
    await asyncio.gather(*(desk.book.on_demand(HOME, ["g4dn.xlarge"]) for _ in range(20)))
    assert len(desk.prices.asked) == 1


async def test_prices_survive_a_restart_with_their_age(desk: Desk) -> None:
    await desk.book.on_demand(HOME, ["g4dn.xlarge"])
    await desk.book.disk(HOME)
    read_at = desk.clock()
    desk.prices.error = Unavailable("away")
    desk.clock.tick(60)
    reopened = desk.reopened()
    assert (await reopened.on_demand(HOME, ["g4dn.xlarge"]))["g4dn.xlarge"] == Rate(0.5, read_at)
    desk.clock.tick(3 * DAY)
    assert (await reopened.on_demand(HOME, ["g4dn.xlarge"]))["g4dn.xlarge"] == Rate(0.5, read_at, stale=True)
    assert (await reopened.disk(HOME)).stale
    assert reopened.trouble == "away"


async def test_without_any_price_the_last_resort_counts_and_is_never_too_low_elsewhere(desk: Desk) -> None:
    desk.prices.error = Denied("pricing:GetProducts is not allowed")
    here = await desk.book.on_demand(HOME, ["g5.xlarge", "nope.large"])
    assert here == {"g5.xlarge": Rate(1.006, last_resort.READ_AT, stale=True)}
    tokyo = await desk.book.on_demand("ap-northeast-1", ["g4dn.xlarge"])
    assert tokyo["g4dn.xlarge"].usd > 0.71
    assert tokyo["g4dn.xlarge"].stale
    assert (await desk.book.disk("ap-northeast-1")).usd > 0.096


async def test_a_type_that_the_region_does_not_have_is_not_taken_from_the_last_resort(desk: Desk) -> None:
    del desk.prices.listed["g5.xlarge"]
    assert await desk.book.on_demand(HOME, ["g5.xlarge"]) == {}


async def test_after_a_failure_nothing_is_asked_for_a_minute(desk: Desk) -> None:
    desk.prices.error = Throttled("slow down")
    for _ in range(5):
        await desk.book.on_demand(HOME, ["g4dn.xlarge"])
    assert len(desk.prices.asked) == 1
    desk.clock.tick(REST_SECONDS)
    desk.prices.error = None
    assert not (await desk.book.on_demand(HOME, ["g4dn.xlarge"]))["g4dn.xlarge"].stale
    assert desk.book.trouble == ""


async def test_a_service_that_never_answers_holds_nobody_up(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    async def hang(*_: object) -> dict[str, float]:
        await asyncio.Event().wait()
        return {}

    monkeypatch.setattr(price_book, "ANSWER_SECONDS", 0.01)
    monkeypatch.setattr(desk.prices, "on_demand", hang)
    assert (await desk.book.on_demand(HOME, ["g4dn.xlarge"]))["g4dn.xlarge"].stale
    assert "no answer" in desk.book.trouble


async def test_clock_set_back_reads_the_prices_anew(desk: Desk) -> None:
    await desk.book.on_demand(HOME, ["g4dn.xlarge"])
    desk.clock.tick(-30 * DAY)
    assert not (await desk.book.on_demand(HOME, ["g4dn.xlarge"]))["g4dn.xlarge"].stale
    assert len(desk.prices.asked) == 2


async def test_unknown_region_is_no_trouble_of_the_service(desk: Desk) -> None:
    with pytest.raises(UnknownName, match='no region "us-esat-1"'):
        await desk.book.on_demand("us-esat-1", ["g4dn.xlarge"])


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[1, 2]",
        '{"on demand us-east-1 g4dn.xlarge": 5}',
        '{"on demand us-east-1 g4dn.xlarge": [1, {"g4dn.xlarge": 0}]}',
        '{"on demand us-east-1 g4dn.xlarge": [1, {"g4dn.xlarge": NaN}]}',
        '{"on demand us-east-1 g4dn.xlarge": ["x", {"g4dn.xlarge": 1}]}',
        "[" * 100_000,
        "\x00",
    ],
)
async def test_damaged_file_counts_as_none_and_is_replaced(desk: Desk, text: str) -> None:
    desk.path.write_text(text, encoding="utf-8")
    book = desk.reopened()
    assert (await book.on_demand(HOME, ["g4dn.xlarge"]))["g4dn.xlarge"].usd == 0.5
    assert json.loads(desk.path.read_text(encoding="utf-8"))["on demand us-east-1 g4dn.xlarge"][1] == {
        "g4dn.xlarge": 0.5
    }


async def test_file_that_cannot_be_written_stops_nothing(desk: Desk) -> None:
    desk.path.mkdir()
    book = desk.reopened()
    assert (await book.on_demand(HOME, ["g4dn.xlarge"]))["g4dn.xlarge"].usd == 0.5
