"""Products as the Price List API writes them, and those that no machine can have.

The shape is that of https://docs.aws.amazon.com/awsaccountbilling/latest/aboutv2/using-price-list-query-api.html.
"""

import pytest

from bot.adapters.aws.prices.price_list import disk_price, machine_prices
from tests.bot.adapters.aws.prices.products import G4DN, GP3, TOKYO, product


def test_price_on_demand_is_read() -> None:
    assert machine_prices([product("0.7100000000", G4DN)], TOKYO, "g4dn.xlarge") == {"g4dn.xlarge": 0.71}


@pytest.mark.parametrize(
    "changed",
    [
        {"capacitystatus": "AllocatedCapacityReservation"},
        {"operation": "RunInstances:CB", "marketoption": "CapacityBlock"},
        {"marketoption": "CapacityBlock"},
        {"operatingSystem": "Windows", "operation": "RunInstances:0002"},
        {"tenancy": "Dedicated"},
        {"preInstalledSw": "SQL Std"},
        {"locationType": "AWS Local Zone"},
        {"regionCode": "us-east-1"},
        {"instanceType": "g4dn.2xlarge"},
    ],
)
def test_other_products_are_left_out_even_at_no_price(changed: dict[str, str]) -> None:
    texts = [product("0.0000000000", {**G4DN, **changed}), product("0.7100000000", G4DN)]
    assert machine_prices(texts, TOKYO, "g4dn.xlarge") == {"g4dn.xlarge": 0.71}


def test_family_is_all_its_types_with_bare_metal() -> None:
    metal = {**G4DN, "instanceType": "g4dn.metal"}
    other = {**G4DN, "instanceType": "xg4dn.large"}
    texts = [product("0.71", G4DN), product("9", other)]
    texts.append(product("10.56", metal, family="Compute Instance (bare metal)"))
    assert machine_prices(texts, TOKYO, "g4dn") == {"g4dn.xlarge": 0.71, "g4dn.metal": 10.56}


def test_of_two_prices_the_higher_counts() -> None:
    assert machine_prices([product("0.71", G4DN), product("0.5", G4DN)], TOKYO, "g4dn.xlarge") == {"g4dn.xlarge": 0.71}


@pytest.mark.parametrize("usd", ["0.0000000000", "-0.71", "NaN", "Infinity", "1000000000", "free", ""])
def test_absurd_price_is_no_price(usd: str) -> None:
    with pytest.raises(ValueError, match=r"cannot be a price|could not convert"):
        machine_prices([product(usd, G4DN)], TOKYO, "g4dn.xlarge")


def test_price_in_another_currency_or_unit_is_not_read() -> None:
    yuan = product("4.5", G4DN).replace('"USD"', '"CNY"')
    with pytest.raises(LookupError):
        machine_prices([yuan], TOKYO, "g4dn.xlarge")
    with pytest.raises(ValueError, match="for Quantity, not for Hrs"):
        machine_prices([product("4.5", G4DN, unit="Quantity")], TOKYO, "g4dn.xlarge")


def test_disk_is_gp3_by_the_month() -> None:
    gp2 = {**GP3, "volumeApiName": "gp2"}
    texts = [
        product("0.12", gp2, family="Storage", unit="GB-Mo"),
        product("0.096", GP3, family="Storage", unit="GB-Mo"),
    ]
    assert disk_price(texts, TOKYO) == 0.096
    with pytest.raises(LookupError, match="no price of a gp3 disk in eu-west-1"):
        disk_price(texts, "eu-west-1")
    with pytest.raises(ValueError, match="cannot be a price"):
        disk_price([product("11", GP3, family="Storage", unit="GB-Mo")], TOKYO)
