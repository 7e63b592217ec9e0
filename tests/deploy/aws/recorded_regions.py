"""EC2 and Batch as `deploy.aws.offers` asks them, answering from moto's recording of what each region offers.

moto/ec2/resources/instance_type_offerings holds the answers of DescribeInstanceTypeOfferings by region.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from botocore.exceptions import ClientError
from moto.ec2.models.instance_types import INSTANCE_TYPE_OFFERINGS

from bot.config.loading import Config
from deploy.aws.cloudformation import ClientOf

OFFERED: Mapping[str, Sequence[Mapping[str, str]]] = INSTANCE_TYPE_OFFERINGS["availability-zone"]
REGIONS = sorted(OFFERED)


class Meta:
    def __init__(self, region: str) -> None:
        self.region_name = region


class Ec2:
    """`subnets`: the zones of the stack's subnets, by the subnet's name. `fails` is raised by each question."""

    def __init__(self, region: str, subnets: Mapping[str, str] | None = None, fails: Exception | None = None) -> None:
        self.meta, self._subnets, self._fails = Meta(region), subnets or {}, fails

    def describe_availability_zones(self, Filters: Any) -> dict[str, Any]:
        if self._fails:
            raise self._fails
        assert {each["Name"]: each["Values"] for each in Filters} == {
            "zone-type": ["availability-zone"],
            "state": ["available"],
        }
        names = {each["Location"] for each in OFFERED.get(self.meta.region_name, ())}
        return {"AvailabilityZones": [{"ZoneName": name} for name in sorted(names, reverse=True)]}

    def get_paginator(self, name: str) -> "Ec2":
        assert name == "describe_instance_type_offerings"
        return self

    def paginate(self, LocationType: str, Filters: Any) -> Iterator[dict[str, Any]]:
        assert LocationType == "availability-zone"
        [types] = [each["Values"] for each in Filters if each["Name"] == "instance-type"]
        for each in OFFERED.get(self.meta.region_name, ()):
            if each["InstanceType"] in types:
                yield {"InstanceTypeOfferings": [each]}

    def describe_subnets(self, Filters: Any) -> dict[str, Any]:
        assert Filters == [{"Name": "tag:signalbox:stack", "Values": ["signalbox"]}]
        described = [
            {"AvailabilityZone": zone, "Tags": [{"Key": "Name", "Value": name}]} for name, zone in self._subnets.items()
        ]
        return {"Subnets": described}


class Batch:
    def __init__(self, region: str, fails: Exception | None = None) -> None:
        self.meta, self._fails = Meta(region), fails

    def describe_compute_environments(self, maxResults: int) -> dict[str, Any]:
        assert maxResults == 1
        if self._fails:
            raise self._fails
        return {"computeEnvironments": []}

    def describe_job_definitions(self, jobDefinitionName: str, status: str) -> dict[str, Any]:
        assert (jobDefinitionName, status) == ("signalbox-mnist", "ACTIVE")
        return {"jobDefinitions": []}


class CloudFormation:
    def describe_stacks(self, StackName: str) -> dict[str, Any]:
        error = {"Code": "ValidationError", "Message": f"Stack with id {StackName} does not exist"}
        raise ClientError({"Error": error}, "DescribeStacks")


def clients(config: Config) -> ClientOf:
    known: dict[str, Any] = {"ec2": Ec2(config.aws.region), "batch": Batch(config.aws.region)}
    return {**known, "cloudformation": CloudFormation()}.__getitem__
