"""What the stand-in's machines cost: a list price for each type that moto's recording of a region has, and spot prices
that change every few hours.

Prices in us-east-1 are near those of https://aws.amazon.com/ec2/pricing/on-demand/ as of 2026; the others follow from a
type's vCPUs and GPUs. A region's factor is near what its price list says of the g4dn.xlarge. None of them is AWS's.
"""

from collections.abc import Collection, Iterator
from hashlib import sha256
from typing import NamedTuple

from moto.ec2.models.instance_types import INSTANCE_TYPE_OFFERINGS, INSTANCE_TYPES

_KNOWN = {
    "g4dn.xlarge": 0.526,
    "g4dn.2xlarge": 0.752,
    "g5.xlarge": 1.006,
    "g5.2xlarge": 1.212,
    "g6.xlarge": 0.8048,
    "m5.xlarge": 0.192,
    "m6i.xlarge": 0.192,
    "m6a.xlarge": 0.1728,
    "m7i.xlarge": 0.2016,
    "c6i.xlarge": 0.17,
}
_FACTORS = {
    "us-east-1": 1.0,
    "us-east-2": 1.0,
    "us-west-2": 1.0,
    "us-west-1": 1.2,
    "ca-central-1": 1.11,
    "eu-west-1": 1.12,
    "eu-central-1": 1.25,
    "eu-north-1": 1.06,
    "ap-south-1": 1.1,
    "ap-northeast-1": 1.35,
    "ap-southeast-1": 1.4,
    "ap-southeast-2": 1.3,
    "sa-east-1": 1.7,
}
_OTHER_FACTOR = 1.25
USD_PER_VCPU, USD_PER_GPU = 0.048, 0.34
USD_PER_GIB_MONTH = 0.08
CHANGE_SECONDS = 4 * 3_600.0
"""Spot prices "adjust gradually based on long-term trends in supply and demand":
https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/using-spot-instances.html"""
_LOW, _HIGH = 0.28, 0.52
"""Of the price on demand. AWS speaks of a discount of up to 90 %: https://aws.amazon.com/ec2/spot/pricing/"""


class Change(NamedTuple):
    """A spot price from a moment on."""

    machine: str
    zone: str
    usd: str
    at: float


def offered(region: str) -> list[str]:
    """The types that the region has."""
    return sorted({str(each["InstanceType"]) for each in INSTANCE_TYPE_OFFERINGS["region"].get(region, ())})


def on_demand(region: str, machine: str) -> float:
    """USD an hour, with six digits behind the point at most."""
    return round(_in_virginia(machine) * factor(region), 6)


def factor(region: str) -> float:
    return _FACTORS.get(region, _OTHER_FACTOR)


def vcpus(machine: str) -> int:
    return int(INSTANCE_TYPES[machine]["VCpuInfo"]["DefaultVCpus"]) if machine in INSTANCE_TYPES else 4


def spot_changes(region: str, machines: Collection[str], since: float, until: float) -> Iterator[Change]:
    """For each of these types (without any: all) and each zone: the price in force at `since`, and all that follow
    until `until`."""
    for each in INSTANCE_TYPE_OFFERINGS["availability-zone"].get(region, ()):
        machine, zone = str(each["InstanceType"]), str(each["Location"])
        if machines and machine not in machines:
            continue
        offset = _share(f"{machine} {zone}") * CHANGE_SECONDS
        first = int((since - offset) // CHANGE_SECONDS)
        last = int((until - offset) // CHANGE_SECONDS)
        for number in range(first, last + 1):
            share = _LOW + (_HIGH - _LOW) * (_share(f"{machine} {zone}") + _share(f"{machine} {zone} {number}")) / 2
            usd = f"{on_demand(region, machine) * share:.6f}"
            yield Change(machine, zone, usd, float(int(number * CHANGE_SECONDS + offset)))


def _in_virginia(machine: str) -> float:
    if machine in _KNOWN:
        return _KNOWN[machine]
    gpus = INSTANCE_TYPES.get(machine, {}).get("GpuInfo", {}).get("Gpus", ())
    return vcpus(machine) * USD_PER_VCPU + sum(int(each["Count"]) for each in gpus) * USD_PER_GPU


def _share(text: str) -> float:
    """From 0 to 1, always the same for the same text."""
    return int.from_bytes(sha256(text.encode()).digest()[:4]) / 2**32
