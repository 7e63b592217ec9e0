"""Prices from the stand-in are as strict and as full of traps as AWS's."""

import json
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from deploy.sandbox.aws.common.settings import ACCESS_KEY_ID, SECRET_ACCESS_KEY
from deploy.sandbox.aws.moto_patches.list_prices import CHANGE_SECONDS, on_demand, spot_changes
from tests.support.aws_stand_in import Sandbox

TYPE = {"Type": "TERM_MATCH", "Field": "instanceType", "Value": "g4dn.xlarge"}
REGION = {"Type": "TERM_MATCH", "Field": "regionCode", "Value": "eu-west-1"}


def client(sandbox: Sandbox, service: str, region: str = "us-east-1") -> Any:
    keys = {"aws_access_key_id": ACCESS_KEY_ID, "aws_secret_access_key": SECRET_ACCESS_KEY}
    return boto3.client(service, region_name=region, endpoint_url=sandbox.endpoint, **keys)


def code(call: Any, **request: Any) -> str:
    with pytest.raises(ClientError) as refused:
        call(**request)
    return str(refused.value.response["Error"]["Code"])


def test_spot_prices_change_every_few_hours_and_are_always_the_same() -> None:
    changes, again = [list(spot_changes("us-east-1", ["g4dn.xlarge"], 1e9, 1e9 + 86_400)) for _ in range(2)]
    assert changes == again
    by_zone: dict[str, list[float]] = {}
    for each in changes:
        by_zone.setdefault(each.zone, []).append(each.at)
        assert 0 < float(each.usd) < on_demand("us-east-1", "g4dn.xlarge")
    for moments in by_zone.values():
        assert moments[0] <= 1e9
        steps = [later - sooner for sooner, later in pairwise(moments)]
        assert len(steps) >= 5
        assert set(map(round, steps)) <= {CHANGE_SECONDS - 1, CHANGE_SECONDS, CHANGE_SECONDS + 1}


@pytest.mark.slow
class TestPriceList:
    def test_a_type_is_listed_for_each_kind_of_capacity_and_system(self, sandbox: Sandbox) -> None:
        answer = client(sandbox, "pricing").get_products(ServiceCode="AmazonEC2", Filters=[TYPE, REGION])
        products = [json.loads(text)["product"]["attributes"] for text in answer["PriceList"]]
        assert {each["capacitystatus"] for each in products} == {
            "Used",
            "UnusedCapacityReservation",
            "AllocatedCapacityReservation",
        }
        assert {each["operatingSystem"] for each in products} == {"Linux", "Windows"}
        assert {each["regionCode"] for each in products} == {"eu-west-1"}

    def test_pages(self, sandbox: Sandbox) -> None:
        pricing, found, page = client(sandbox, "pricing", "ap-south-1"), [], {}
        while True:
            answer = pricing.get_products(ServiceCode="AmazonEC2", Filters=[TYPE, REGION], MaxResults=2, **page)
            found += answer["PriceList"]
            if "NextToken" not in answer:
                break
            page = {"NextToken": answer["NextToken"]}
        assert len(set(found)) == len(found) == 5

    def test_refuses_what_aws_refuses(self, sandbox: Sandbox) -> None:
        products = client(sandbox, "pricing").get_products
        assert code(products, ServiceCode="AmazonEC2", Filters=[REGION], MaxResults=101) == "InvalidParameterException"
        assert code(products, ServiceCode="AmazonEC2", Filters=[REGION], NextToken="?") == "InvalidNextTokenException"
        like = {**TYPE, "Type": "LIKE"}
        assert code(products, ServiceCode="AmazonEC2", Filters=[REGION, like]) == "InvalidParameterException"
        elsewhere = client(sandbox, "pricing", "eu-west-1").get_products
        assert code(elsewhere, ServiceCode="AmazonEC2", Filters=[REGION]) == "UnrecognizedClientException"


@pytest.mark.slow
class TestSpotPriceHistory:
    def test_newest_first_with_pages(self, sandbox: Sandbox) -> None:
        ec2, since = client(sandbox, "ec2", "eu-west-1"), datetime.now(UTC) - timedelta(days=2)
        asked = {"InstanceTypes": ["g4dn.xlarge"], "ProductDescriptions": ["Linux/UNIX"], "StartTime": since}
        answer = ec2.describe_spot_price_history(**asked, MaxResults=5)
        assert len(answer["SpotPriceHistory"]) == 5
        rest = ec2.describe_spot_price_history(**asked, NextToken=answer["NextToken"])
        assert rest["NextToken"] == ""
        moments = [each["Timestamp"] for each in (*answer["SpotPriceHistory"], *rest["SpotPriceHistory"])]
        assert moments == sorted(moments, reverse=True)
        assert moments[-1] <= since

    def test_asks_for_what_there_is(self, sandbox: Sandbox) -> None:
        history = client(sandbox, "ec2").describe_spot_price_history
        assert code(history, InstanceTypes=["nope.large"]) == "InvalidParameterValue"
        assert code(history, MaxResults=1_001) == "InvalidParameterValue"
        assert code(history, NextToken="?") == "InvalidParameterValue"
        assert history(InstanceTypes=["g4dn.xlarge"], ProductDescriptions=["Windows"])["SpotPriceHistory"] == []
