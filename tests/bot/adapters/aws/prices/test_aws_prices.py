"""Prices from the stand-in, and from an AWS whose every answer the test writes."""

import json
import time
from collections.abc import AsyncIterator

import pytest
from aiobotocore.session import AioSession

from bot.adapters.aws.prices.aws_prices import AwsPrices, aws_prices
from bot.adapters.aws.prices.regions import price_list_region
from bot.errors import Denied, Refused, Throttled, Unavailable, UnknownName
from deploy.sandbox.aws.resources import Resources
from tests.bot.adapters.aws.prices.products import G4DN, TOKYO, product
from tests.bot.adapters.vendor import Vendor, error, ok, page

HOUR = 3_600.0


@pytest.fixture
async def prices(resources: Resources, session: AioSession) -> AsyncIterator[AwsPrices]:
    async with aws_prices(resources.endpoint, session) as opened:
        yield opened


@pytest.fixture
async def odd_prices(vendor: Vendor, session: AioSession) -> AsyncIterator[AwsPrices]:
    async with aws_prices(vendor.url, session) as opened:
        yield opened


def listed(*usd: str) -> dict[str, object]:
    return {"FormatVersion": "aws_v1", "PriceList": [product(each, G4DN) for each in usd]}


def history(usd: str, *, product_description: str = "Linux/UNIX", token: str = "") -> str:
    return f"""<DescribeSpotPriceHistoryResponse xmlns="http://ec2.amazonaws.com/doc/2016-11-15/">
      <spotPriceHistorySet><item><instanceType>g4dn.xlarge</instanceType>
      <productDescription>{product_description}</productDescription><spotPrice>{usd}</spotPrice>
      <timestamp>2026-11-28T12:00:00.000Z</timestamp><availabilityZone>{TOKYO}a</availabilityZone></item>
      </spotPriceHistorySet><nextToken>{token}</nextToken></DescribeSpotPriceHistoryResponse>"""


@pytest.mark.slow
class TestStandIn:
    async def test_types_and_families_on_demand(self, prices: AwsPrices) -> None:
        found = await prices.on_demand(TOKYO, ["g5.xlarge", "g4dn", "nope.large", "Robert'); --"])
        assert 0.6 < found["g4dn.xlarge"] < 0.8
        assert found["g4dn.12xlarge"] > found["g4dn.xlarge"]
        assert {name.partition(".")[0] for name in found} == {"g4dn", "g5"}

    async def test_regions_differ(self, prices: AwsPrices) -> None:
        here, there = [await prices.on_demand(region, ["m7i.xlarge"]) for region in ("us-east-1", "eu-central-1")]
        assert here["m7i.xlarge"] < there["m7i.xlarge"]
        assert await prices.disk("us-east-1") < await prices.disk("eu-central-1")

    async def test_spot_begins_with_the_price_in_force_and_is_oldest_first(self, prices: AwsPrices) -> None:
        since = time.time() - 12 * HOUR
        found = await prices.spot("us-east-1", ["g4dn.xlarge", "g5.xlarge"], since)
        by_pool: dict[tuple[str, str], list[float]] = {}
        for each in found:
            by_pool.setdefault((each.machine, each.zone), []).append(each.at)
        assert {machine for machine, _ in by_pool} == {"g4dn.xlarge", "g5.xlarge"}
        for moments in by_pool.values():
            assert moments == sorted(moments)
            assert moments[0] <= since < moments[1]
        on_demand = await prices.on_demand("us-east-1", ["g4dn.xlarge", "g5.xlarge"])
        assert all(each.usd_per_hour < on_demand[each.machine] for each in found)

    async def test_unknown_type_does_not_spoil_the_others(self, prices: AwsPrices) -> None:
        found = await prices.spot("us-east-1", ["nope.large", "g4dn.xlarge"], time.time() - HOUR)
        assert {each.machine for each in found} == {"g4dn.xlarge"}

    async def test_long_history_takes_several_pages(self, prices: AwsPrices) -> None:
        found = await prices.spot("us-east-1", ["m5.xlarge"], time.time() - 60 * 24 * HOUR)
        assert len(found) > 1_000
        assert len({(each.machine, each.zone, each.at) for each in found}) == len(found)


@pytest.mark.parametrize("region", ["us-esat-1", "", "us-east-1.evil.example"])
async def test_unknown_region_is_named_with_the_like(odd_prices: AwsPrices, vendor: Vendor, region: str) -> None:
    for ask in (odd_prices.on_demand(region, ["g4dn.xlarge"]), odd_prices.spot(region, [], 0), odd_prices.disk(region)):
        with pytest.raises(UnknownName, match="There is no region"):
            await ask
    assert vendor.asked == []


def test_price_list_is_asked_where_it_is() -> None:
    asked = {region: price_list_region(region) for region in ("us-west-2", "sa-east-1", "eu-north-1", TOKYO)}
    assert asked == {"us-west-2": "us-east-1", "sa-east-1": "us-east-1", "eu-north-1": "eu-central-1"} | {
        TOKYO: "ap-south-1"
    }
    with pytest.raises(Refused, match="no USD prices of cn-north-1"):
        price_list_region("cn-north-1")


@pytest.mark.parametrize("usd", ["0.0000000000", "-1", "NaN", "1000000000"])
async def test_absurd_price_makes_the_whole_answer_unreadable(odd_prices: AwsPrices, vendor: Vendor, usd: str) -> None:
    vendor.answers_with(ok(listed("0.71", usd)))
    with pytest.raises(Unavailable, match=r"GetProducts for g4dn\.xlarge in ap-northeast-1: AWS's answer cannot be"):
        await odd_prices.on_demand(TOKYO, ["g4dn.xlarge"])
    vendor.answers_with(page(200, history(usd), "text/xml"))
    with pytest.raises(Unavailable, match="DescribeSpotPriceHistory in ap-northeast-1: AWS's answer cannot be read"):
        await odd_prices.spot(TOKYO, ["g4dn.xlarge"], 0)


async def test_pages_are_followed_to_the_end_and_never_for_ever(odd_prices: AwsPrices, vendor: Vendor) -> None:
    vendor.answers_with(ok({**listed("0.5"), "NextToken": "more"}), ok(listed("0.71")))
    assert await odd_prices.on_demand(TOKYO, ["g4dn.xlarge"]) == {"g4dn.xlarge": 0.71}
    assert vendor.asked[1].body["NextToken"] == "more"
    vendor.answers_with(ok({**listed("0.5"), "NextToken": "more"}))
    with pytest.raises(Unavailable, match="no end"):
        await odd_prices.on_demand(TOKYO, ["g4dn.xlarge"])


async def test_spot_prices_of_other_products_are_left_out(odd_prices: AwsPrices, vendor: Vendor) -> None:
    pages = (history("0.9", product_description="Windows", token="2"), history("0.25"))
    vendor.answers_with(*(page(200, each, "text/xml") for each in pages))
    assert [each.usd_per_hour for each in await odd_prices.spot(TOKYO, ["g4dn.xlarge"], 0)] == [0.25]


async def test_the_filters_are_those_of_a_plain_linux_machine(odd_prices: AwsPrices, vendor: Vendor) -> None:
    vendor.answers_with(ok(listed("0.71")))
    await odd_prices.on_demand(TOKYO, ["g4dn.xlarge"])
    sent = {each["Field"]: each["Value"] for each in vendor.asked[0].body["Filters"]}
    assert sent == {
        "operatingSystem": "Linux",
        "tenancy": "Shared",
        "preInstalledSw": "NA",
        "capacitystatus": "Used",
        "operation": "RunInstances",
        "regionCode": TOKYO,
        "instanceType": "g4dn.xlarge",
    }


async def test_refusals_keep_their_kind(odd_prices: AwsPrices, vendor: Vendor) -> None:
    vendor.answers_with(error(400, "AccessDeniedException", "User: me is not authorized"))
    with pytest.raises(Denied, match="Give the bot's role this permission"):
        await odd_prices.on_demand(TOKYO, ["g4dn.xlarge"])
    vendor.answers_with(error(400, "ThrottlingException"))
    with pytest.raises(Throttled):
        await odd_prices.disk(TOKYO)
    for odd in (page(200, "<html>"), ok({}), ok({"PriceList": ["{"]}), ok({"PriceList": [json.dumps({"product": 1})]})):
        vendor.answers_with(odd)
        with pytest.raises(Unavailable):
            await odd_prices.on_demand(TOKYO, ["g4dn.xlarge"])
