"""The exact permissions of each role. Every change of a permission must also change this file."""

import fnmatch
import json

import pytest
from moto.iam.aws_managed_policies import aws_managed_policies_data

from tests.deploy.aws.template import Template, committed, listed, spelled

JOBS, OWN, DATA = "<Artifacts.Arn>/jobs/*", "<Artifacts.Arn>/jobs/mnist/*", "<Artifacts.Arn>/data/*"
STORE = "<Artifacts.Arn>/signalbox/signalbox/*"
BATCH = "arn:<AWS::Partition>:batch:<AWS::Region>:<AWS::AccountId>"
DEFINITION = f"{BATCH}:job-definition/signalbox-mnist"
SUBMITTED = {"<SpotQueue.JobQueueArn>", DEFINITION, f"{DEFINITION}:*", f"{BATCH}:job/*"}
ECS = "arn:<AWS::Partition>:ecs:<AWS::Region>:<AWS::AccountId>"
BATCHS = {f"{ECS}:cluster/AWSBatch*", f"{ECS}:container-instance/AWSBatch*"}
AGENT = (
    *("RegisterContainerInstance", "DeregisterContainerInstance", "UpdateContainerInstancesState"),
    *("Poll", "StartTelemetrySession"),
    *("SubmitTaskStateChange", "SubmitContainerStateChange", "SubmitAttachmentStateChanges"),
)
PULL = ("ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer")


@pytest.fixture(scope="module")
def template() -> Template:
    return committed()


def test_the_entrypoint_stores_under_its_project_and_takes_the_trainings_role(template: Template) -> None:
    assert template.granted("ProjectJobRole") == {
        "s3:GetObject": {OWN},
        "s3:PutObject": {OWN},
        "s3:AbortMultipartUpload": {OWN},
        "s3:ListBucket": {"<Artifacts.Arn>"},
        "sts:AssumeRole": {"<ProjectTrainingRole.Arn>"},
    }


def test_training_reads_its_projects_data_and_adds_artifacts(template: Template) -> None:
    added = "<Artifacts.Arn>/jobs/mnist/*/artifacts/*"
    assert template.granted("ProjectTrainingRole") == {
        "s3:GetObject": {OWN, DATA},
        "s3:PutObject": {added},
        "s3:AbortMultipartUpload": {added},
        "s3:ListBucket": {"<Artifacts.Arn>"},
    }


def test_ecs_pulls_images_writes_the_projects_logs_and_reads_one_secret(template: Template) -> None:
    streams = {"arn:<AWS::Partition>:logs:<AWS::Region>:<AWS::AccountId>:log-group:<JobLog>:log-stream:mnist/*"}
    assert template.granted("ProjectExecutionRole") == {
        "ecr:GetAuthorizationToken": {"*"},
        **{action: {"<Images.Arn>"} for action in PULL},
        "logs:CreateLogStream": streams,
        "logs:PutLogEvents": streams,
        "secretsmanager:GetSecretValue": {"<GitToken>"},
    }


def test_machines_are_ecs_agents_of_batch_and_nothing_else(template: Template) -> None:
    """Code that is root can take this role from the metadata: https://docs.aws.amazon.com/batch/latest/userguide/networking-modes-jobs.html"""
    assert template.granted("MachineRole") == {
        **{f"ecs:{action}": BATCHS for action in AGENT},
        "ecs:TagResource": {f"{ECS}:container-instance/AWSBatch*"},
        **{key: {"*"} for key in ("ecs:DiscoverPollEndpoint", "ec2:DescribeTags", "ecr:GetAuthorizationToken")},
        **{action: {"<Images.Arn>"} for action in PULL},
        "logs:CreateLogStream": {"<JobLog.Arn>"},
        "logs:PutLogEvents": {"<JobLog.Arn>"},
    }


def test_machines_have_the_actions_of_awss_policy_but_two(template: Template) -> None:
    """A cluster exists already, and nobody asks for the tags of tasks. If AWS adds an action, this fails."""
    policy = json.loads(aws_managed_policies_data)["AmazonEC2ContainerServiceforEC2Role"]["Document"]
    by_aws = {action for each in policy["Statement"] for action in listed(each["Action"])}
    granted = template.granted("MachineRole")
    assert {each for each in by_aws if not fnmatch.filter(granted, each)} == {
        "ecs:CreateCluster",
        "ecs:ListTagsForResource",
    }


def test_bot_permissions(template: Template) -> None:
    granted = template.granted("BotRole")
    assert granted == {
        "batch:SubmitJob": SUBMITTED,
        "batch:TagResource": SUBMITTED,
        "batch:TerminateJob": {f"{BATCH}:job/*", f"{BATCH}:job/*:*"},
        "batch:ListJobs": {"*"},
        "batch:DescribeJobs": {"*"},
        "batch:DescribeJobQueues": {"*"},
        "batch:DescribeJobDefinitions": {"*"},
        "batch:DescribeComputeEnvironments": {"*"},
        "ecs:ListContainerInstances": {f"{ECS}:cluster/AWSBatch-<part>-*"},
        "ecs:DescribeContainerInstances": {f"{ECS}:container-instance/AWSBatch-<part>-*"},
        "logs:FilterLogEvents": {"<JobLog.Arn>"},
        "logs:DescribeLogGroups": {"arn:<AWS::Partition>:logs:<AWS::Region>:<AWS::AccountId>:log-group:*"},
        "sqs:ReceiveMessage": {"<Events.Arn>"},
        "sqs:DeleteMessage": {"<Events.Arn>"},
        "sqs:GetQueueAttributes": {"<Events.Arn>"},
        "s3:GetObject": {JOBS, STORE},
        "s3:PutObject": {JOBS, STORE},
        "s3:ListBucket": {"<Artifacts.Arn>"},
        "s3:DeleteObject": {"<Artifacts.Arn>/jobs/mnist/doctor.txt"},
        "ecr:DescribeImages": {"<Images.Arn>"},
        "events:ListRuleNamesByTarget": {"*"},
        "events:DescribeRule": {"<JobEvents.Arn>"},
        "servicequotas:GetServiceQuota": {"*"},
        "freetier:GetAccountPlanState": {"*"},
        "pricing:GetProducts": {"*"},
        "ec2:DescribeSpotPriceHistory": {"*"},
        "iam:SimulatePrincipalPolicy": {"<BotRole.Arn>"},
        "secretsmanager:DescribeSecret": {"<GitToken>"},
    }


@pytest.mark.parametrize(("action", "key"), [("TerminateJob", "ResourceTag"), ("TagResource", "RequestTag")])
def test_bot_ends_and_tags_only_its_own_jobs(template: Template, action: str, key: str) -> None:
    [statement] = [
        each
        for each in template.statements("BotRole")
        if f"batch:{action}" in listed(each["Action"]) and f"{BATCH}:job/*" in each["Resource"]
    ]
    assert statement["Condition"] == {"StringEquals": {f"aws:{key}/signalbox:bot": "signalbox"}}


@pytest.mark.parametrize(
    ("role", "prefixes"),
    [
        ("ProjectJobRole", ["jobs/mnist/*"]),
        ("ProjectTrainingRole", ["jobs/mnist/*", "data", "data/*"]),
        ("BotRole", ["jobs/*", "signalbox/signalbox/*"]),
    ],
)
def test_listing_is_limited_to_prefixes(template: Template, role: str, prefixes: list[str]) -> None:
    [statement] = [each for each in template.statements(role) if "s3:ListBucket" in listed(each["Action"])]
    [listed_below] = statement["Condition"]["StringLikeIfExists"].values()
    assert [spelled(each) for each in listed(listed_below)] == prefixes


def test_no_role_has_other_policies(template: Template) -> None:
    """Those that are seen here are all: inline ones, and the one that execution roles share."""
    for role in template.of_type("IAM::Role").values():
        assert all(list(each) == ["Ref"] for each in role.get("ManagedPolicyArns", ()))
        assert {each["PolicyName"] for each in role.get("Policies", ())} <= {"Own"}


def test_who_can_assume_which_role(template: Template) -> None:
    trusted = {
        name: [each["Principal"] for each in role["AssumeRolePolicyDocument"]["Statement"]]
        for name, role in template.of_type("IAM::Role").items()
    }
    tasks = [{"Service": "ecs-tasks.amazonaws.com"}]
    for name, principals in trusted.items():
        if name.startswith(("ProjectJobRole", "ProjectExecutionRole")):
            assert principals == tasks
        elif name.startswith("ProjectTrainingRole"):
            [principal] = principals
            assert spelled(principal["AWS"]) == "<ProjectJobRole.Arn>"
        elif name.startswith("MachineRole"):
            assert principals == [{"Service": "ec2.amazonaws.com"}]
        else:
            assert name.startswith("BotRole")
            [principal] = principals
            assert list(principal) == ["AWS"]
            assert spelled(principal["AWS"]) == "arn:<AWS::Partition>:iam::<AWS::AccountId>:root"
