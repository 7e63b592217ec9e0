"""Ask AWS for prices. Nothing is remembered here: each call asks anew.

https://docs.aws.amazon.com/aws-cost-management/latest/APIReference/API_pricing_GetProducts.html
https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeSpotPriceHistory.html
"""

import asyncio
import re
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime
from typing import Any

from aiobotocore.session import AioSession

from bot.adapters.aws.clients import Client, aws_client
from bot.adapters.aws.error_codes import calling
from bot.adapters.aws.prices import price_list
from bot.adapters.aws.prices.instance_types import instance_types
from bot.adapters.aws.prices.regions import check_region, price_list_region, with_usd_prices
from bot.adapters.aws.prices.spot_history import MOST_PAGES, PRODUCT, TYPES_PER_CALL, spot_prices
from bot.errors import Refused, Unavailable
from bot.ports.prices import SpotPrice

MACHINE = re.compile(r"[a-z0-9-]{1,30}(\.[a-z0-9-]{1,30})?")
"""A type or a family: https://docs.aws.amazon.com/ec2/latest/instancetypes/instance-types.html explains the names."""
_UNKNOWN_TYPE = "InvalidParameterValue"
"""EC2's code for a type that exists nowhere: https://github.com/hashicorp/packer/issues/11585"""
_PRODUCTS_PER_PAGE = 100
"""GetProducts, `MaxResults`: "Maximum value of 100." (API_pricing_GetProducts)"""


class AwsPrices:
    """`bot.ports.prices.Prices` by AWS's services. Clients are opened when a region is asked for first."""

    def __init__(self, stack: AsyncExitStack, endpoint_url: str | None, session: AioSession | None = None) -> None:
        self._stack, self._endpoint_url = stack, endpoint_url
        self._session = session or AioSession()
        self._clients: dict[tuple[str, str], Client] = {}
        self._opening = asyncio.Lock()

    def regions(self) -> Sequence[str]:
        return with_usd_prices()

    async def types(self) -> frozenset[str]:
        return await asyncio.to_thread(instance_types)

    async def on_demand(self, region: str, machines: Sequence[str]) -> Mapping[str, float]:
        check_region(region)
        asked = [name for name in dict.fromkeys(machines) if MACHINE.fullmatch(name)]
        found = await asyncio.gather(*(self._machine(region, name) for name in asked))
        return {machine: usd for prices in found for machine, usd in prices.items()}

    async def spot(self, region: str, machines: Sequence[str], since: float) -> Sequence[SpotPrice]:
        check_region(region)
        asked = [name for name in dict.fromkeys(machines) if MACHINE.fullmatch(name) and "." in name]
        parts = [asked[start : start + TYPES_PER_CALL] for start in range(0, len(asked), TYPES_PER_CALL)]
        found = [price for part in parts for price in await self._history(region, part, since)]
        return sorted(found, key=lambda price: price.at)

    async def disk(self, region: str) -> float:
        check_region(region)
        what = f"Price List GetProducts for a disk in {region}"
        texts = await self._products(what, region, price_list.disk_filters(region))
        with calling(what):
            return price_list.disk_price(texts, region)

    async def _machine(self, region: str, name: str) -> dict[str, float]:
        what = f"Price List GetProducts for {name} in {region}"
        texts = await self._products(what, region, price_list.machine_filters(region, name))
        with calling(what):
            return price_list.machine_prices(texts, region, name)

    async def _products(self, what: str, region: str, filters: Sequence[Mapping[str, str]]) -> list[str]:
        """The texts of all pages."""
        pricing = await self._client("pricing", price_list_region(region))
        texts: list[str] = []
        page: dict[str, Any] = {}
        for _ in range(MOST_PAGES):
            with calling(what):
                answer = await pricing.get_products(
                    ServiceCode=price_list.SERVICE,
                    Filters=filters,
                    FormatVersion="aws_v1",
                    MaxResults=_PRODUCTS_PER_PAGE,
                    **page,
                )
                texts += answer["PriceList"]
            if not answer.get("NextToken"):
                return texts
            page = {"NextToken": answer["NextToken"]}
        raise Unavailable(f"{what}: the answer has no end")

    async def _history(self, region: str, machines: Sequence[str], since: float) -> list[SpotPrice]:
        """Of all pages. A type that exists nowhere spoils a whole call: then each is asked for alone."""
        try:
            return await self._pages(region, machines, since)
        except Refused as error:
            if error.code != _UNKNOWN_TYPE:
                raise
        if len(machines) == 1:
            return []
        return [price for name in machines for price in await self._history(region, [name], since)]

    async def _pages(self, region: str, machines: Sequence[str], since: float) -> list[SpotPrice]:
        """ "When you specify a start and end time, the operation returns the prices of the instance types within that
        time range. It also returns the last price change before the start time, which is the effective price as of the
        start time." (API_DescribeSpotPriceHistory)"""
        ec2, what = await self._client("ec2", region), f"EC2 DescribeSpotPriceHistory in {region}"
        asked = {
            "InstanceTypes": list(machines),
            "ProductDescriptions": [PRODUCT],
            "StartTime": datetime.fromtimestamp(since, UTC),
        }
        found: list[SpotPrice] = []
        page: dict[str, str] = {}
        for _ in range(MOST_PAGES):
            with calling(what):
                answer = await ec2.describe_spot_price_history(**asked, **page)
                found += spot_prices(answer["SpotPriceHistory"], frozenset(machines))
            if not answer.get("NextToken"):  # "an empty string or null when there are no more items"
                return found
            page = {"NextToken": answer["NextToken"]}
        raise Unavailable(f"{what}: the answer has no end")

    async def _client(self, service: str, region: str) -> Client:
        async with self._opening:
            if (service, region) not in self._clients:
                opening = aws_client(service, region, self._endpoint_url, session=self._session)
                self._clients[service, region] = await self._stack.enter_async_context(opening)
        return self._clients[service, region]


@asynccontextmanager
async def aws_prices(endpoint_url: str | None, session: AioSession | None = None) -> AsyncIterator[AwsPrices]:
    """Open it; its clients are closed at the end. Uses no network by itself."""
    async with AsyncExitStack() as stack:
        yield AwsPrices(stack, endpoint_url, session)
