"""The network for the machines: public subnets that nothing outside can reach.

A NAT gateway would cost more than everything else in an idle stack, so the machines have public addresses. The security
group lets nothing in. S3 is reached through a gateway endpoint, which is free.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from aws_cdk import aws_ec2 as ec2
from constructs import Construct

from deploy.aws.stack.nag import explain


@dataclass(frozen=True, slots=True)
class Network:
    vpc: ec2.Vpc
    outward: ec2.SecurityGroup
    """Everything out, nothing in."""
    zones: Sequence[str]


def network(scope: Construct, zones: Sequence[str]) -> Network:
    vpc = ec2.Vpc(
        scope,
        "Vpc",
        ip_addresses=ec2.IpAddresses.cidr("10.0.0.0/16"),
        availability_zones=list(zones),
        nat_gateways=0,
        subnet_configuration=[
            ec2.SubnetConfiguration(name="Public", subnet_type=ec2.SubnetType.PUBLIC, cidr_mask=20),
        ],
        gateway_endpoints={"S3": ec2.GatewayVpcEndpointOptions(service=ec2.GatewayVpcEndpointAwsService.S3)},
        restrict_default_security_group=False,  # restricting it takes a Lambda function, and nothing uses it
    )
    reason = "Flow logs cost by the gigabyte, and jobs read a lot; nothing listens here, so there is little to log."
    explain(vpc, "VPC7", reason)
    outward = ec2.SecurityGroup(scope, "Outward", vpc=vpc, description="Everything out, nothing in")
    return Network(vpc, outward, zones)
