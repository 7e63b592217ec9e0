"""Which instance types and zones the stack takes of a region."""

from typing import Any

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError

from bot.config.deploy import Deploy
from deploy.aws import offers
from deploy.aws.cloudformation import StackError
from deploy.aws.offers import Choice, NoTypeError
from tests.deploy.aws.recorded_regions import REGIONS, Ec2


def _choose(region: str, existing: tuple[str, ...] = (), used: tuple[str, ...] = (), **settings: Any) -> Choice:
    deploy = Deploy(**settings)
    return offers.choose(deploy, used, offers.ask(Ec2(region), deploy), existing)


def test_types_that_the_region_lacks_are_left_out_with_the_reason() -> None:
    choice = _choose("us-west-1", used=("spot",))
    assert choice.kept == {
        "spot": ("g4dn.xlarge",),
        "on-demand": ("g4dn.xlarge",),
        "cpu": ("m7i.xlarge", "m6i.xlarge", "m6a.xlarge"),
    }
    assert choice.left_out["spot"] == dict.fromkeys(("g5.xlarge", "g6.xlarge"), "not offered in us-west-1")
    assert choice.zones == ("us-west-1a", "us-west-1b")


@pytest.mark.parametrize("region", REGIONS)
def test_every_region_has_two_zones_with_every_type_that_is_kept(region: str) -> None:
    deploy = Deploy()
    offer = offers.ask(Ec2(region), deploy)
    choice = offers.choose(deploy, (), offer)
    assert len(choice.zones) == 2
    assert set(choice.zones) <= set(offer.zones)
    for kind, types in choice.kept.items():
        assert all(offer.types[name] & set(choice.zones) for name in types)
        assert {*types, *choice.left_out[kind]} == set(offers.configured(deploy)[kind])


def test_there_are_never_more_zones_than_the_region_has() -> None:
    assert _choose("us-west-1", zones=6).zones == ("us-west-1a", "us-west-1b")
    assert len(_choose("us-east-1", zones=6).zones) == 6


def test_zones_are_those_with_the_types() -> None:
    zones = _choose("us-east-1", zones=5).zones
    assert len(set(zones)) == 5
    lacking = {"us-east-1a", "us-east-1b", "us-east-1c", "us-east-1d", "us-east-1e", "us-east-1f"} - set(zones)
    only_there = offers.ask(Ec2("us-east-1"), Deploy()).types["g4dn.xlarge"]
    assert not lacking & only_there


def test_zones_of_the_deployed_stack_stay_and_a_type_elsewhere_is_left_out() -> None:
    """A subnet cannot move, and the host's volume is in the first zone."""
    choice = _choose("af-south-1", existing=("af-south-1a",), zones=1)
    assert choice.zones == ("af-south-1a",)
    reason = "only in af-south-1b, af-south-1c, and the stack uses af-south-1a"
    assert choice.left_out["spot"]["g4dn.xlarge"] == reason
    assert _choose("us-east-1", existing=("us-east-1e", "us-east-1c")).zones == ("us-east-1e", "us-east-1c")


def test_the_stacks_zones_are_read_in_the_templates_order() -> None:
    ec2 = Ec2("us-east-1", {"s/Vpc/PublicSubnet2": "us-east-1b", "s/Vpc/PublicSubnet1": "us-east-1d"})
    assert offers.stack_zones(ec2, "signalbox") == ("us-east-1d", "us-east-1b")


def test_a_queue_in_use_without_a_machine_is_refused_with_what_would_do() -> None:
    with pytest.raises(NoTypeError) as raised:
        _choose("ap-south-2", used=("on-demand",))
    assert str(raised.value) == (
        "deploy.on_demand_instances: the queue signalbox-on-demand would have no machine: "
        "g4dn.xlarge (not offered in ap-south-2). ap-south-2 has g6.xlarge, g6e.xlarge."
    )


def test_a_queue_without_a_project_may_be_left_out() -> None:
    choice = _choose("ap-southeast-4", used=("cpu",))
    assert choice.kept == {"spot": (), "on-demand": (), "cpu": ("m7i.xlarge",)}


def test_types_that_batch_never_takes_are_left_out_in_every_region() -> None:
    types = {"spot_instances": ("g5g.xlarge", "g4ad.xlarge", "g5.xlarge"), "cpu_instances": ("t3.large", "m7i.xlarge")}
    choice = _choose("us-east-1", **types)
    assert (choice.kept["spot"], choice.kept["cpu"]) == (("g5.xlarge",), ("m7i.xlarge",))
    assert choice.left_out["cpu"] == {"t3.large": "AWS Batch takes no burstable types"}


def test_graviton_is_left_out_beside_other_types_only() -> None:
    mixed = _choose("us-east-1", cpu_instances=("m7g.xlarge", "m7i.xlarge"))
    assert mixed.kept["cpu"] == ("m7i.xlarge",)
    assert mixed.left_out["cpu"] == {"m7g.xlarge": "AWS Batch doesn't mix Graviton with other types"}
    assert _choose("us-east-1", cpu_instances=("m7g.xlarge",)).kept["cpu"] == ("m7g.xlarge",)


def test_the_hosts_zone_has_its_type() -> None:
    deploy = Deploy(host="t4g.small", zones=1)
    offer = offers.Offer("r", ("a", "b"), {"t4g.small": frozenset("b"), "g5.xlarge": frozenset("a")})
    assert offers.choose(deploy, (), offer).zones == ("b",)
    with pytest.raises(StackError, match=r"t4g\.small isn't offered in a, the zone of the bot's volume\."):
        offers.choose(deploy, (), offer, ["a"])
    with pytest.raises(StackError, match=r"deploy\.host: m9z\.large isn't offered in r\. Choose another"):
        offers.choose(Deploy(host="m9z.large"), (), offer)


def test_a_region_that_is_not_enabled_or_does_not_exist_is_named() -> None:
    refused = ClientError({"Error": {"Code": "AuthFailure", "Message": "not able to validate"}}, "x")
    with pytest.raises(StackError, match=r"aws account enable-region --region-name af-south-1"):
        offers.ask(Ec2("af-south-1", fails=refused), Deploy())
    unknown = EndpointConnectionError(endpoint_url="https://ec2.us-esat-1.amazonaws.com")
    with pytest.raises(StackError, match=r"aws\.region: us-esat-1 can't be reached; is it the name of a region\?"):
        offers.ask(Ec2("us-esat-1", fails=unknown), Deploy())
    denied = ClientError({"Error": {"Code": "UnauthorizedOperation", "Message": "no"}}, "x")
    with pytest.raises(ClientError):
        offers.ask(Ec2("af-south-1", fails=denied), Deploy())


def test_a_region_without_zones_is_refused() -> None:
    with pytest.raises(StackError, match="has no availability zone for this account"):
        _choose("mx-central-1")
