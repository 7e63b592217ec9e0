"""What a region offers: availability zones, and the instance types in each; and what the stack takes of it.

AWS Batch refuses a compute environment if the region lacks one of its types ("Instance type can only be one of […]":
https://github.com/aws/amazon-genomics-cli/issues/209), and then CloudFormation rolls the whole stack back.
"""

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError, EndpointConnectionError

from bot.config.deploy import Deploy
from deploy.aws.cloudformation import StackError

GPU, CPU = "GPU", "CPU"
KINDS = {"spot": GPU, "on-demand": GPU, "cpu": CPU}
"""What the machines of each queue have."""
WOULD_DO = {
    GPU: ("g4dn.xlarge", "g5.xlarge", "g6.xlarge", "g6e.xlarge", "gr6.4xlarge", "p3.2xlarge", "p4d.24xlarge"),
    CPU: ("m7i.xlarge", "m6i.xlarge", "m6a.xlarge", "m7a.xlarge", "m5.xlarge", "c7i.xlarge", "c6i.xlarge", "c5.xlarge"),
}
"""Types to propose. GPU jobs need "a NVIDIA GPU" and x86_64: https://docs.aws.amazon.com/batch/latest/userguide/gpu-jobs.html"""
_BURSTABLE = ("t2.", "t3.", "t3a.", "t4g.")
"""Batch refuses them in words of its own list, although EC2 offers them:
https://github.com/opensupplyhub/open-supply-hub/pull/1058"""
_GRAVITON = re.compile(r"[a-z]+\d+g[a-z]*\.")
"""Batch: "arm-based instance type cannot be used with other instance types." https://github.com/aws/aws-cdk/issues/31148"""
_TYPES_PER_CALL = 200
"""EC2's limit for the values of all filters of a call:
https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/Using_Filtering.html"""
_NOT_ENABLED = ("AuthFailure", "OptInRequired", "UnrecognizedClientException", "InvalidClientTokenId")
"""Answers in a region that the account has not enabled: https://docs.aws.amazon.com/general/latest/gr/rande-manage.html"""


@dataclass(frozen=True, slots=True)
class Offer:
    """`zones` of the account, by name; for each type that was asked about, the zones that have it."""

    region: str
    zones: tuple[str, ...]
    types: Mapping[str, frozenset[str]]


@dataclass(frozen=True, slots=True)
class Choice:
    """What the stack takes: instance types by queue, and zones. `left_out`: by queue, each type with the reason."""

    region: str
    zones: tuple[str, ...]
    kept: Mapping[str, tuple[str, ...]]
    left_out: Mapping[str, Mapping[str, str]]


class NotEnabledError(StackError):
    """The region refuses the account's credentials."""


class NoTypeError(StackError):
    """A queue would have no machine; `choice` is what the region has, `types` those that were wanted for `kind`."""

    def __init__(self, message: str, kind: str, types: Sequence[str], choice: Choice) -> None:
        super().__init__(message)
        self.kind, self.types, self.choice = kind, types, choice


def configured(deploy: Deploy) -> dict[str, tuple[str, ...]]:
    """Instance types by queue."""
    return {"spot": deploy.spot_instances, "on-demand": deploy.on_demand_instances, "cpu": deploy.cpu_instances}


def ask(ec2: Any, deploy: Deploy) -> Offer:
    """Ask for the configured types, the host's, and those that would do. Raises StackError and botocore's errors.

    https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeAvailabilityZones.html and
    https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeInstanceTypeOfferings.html
    """
    region = str(ec2.meta.region_name)
    wanted = {name for names in (*configured(deploy).values(), *WOULD_DO.values()) for name in names}
    wanted |= {deploy.host} - {"none"}
    try:
        filters = [{"Name": "zone-type", "Values": ["availability-zone"]}, {"Name": "state", "Values": ["available"]}]
        zones = sorted(
            str(each["ZoneName"]) for each in ec2.describe_availability_zones(Filters=filters)["AvailabilityZones"]
        )
        types: dict[str, set[str]] = {}
        for name, zone in _offerings(ec2, sorted(wanted)):
            types.setdefault(name, set()).add(zone)
    except EndpointConnectionError as error:
        raise StackError(f"aws.region: {region} can't be reached; is it the name of a region? ({error})") from error
    except ClientError as error:
        if error.response["Error"]["Code"] in _NOT_ENABLED:
            raise NotEnabledError(
                f"{region} refuses the credentials ({error}). Either they are invalid, or the account hasn't enabled "
                f"this region: `aws account enable-region --region-name {region}`, or choose another for aws.region."
            ) from error
        raise
    usable = frozenset(zones)
    return Offer(region, tuple(zones), {name: frozenset(where & usable) for name, where in types.items()})


def _offerings(ec2: Any, types: Sequence[str]) -> Iterator[tuple[str, str]]:
    pages = ec2.get_paginator("describe_instance_type_offerings")
    for start in range(0, len(types), _TYPES_PER_CALL):
        filters = [{"Name": "instance-type", "Values": types[start : start + _TYPES_PER_CALL]}]
        for page in pages.paginate(LocationType="availability-zone", Filters=filters):
            for each in page["InstanceTypeOfferings"]:
                yield str(each["InstanceType"]), str(each["Location"])


def stack_zones(ec2: Any, stack: str) -> tuple[str, ...]:
    """The zones of the stack's subnets, in the template's order: a subnet and the host's volume cannot move."""
    found = ec2.describe_subnets(Filters=[{"Name": "tag:signalbox:stack", "Values": [stack]}])["Subnets"]
    named = {_name(each): str(each["AvailabilityZone"]) for each in found}
    return tuple(named[name] for name in sorted(named))


def _name(subnet: Mapping[str, Any]) -> str:
    return next((str(tag["Value"]) for tag in subnet.get("Tags", ()) if tag["Key"] == "Name"), "")


def choose(deploy: Deploy, used: Collection[str], offer: Offer, existing: Sequence[str] = ()) -> Choice:
    """Take what the region has. `used` are the queues with a project, `existing` the zones of the deployed stack.

    Raises NoTypeError if a queue in `used` would have no machine, and StackError if the host could not start.
    """
    if not offer.zones:
        raise StackError(f"{offer.region} has no availability zone for this account. Choose another for aws.region.")
    reasons = {kind: dict(_unfit(kind, types)) for kind, types in configured(deploy).items()}
    fit = {kind: [t for t in types if t not in reasons[kind]] for kind, types in configured(deploy).items()}
    zones = _zones(deploy, fit, offer, existing)
    kept = {}
    for kind, types in fit.items():
        kept[kind] = tuple(name for name in types if offer.types.get(name, frozenset()) & set(zones))
        reasons[kind] |= {name: _absence(name, offer, zones) for name in types if name not in kept[kind]}
    choice = Choice(offer.region, zones, kept, reasons)
    for kind in sorted(used):
        if not kept[kind]:
            raise NoTypeError(_no_type(kind, reasons[kind], offer, deploy), kind, configured(deploy)[kind], choice)
    return choice


def grouped(reasons: Mapping[str, str]) -> list[str]:
    """Types with the same reason together: `g5.xlarge, g6.xlarge (not offered in us-west-1)`."""
    together: dict[str, list[str]] = {}
    for name, reason in reasons.items():
        together.setdefault(reason, []).append(name)
    return [f"{', '.join(names)} ({reason})" for reason, names in together.items()]


def _unfit(kind: str, types: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Types that Batch would refuse in any region."""
    mixed = 0 < sum(bool(_GRAVITON.match(name)) for name in types) < len(types)
    for name in types:
        if name.startswith(_BURSTABLE):
            yield name, "AWS Batch takes no burstable types"
        elif KINDS[kind] == GPU and name.startswith(("g5g.", "g4ad.")):
            yield name, "AWS Batch runs GPU jobs only on NVIDIA GPUs with x86_64"
        elif mixed and _GRAVITON.match(name):
            yield name, "AWS Batch doesn't mix Graviton with other types"


def _absence(name: str, offer: Offer, zones: Sequence[str]) -> str:
    elsewhere = sorted(offer.types.get(name, ()))
    if elsewhere:
        return f"only in {', '.join(elsewhere)}, and the stack uses {', '.join(zones)}"
    return f"not offered in {offer.region}"


def _zones(deploy: Deploy, fit: Mapping[str, Sequence[str]], offer: Offer, existing: Sequence[str]) -> tuple[str, ...]:
    """The zones of the stack first, then those that add most types; the first one must have the host's type."""
    chosen = list(existing[: deploy.zones])
    wanted = {name for types in fit.values() for name in types}
    host = offer.types.get(deploy.host, frozenset())
    if deploy.host != "none" and not (host & set(chosen[:1] or offer.zones)):
        where = f"{chosen[0]}, the zone of the bot's volume" if chosen else offer.region
        raise StackError(f"deploy.host: {deploy.host} isn't offered in {where}. Choose another type or region.")
    while len(chosen) < min(deploy.zones, len(offer.zones)):
        covered = {name for name in wanted if offer.types.get(name, frozenset()) & set(chosen)}
        rest = [zone for zone in offer.zones if zone not in chosen]
        if not chosen and deploy.host != "none":
            rest = [zone for zone in rest if zone in host]
        has = {zone: {name for name in wanted if zone in offer.types.get(name, ())} for zone in rest}
        chosen.append(min(rest, key=lambda zone: (-len(has[zone] - covered), -len(has[zone]), zone)))
    fixed = len(existing[: deploy.zones]) or int(deploy.host != "none")
    return (*chosen[:fixed], *sorted(chosen[fixed:]))


def _no_type(kind: str, reasons: Mapping[str, str], offer: Offer, deploy: Deploy) -> str:
    setting, name = f"deploy.{kind.replace('-', '_')}_instances", f"{deploy.stack}-{kind}"
    why = "; ".join(grouped(reasons))
    would_do = WOULD_DO[KINDS[kind]]
    here = [name for name in would_do if offer.types.get(name)]
    advice = f"{offer.region} has {', '.join(here)}" if here else f"{offer.region} has none of {', '.join(would_do)}"
    return f"{setting}: the queue {name} would have no machine: {why}. {advice}."
