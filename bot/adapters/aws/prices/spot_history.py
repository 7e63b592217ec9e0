"""Read answers of DescribeSpotPriceHistory.

https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeSpotPriceHistory.html
"""

from collections.abc import Iterable, Mapping
from typing import Any

from bot.domain.money.rates import checked_usd
from bot.ports.prices import SpotPrice

PRODUCT = "Linux/UNIX"
"""Descriptions with "(Amazon VPC)" "will only be displayed to EC2-Classic account holders":
https://github.com/pusher/k8s-spot-price-monitor/pull/5"""
TYPES_PER_CALL = 100
MOST_PAGES = 100
"""Of 1,000 prices each: a type changes its price a few times a day and zone."""


def spot_prices(found: Iterable[Mapping[str, Any]], machines: frozenset[str]) -> list[SpotPrice]:
    """Oldest first. Raises ValueError or LookupError for an answer that can't be read.

    AWS documents the order oldest first and sends the newest first, and has sent other products than were asked for:
    https://github.com/mcohen01/amazonica/issues/97
    """
    prices = [
        SpotPrice(
            str(each["InstanceType"]),
            str(each["AvailabilityZone"]),
            checked_usd(float(each["SpotPrice"])),
            each["Timestamp"].timestamp(),
        )
        for each in found
        if each["ProductDescription"] == PRODUCT and each["InstanceType"] in machines
    ]
    return sorted(prices, key=lambda price: (price.at, price.machine, price.zone))
