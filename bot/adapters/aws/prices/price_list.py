"""Read the products of the Price List API. Each is a text of JSON, whose attributes say what it is.

https://docs.aws.amazon.com/aws-cost-management/latest/APIReference/API_pricing_GetProducts.html; a product in full:
https://docs.aws.amazon.com/awsaccountbilling/latest/aboutv2/using-price-list-query-api.html
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from bot.domain.money.rates import MOST_USD_PER_GIB_MONTH, MOST_USD_PER_HOUR, belongs, checked_usd

SERVICE = "AmazonEC2"
_MACHINE = {
    "operatingSystem": "Linux",
    "tenancy": "Shared",
    "preInstalledSw": "NA",
    # The others, "AllocatedCapacityReservation" (0 USD) and "UnusedCapacityReservation", are for reserved capacity:
    # https://github.com/hashicorp/terraform-provider-aws/pull/12122
    "capacitystatus": "Used",
    # Of Capacity Blocks, where Linux costs 0 USD beside the reservation, it is another one:
    # https://github.com/vantage-sh/ec2instances.info/issues/903
    "operation": "RunInstances",
}
_MACHINES = ("Compute Instance", "Compute Instance (bare metal)")
"""The product families: g4dn.metal and its like are machines of a family, too.
https://github.com/aws/aws-parallelcluster/pull/1292"""
_ON_DEMAND = "OnDemand"
_DISK = {"productFamily": "Storage", "volumeApiName": "gp3"}
_PLACE = ("locationType", "AWS Region")
"""Not a Local Zone or a Wavelength Zone, whose machines cost more, and which are regions of their own here."""


def machine_filters(region: str, name: str) -> list[dict[str, str]]:
    """Of one type, or of all types of a family."""
    named = ("TERM_MATCH", name) if "." in name else ("CONTAINS", f"{name}.")
    terms = {field: ("TERM_MATCH", value) for field, value in _MACHINE.items()}
    return _filters({**terms, "regionCode": ("TERM_MATCH", region), "instanceType": named})


def disk_filters(region: str) -> list[dict[str, str]]:
    return _filters({field: ("TERM_MATCH", value) for field, value in {**_DISK, "regionCode": region}.items()})


def machine_prices(texts: Iterable[str], region: str, name: str) -> dict[str, float]:
    """USD an hour, by type; the higher one if a type has several. Raises ValueError or LookupError if it can't be read.

    What the filters should have left out is left out here.
    """
    prices: dict[str, float] = {}
    for product, attributes in _products(texts, region):
        machine = attributes.get("instanceType", "")
        if belongs(machine, name) and _is_machine(product, attributes):
            for usd in _on_demand(product, "Hrs", MOST_USD_PER_HOUR):
                prices[machine] = max(usd, prices.get(machine, 0.0))
    return prices


def disk_price(texts: Iterable[str], region: str) -> float:
    """USD a month for a GiB. Raises LookupError if there is none."""
    found = [
        usd
        for product, attributes in _products(texts, region)
        if product["product"].get("productFamily") == _DISK["productFamily"]
        and attributes.get("volumeApiName") == _DISK["volumeApiName"]
        for usd in _on_demand(product, "GB-Mo", MOST_USD_PER_GIB_MONTH)
    ]
    if not found:
        raise LookupError(f"there is no price of a gp3 disk in {region}")
    return max(found)


def _filters(terms: Mapping[str, tuple[str, str]]) -> list[dict[str, str]]:
    return [{"Type": kind, "Field": field, "Value": value} for field, (kind, value) in terms.items()]


def _products(texts: Iterable[str], region: str) -> Iterator[tuple[Mapping[str, Any], Mapping[str, str]]]:
    """Each product with its attributes, of those that are in the region itself."""
    for text in texts:
        product = json.loads(text)
        attributes = product["product"]["attributes"]
        if attributes.get("regionCode") == region and _PLACE in attributes.items():
            yield product, attributes


def _is_machine(product: Mapping[str, Any], attributes: Mapping[str, str]) -> bool:
    return (
        product["product"].get("productFamily") in _MACHINES
        and _MACHINE.items() <= attributes.items()
        and attributes.get("marketoption", _ON_DEMAND) == _ON_DEMAND
    )


def _on_demand(product: Mapping[str, Any], unit: str, most: float) -> Iterator[float]:
    """Its prices on demand, in USD. Those of reservations are other terms."""
    for term in product["terms"].get(_ON_DEMAND, {}).values():
        for dimension in term["priceDimensions"].values():
            if dimension["unit"] != unit:
                raise ValueError(f"a price is for {dimension['unit']}, not for {unit}")
            yield checked_usd(float(dimension["pricePerUnit"]["USD"]), most)
