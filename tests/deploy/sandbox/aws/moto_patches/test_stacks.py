"""CloudFormation's rules for templates and stacks, over HTTP."""

import json
import uuid
from collections.abc import Mapping
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError, WaiterError

from tests.support.aws_stand_in import Sandbox

pytestmark = pytest.mark.slow


def _client(sandbox: Sandbox, region: str, service: str = "cloudformation") -> Any:
    return boto3.client(
        service,
        endpoint_url=sandbox.endpoint,
        region_name=region,
        aws_access_key_id="a",
        aws_secret_access_key="b",
    )


def _subnet(index: int) -> dict[str, Any]:
    zone = {"Fn::Select": [index, {"Fn::GetAZs": ""}]}
    network = {"Type": "AWS::EC2::VPC", "Properties": {"CidrBlock": "10.8.0.0/16"}}
    properties = {"VpcId": {"Ref": "Network"}, "CidrBlock": "10.8.0.0/24", "AvailabilityZone": zone}
    subnet = {"Type": "AWS::EC2::Subnet", "Properties": properties}
    return {
        "Resources": {"Network": network, "Subnet": subnet},
        "Outputs": {"Subnet": {"Value": {"Ref": "Subnet"}}},
    }


def _machines(sandbox: Sandbox, region: str, types: list[str]) -> dict[str, Any]:
    ec2 = _client(sandbox, region, "ec2")
    subnet = ec2.describe_subnets()["Subnets"][0]
    group = ec2.describe_security_groups(Filters=[{"Name": "vpc-id", "Values": [subnet["VpcId"]]}])["SecurityGroups"][0]
    trust = {
        "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "ec2.amazonaws.com"}}]
    }
    resources = {
        "Type": "SPOT",
        "MinvCpus": 0,
        "MaxvCpus": 4,
        "InstanceTypes": types,
        "InstanceRole": {"Fn::GetAtt": ["Profile", "Arn"]},
        "Subnets": [subnet["SubnetId"]],
        "SecurityGroupIds": [group["GroupId"]],
    }
    return {
        "Resources": {
            "Role": {"Type": "AWS::IAM::Role", "Properties": {"AssumeRolePolicyDocument": trust}},
            "Profile": {"Type": "AWS::IAM::InstanceProfile", "Properties": {"Roles": [{"Ref": "Role"}]}},
            "Machines": {
                "Type": "AWS::Batch::ComputeEnvironment",
                "Properties": {"Type": "managed", "ComputeResources": resources},
            },
        }
    }


def _create(cloudformation: Any, template: Mapping[str, Any], **more: Any) -> str:
    """Create a stack; its id."""
    name = f"s{uuid.uuid4().hex[:8]}"
    request = {"StackName": name, "TemplateBody": json.dumps(template), "Capabilities": ["CAPABILITY_IAM"]}
    stack_id: str = cloudformation.create_stack(**request, **more)["StackId"]
    return stack_id


def _described(cloudformation: Any, stack_id: str) -> dict[str, Any]:
    [stack] = cloudformation.describe_stacks(StackName=stack_id)["Stacks"]
    return dict(stack)


def _failures(cloudformation: Any, stack_id: str) -> dict[str, str]:
    """Reasons by the resource that failed."""
    events = cloudformation.describe_stack_events(StackName=stack_id)["StackEvents"]
    failed = [each for each in events if each["ResourceStatus"] == "CREATE_FAILED"]
    return {each["LogicalResourceId"]: each["ResourceStatusReason"] for each in failed}


@pytest.mark.parametrize("call", ["create_stack", "update_stack", "validate_template"])
def test_a_template_over_51200_bytes_is_refused(sandbox: Sandbox, call: str) -> None:
    cloudformation = _client(sandbox, "us-east-1")
    template = {"Description": "é" * 26_000, "Resources": {}}
    named = {} if call == "validate_template" else {"StackName": "long"}
    with pytest.raises(ClientError) as raised:
        getattr(cloudformation, call)(TemplateBody=json.dumps(template, ensure_ascii=False), **named)
    assert raised.value.response["Error"]["Code"] == "ValidationError"
    assert raised.value.response["Error"]["Message"].endswith(
        "' at 'templateBody' failed to satisfy constraint: Member must have length less than or equal to 51200"
    )


def test_zones_are_those_of_the_region(sandbox: Sandbox) -> None:
    cloudformation = _client(sandbox, "us-west-1")
    stack = _described(cloudformation, _create(cloudformation, _subnet(1)))
    assert stack["StackStatus"] == "CREATE_COMPLETE"
    made = _client(sandbox, "us-west-1", "ec2").describe_subnets(SubnetIds=[stack["Outputs"][0]["OutputValue"]])
    assert made["Subnets"][0]["AvailabilityZone"] == "us-west-1b"


def test_a_zone_that_does_not_exist_fails_the_stack(sandbox: Sandbox) -> None:
    cloudformation = _client(sandbox, "us-west-1")
    created = _create(cloudformation, _subnet(2))
    assert _described(cloudformation, created)["StackStatus"] == "ROLLBACK_COMPLETE"
    assert _failures(cloudformation, created) == {
        "Subnet": "Template error: Fn::Select cannot select nonexistent value at index 2"
    }


def test_a_failed_stack_is_deleted_if_the_request_says_so(sandbox: Sandbox) -> None:
    cloudformation = _client(sandbox, "us-west-1")
    created = _create(cloudformation, _subnet(2), OnFailure="DELETE")
    assert _described(cloudformation, created)["StackStatus"] == "DELETE_COMPLETE"
    with pytest.raises(WaiterError):
        cloudformation.get_waiter("stack_create_complete").wait(StackName=created, WaiterConfig={"Delay": 0})
    assert "Subnet" in _failures(cloudformation, created)
    vpcs = _client(sandbox, "us-west-1", "ec2").describe_vpcs(Filters=[{"Name": "cidr", "Values": ["10.8.0.0/16"]}])
    assert len(vpcs["Vpcs"]) <= 1  # another test's stack


@pytest.mark.parametrize(
    ("region", "types", "reason"),
    [
        ("eu-west-1", ["g5.xlarge", "g6.xlarge"], "Instance type can only be one of [optimal, "),
        ("us-west-1", ["g5"], "Instance type can only be one of [optimal, "),
        ("us-east-1", ["t3.large"], "Instance type can only be one of [optimal, "),
        (
            "us-east-1",
            ["m7g.xlarge", "m7i.xlarge"],
            "arm-based instance type cannot be used with other instance types.",
        ),
    ],
)
def test_batch_refuses_types_in_its_own_words(sandbox: Sandbox, region: str, types: list[str], reason: str) -> None:
    cloudformation = _client(sandbox, region)
    created = _create(cloudformation, _machines(sandbox, region, types))
    said = _failures(cloudformation, created)["Machines"]
    assert said.startswith(f'Resource handler returned message: "Error executing request, Exception : {reason}')
    assert said.endswith("HandlerErrorCode: InvalidRequest)")


@pytest.mark.parametrize("types", [["g5.xlarge"], ["g5", "g6"], ["optimal"], ["m7g.xlarge", "c7g"]])
def test_batch_takes_types_and_families_of_the_region(sandbox: Sandbox, types: list[str]) -> None:
    cloudformation = _client(sandbox, "us-east-1")
    created = _create(cloudformation, _machines(sandbox, "us-east-1", types))
    assert _described(cloudformation, created)["StackStatus"] == "CREATE_COMPLETE"
    cloudformation.delete_stack(StackName=created)


def test_the_api_refuses_types_too(sandbox: Sandbox) -> None:
    batch = sandbox.batch
    name = batch.describe_compute_environments()["computeEnvironments"][0]["computeEnvironmentName"]
    with pytest.raises(ClientError, match="Instance type can only be one of"):
        batch.update_compute_environment(computeEnvironment=name, computeResources={"instanceTypes": ["g5.tiny"]})


def test_an_update_that_fails_goes_back(sandbox: Sandbox) -> None:
    cloudformation = _client(sandbox, "us-east-1")
    template = _machines(sandbox, "us-east-1", ["g5.xlarge"])
    template["Parameters"] = {"Types": {"Type": "CommaDelimitedList", "Default": "g5.xlarge"}}
    resources = template["Resources"]["Machines"]["Properties"]["ComputeResources"]
    resources["InstanceTypes"] = {"Ref": "Types"}
    template["Outputs"] = {"Machines": {"Value": {"Ref": "Machines"}}}
    created = _create(cloudformation, template)

    def types() -> list[str]:
        [output] = _described(cloudformation, created)["Outputs"]
        named = sandbox.batch.describe_compute_environments(computeEnvironments=[output["OutputValue"]])
        return list(named["computeEnvironments"][0]["computeResources"]["instanceTypes"])

    def update(names: str) -> str:
        given = [{"ParameterKey": "Types", "ParameterValue": names}]
        cloudformation.update_stack(
            StackName=created,
            TemplateBody=json.dumps(template),
            Parameters=given,
            Capabilities=["CAPABILITY_IAM"],
        )
        return str(_described(cloudformation, created)["StackStatus"])

    assert (update("g5.xlarge,g6.xlarge"), types()) == ("UPDATE_COMPLETE", ["g5.xlarge", "g6.xlarge"])
    assert update("g5.tiny") == "UPDATE_ROLLBACK_COMPLETE"
    assert types() == ["g5.xlarge", "g6.xlarge"]
    events = cloudformation.describe_stack_events(StackName=created)["StackEvents"]
    [failed] = [each for each in events if each["ResourceStatus"] == "UPDATE_FAILED"]
    assert (failed["LogicalResourceId"], "can only be one of" in failed["ResourceStatusReason"]) == ("Machines", True)
    assert (update("g6.xlarge"), types()) == ("UPDATE_COMPLETE", ["g6.xlarge"])


def test_a_list_parameter_has_its_default_and_takes_a_value(sandbox: Sandbox) -> None:
    cloudformation = _client(sandbox, "us-east-1")
    template = {
        "Parameters": {"Names": {"Type": "CommaDelimitedList", "Default": "a,b"}},
        "Resources": {"Queue": {"Type": "AWS::SQS::Queue"}},
        "Outputs": {"Second": {"Value": {"Fn::Select": [1, {"Ref": "Names"}]}}},
    }
    default = _described(cloudformation, _create(cloudformation, template))
    given = [{"ParameterKey": "Names", "ParameterValue": "x,y"}]
    other = _described(cloudformation, _create(cloudformation, template, Parameters=given))
    assert [each["Outputs"][0]["OutputValue"] for each in (default, other)] == ["b", "y"]


def test_parameters_that_the_template_lacks_are_refused(sandbox: Sandbox) -> None:
    cloudformation = _client(sandbox, "us-east-1")
    given = [{"ParameterKey": "Mail", "ParameterValue": "x"}]
    with pytest.raises(ClientError, match=r"Parameters: \[Mail\] do not exist in the template"):
        _create(cloudformation, {"Resources": {"Queue": {"Type": "AWS::SQS::Queue"}}}, Parameters=given)


def test_roles_need_the_capability(sandbox: Sandbox) -> None:
    cloudformation = _client(sandbox, "us-east-1")
    template = _machines(sandbox, "us-east-1", ["g5.xlarge"])
    with pytest.raises(ClientError, match=r"InsufficientCapabilitiesException.*CAPABILITY_IAM"):
        cloudformation.create_stack(StackName="roles", TemplateBody=json.dumps(template))


def test_an_update_that_changes_nothing_is_refused(sandbox: Sandbox) -> None:
    cloudformation = _client(sandbox, "us-east-1")
    template = {
        "Parameters": {
            "Names": {"Type": "CommaDelimitedList", "Default": "a"},
            "Days": {"Type": "Number", "Default": 1},
        },
        "Resources": {"Queue": {"Type": "AWS::SQS::Queue"}},
    }
    given = [{"ParameterKey": "Names", "ParameterValue": "x,y"}, {"ParameterKey": "Days", "ParameterValue": "2"}]
    created = _create(cloudformation, template, Parameters=given)
    with pytest.raises(ClientError, match="No updates are to be performed"):
        cloudformation.update_stack(StackName=created, TemplateBody=json.dumps(template, indent=1), Parameters=given)
    given[1]["ParameterValue"] = "3"
    cloudformation.update_stack(StackName=created, TemplateBody=json.dumps(template), Parameters=given)
    assert _described(cloudformation, created)["StackStatus"] == "UPDATE_COMPLETE"


def _definition(image: str) -> dict[str, Any]:
    return {
        "Parameters": {"Image": {"Type": "String", "Default": image}, "Other": {"Type": "String", "Default": "x"}},
        "Resources": {
            "Definition": {
                "Type": "AWS::Batch::JobDefinition",
                "Properties": {
                    "JobDefinitionName": f"d{uuid.uuid4().hex[:8]}",
                    "Type": "container",
                    "ContainerProperties": {
                        "Image": {"Fn::Sub": "net${Image}"},
                        "ResourceRequirements": [{"Type": "VCPU", "Value": "1"}, {"Type": "MEMORY", "Value": "512"}],
                    },
                },
            }
        },
        "Outputs": {"Definition": {"Value": {"Ref": "Definition"}}},
    }


def test_an_update_of_one_parameter_keeps_template_and_defaults(sandbox: Sandbox) -> None:
    cloudformation, template = _client(sandbox, "us-west-1"), _definition(":1")
    created = _create(cloudformation, template)
    values = [{"ParameterKey": "Image", "ParameterValue": ":2"}, {"ParameterKey": "Other", "UsePreviousValue": True}]
    cloudformation.update_stack(StackName=created, UsePreviousTemplate=True, Parameters=values)
    stack = _described(cloudformation, created)
    parameters = {each["ParameterKey"]: each["ParameterValue"] for each in stack["Parameters"]}
    assert parameters == {"Image": ":2", "Other": "x"}
    name = template["Resources"]["Definition"]["Properties"]["JobDefinitionName"]
    batch = _client(sandbox, "us-west-1", "batch")
    [active] = batch.describe_job_definitions(jobDefinitionName=name, status="ACTIVE")["jobDefinitions"]
    assert (active["revision"], active["containerProperties"]["image"]) == (2, "net:2")


def test_a_new_parameter_has_no_previous_value(sandbox: Sandbox) -> None:
    """The answer: https://github.com/aws/aws-cli/issues/2599"""
    cloudformation, template = _client(sandbox, "us-west-1"), _definition(":1")
    created = _create(cloudformation, template)
    template["Parameters"]["New"] = {"Type": "String", "Default": "y"}
    previous = [{"ParameterKey": "New", "UsePreviousValue": True}]
    with pytest.raises(ClientError, match="usePreviousValue as true for a parameter key not in the prev"):
        cloudformation.update_stack(StackName=created, TemplateBody=json.dumps(template), Parameters=previous)
