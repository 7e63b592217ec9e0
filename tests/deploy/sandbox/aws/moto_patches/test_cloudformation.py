"""Batch through CloudFormation: templates that AWS accepts, and jobs on the resources they create."""

import json
import uuid
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.support.aws_stand_in import PYTHON, Sandbox

pytestmark = pytest.mark.slow

TASKS = {"Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "ec2.amazonaws.com"}}]}


def _template(name: str, subnet: str, group: str) -> dict[str, Any]:
    """A template without ServiceRole, with capitalized API names, and `Fn::GetAtt` on every Batch resource."""
    environment = {
        "Type": "managed",
        "Tags": {"Kept-As-It-Is": "yes"},
        "ComputeResources": {
            "Type": "SPOT",
            "AllocationStrategy": "SPOT_PRICE_CAPACITY_OPTIMIZED",
            "MinvCpus": 0,
            "MaxvCpus": 4,
            "InstanceTypes": ["g6.xlarge"],
            "InstanceRole": {"Fn::GetAtt": ["Profile", "Arn"]},
            "Subnets": [subnet],
            "SecurityGroupIds": [group],
        },
    }
    queue = {
        "JobQueueName": name,
        "Priority": 3,
        "Tags": {"signalbox:stack": name},
        "ComputeEnvironmentOrder": [
            {"Order": 1, "ComputeEnvironment": {"Fn::GetAtt": ["Machines", "ComputeEnvironmentArn"]}}
        ],
    }
    definition = {
        "JobDefinitionName": name,
        "Type": "container",
        "PropagateTags": True,
        "PlatformCapabilities": ["EC2"],
        "Parameters": {"Program": "print('from the definition')"},
        "Timeout": {"AttemptDurationSeconds": 600},
        "RetryStrategy": {"Attempts": 2, "EvaluateOnExit": [{"Action": "EXIT", "OnReason": "*"}]},
        "ContainerProperties": {
            "Image": PYTHON,
            "Command": ["Ref::Program"],
            "Environment": [{"Name": "PLACE", "Value": {"Ref": "AWS::Region"}}],
            "Secrets": [{"Name": "GIT_TOKEN", "ValueFrom": {"Ref": "Token"}}],
            "ResourceRequirements": [{"Type": "VCPU", "Value": "1"}, {"Type": "MEMORY", "Value": "128"}],
            "LogConfiguration": {
                "LogDriver": "awslogs",
                "Options": {"awslogs-group": {"Ref": "Log"}, "awslogs-stream-prefix": "of-the-stack"},
            },
        },
    }
    pattern = {"source": ["aws.batch"], "detail": {"jobQueue": [{"Fn::GetAtt": ["Queue", "JobQueueArn"]}]}}
    policy = {"Statement": [{"Effect": "Allow", "Action": "sqs:SendMessage", "Resource": "*", "Principal": "*"}]}
    resources = {
        "Role": ("IAM::Role", {"AssumeRolePolicyDocument": TASKS}),
        "Profile": ("IAM::InstanceProfile", {"Roles": [{"Ref": "Role"}]}),
        "Machines": ("Batch::ComputeEnvironment", environment),
        "Queue": ("Batch::JobQueue", queue),
        "Definition": ("Batch::JobDefinition", definition),
        "Log": ("Logs::LogGroup", {"LogGroupName": f"/{name}/jobs"}),
        "Token": ("SecretsManager::Secret", {"Name": f"{name}/token", "SecretString": "ghp_of_the_stack"}),
        "Events": ("SQS::Queue", {}),
        "Policy": ("SQS::QueuePolicy", {"Queues": [{"Ref": "Events"}], "PolicyDocument": policy}),
        "Rule": (
            "Events::Rule",
            {"EventPattern": pattern, "Targets": [{"Id": "queue", "Arn": {"Fn::GetAtt": ["Events", "Arn"]}}]},
        ),
        "Network": ("EC2::VPC", {"CidrBlock": "10.9.0.0/16"}),
        "Routes": ("EC2::RouteTable", {"VpcId": {"Ref": "Network"}}),
    }
    outputs = {"Url": {"Ref": "Events"}, "Token": {"Ref": "Token"}, "Network": {"Ref": "Network"}}
    return {
        "Resources": {
            key: {"Type": f"AWS::{kind}", "Properties": properties} for key, (kind, properties) in resources.items()
        },
        "Outputs": {key: {"Value": value} for key, value in outputs.items()},
    }


class Stack:
    def __init__(self, sandbox: Sandbox, name: str) -> None:
        self.sandbox, self.name = sandbox, name
        subnet = sandbox.clients.ec2.describe_subnets()["Subnets"][0]
        groups = sandbox.clients.ec2.describe_security_groups(
            Filters=[{"Name": "vpc-id", "Values": [subnet["VpcId"]]}, {"Name": "group-name", "Values": ["default"]}]
        )["SecurityGroups"]
        template = _template(name, subnet["SubnetId"], groups[0]["GroupId"])
        sandbox.clients.cloudformation.create_stack(
            StackName=name, TemplateBody=json.dumps(template), Capabilities=["CAPABILITY_IAM"]
        )
        [described] = sandbox.clients.cloudformation.describe_stacks(StackName=name)["Stacks"]
        assert described["StackStatus"] == "CREATE_COMPLETE"
        self.outputs = {each["OutputKey"]: each["OutputValue"] for each in described["Outputs"]}

    def run(self, program: str = "") -> dict[str, Any]:
        """Run a job to its end; without `program`, the definition's own command."""
        overrides = {"containerOverrides": {"command": [program]}} if program else {}
        job = self.sandbox.batch.submit_job(jobName="job", jobQueue=self.name, jobDefinition=self.name, **overrides)
        return self.sandbox.ended(job["jobId"])

    def printed(self, job: dict[str, Any]) -> list[str]:
        events = self.sandbox.clients.logs.get_log_events(
            logGroupName=f"/{self.name}/jobs", logStreamName=job["container"]["logStreamName"]
        )["events"]
        return [each["message"] for each in events]

    def delete(self) -> None:
        self.sandbox.clients.cloudformation.delete_stack(StackName=self.name)


@pytest.fixture
def stack(sandbox: Sandbox) -> Iterator[Stack]:
    made = Stack(sandbox, f"stack-{uuid.uuid4().hex[:8]}")
    yield made
    made.delete()


def test_environment_without_a_role_gets_the_service_role(stack: Stack) -> None:
    [queue] = stack.sandbox.batch.describe_job_queues(jobQueues=[stack.name])["jobQueues"]
    assert (queue["priority"], queue["tags"]) == (3, {"signalbox:stack": stack.name})
    [order] = queue["computeEnvironmentOrder"]
    [environment] = stack.sandbox.batch.describe_compute_environments(
        computeEnvironments=[order["computeEnvironment"]]
    )["computeEnvironments"]
    assert "/aws-service-role/batch.amazonaws.com/" in environment["serviceRole"]
    assert (environment["type"], environment["status"]) == ("MANAGED", "VALID")
    assert environment["tags"] == {"Kept-As-It-Is": "yes"}


def test_job_runs_as_the_template_says(stack: Stack) -> None:
    job = stack.run()
    assert job["status"] == "SUCCEEDED"
    assert job["timeout"] == {"attemptDurationSeconds": 600}
    assert job["retryStrategy"]["attempts"] == 2
    assert job["container"]["logStreamName"].startswith("of-the-stack/default/")
    assert stack.printed(job) == ["from the definition"]


def test_environment_and_secrets_come_from_the_definition(stack: Stack) -> None:
    job = stack.run("import os; print(os.environ['PLACE'], os.environ['GIT_TOKEN'])")
    assert stack.printed(job) == ["us-east-1 ghp_of_the_stack"]
    assert "ghp_of_the_stack" not in json.dumps(job, default=str)


def test_job_without_its_secret_does_not_start(stack: Stack) -> None:
    stack.sandbox.clients.secretsmanager.delete_secret(SecretId=stack.outputs["Token"], ForceDeleteWithoutRecovery=True)
    job = stack.run()
    assert (job["status"], job["statusReason"]) == ("FAILED", "Task failed to start")
    assert "ResourceInitializationError: unable to pull secrets" in job["container"]["reason"]


def test_rule_delivers_only_its_queues_events(stack: Stack) -> None:
    other = stack.sandbox.ended(stack.sandbox.submit("pass"))
    job = stack.run()
    seen: list[dict[str, Any]] = []
    while not any(each["status"] == "SUCCEEDED" for each in seen):
        answer = stack.sandbox.clients.sqs.receive_message(
            QueueUrl=stack.outputs["Url"], MaxNumberOfMessages=10, WaitTimeSeconds=20
        )
        assert answer.get("Messages"), "no event came in 20 s"
        seen.extend(json.loads(each["Body"])["detail"] for each in answer["Messages"])
    assert {each["jobId"] for each in seen} == {job["jobId"]}
    assert other["jobId"] not in {each["jobId"] for each in seen}


def test_queue_policy_is_applied(stack: Stack) -> None:
    attributes = stack.sandbox.clients.sqs.get_queue_attributes(
        QueueUrl=stack.outputs["Url"], AttributeNames=["Policy"]
    )["Attributes"]
    assert json.loads(attributes["Policy"])["Statement"][0]["Action"] == "sqs:SendMessage"


def test_deleting_the_stack_leaves_nothing(sandbox: Sandbox) -> None:
    stack = Stack(sandbox, f"stack-{uuid.uuid4().hex[:8]}")
    stack.delete()
    assert not sandbox.batch.describe_job_queues(jobQueues=[stack.name])["jobQueues"]
    [definition] = sandbox.batch.describe_job_definitions(jobDefinitionName=stack.name)["jobDefinitions"]
    assert definition["status"] == "INACTIVE"
    environments = sandbox.batch.describe_compute_environments()["computeEnvironments"]
    assert not any(stack.name in each["computeEnvironmentName"] for each in environments)
    assert not [s for s in sandbox.clients.secretsmanager.list_secrets()["SecretList"] if stack.name in s["Name"]]
    networks = sandbox.clients.ec2.describe_vpcs(Filters=[{"Name": "cidr", "Values": ["10.9.0.0/16"]}])["Vpcs"]
    assert stack.outputs["Network"] not in {each["VpcId"] for each in networks}


@pytest.mark.parametrize("empty", [True, False])
def test_a_repository_with_images_goes_only_if_it_empties_itself(sandbox: Sandbox, empty: bool) -> None:
    cloudformation, ecr = sandbox.clients.cloudformation, sandbox.clients.ecr
    name = f"r{uuid.uuid4().hex[:8]}"
    properties = {"RepositoryName": name, "EmptyOnDelete": empty}
    template = {"Resources": {"Images": {"Type": "AWS::ECR::Repository", "Properties": properties}}}
    cloudformation.create_stack(StackName=name, TemplateBody=json.dumps(template))
    kind = "application/vnd.oci.image.manifest.v1+json"
    ecr.put_image(repositoryName=name, imageTag="a", imageManifest='{"layers": []}', imageManifestMediaType=kind)
    if empty:
        cloudformation.delete_stack(StackName=name)
        assert name not in {each["repositoryName"] for each in ecr.describe_repositories()["repositories"]}
    else:
        with pytest.raises(ClientError, match="still contains images"):
            cloudformation.delete_stack(StackName=name)
