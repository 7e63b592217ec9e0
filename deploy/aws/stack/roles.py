"""IAM roles. Each statement allows calls that the code makes: bot/adapters, trainer/storage/bucket.py.

https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from aws_cdk import ArnFormat, Aws, Stack
from aws_cdk import aws_iam as iam
from constructs import Construct

from bot.domain.project import Project
from deploy.aws.stack.events import Events
from deploy.aws.stack.nag import explain_wildcard
from deploy.aws.stack.storage import Storage

BOT_TAG = "signalbox:bot"
"""The tag on each job that the bot submits: bot/services/jobs/submit_call.py."""
_AGENT = (
    *("RegisterContainerInstance", "DeregisterContainerInstance", "UpdateContainerInstancesState"),
    *("Poll", "StartTelemetrySession"),
    *("SubmitTaskStateChange", "SubmitContainerStateChange", "SubmitAttachmentStateChanges"),
)
_PULL = ("ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer")
_S3 = re.compile(r"s3://([^/]+)/(.*)")
_ECR = re.compile(r"(\d{12})\.dkr\.ecr\.([a-z0-9-]+)\.amazonaws\.com/([^:@]+)")


@dataclass(frozen=True, slots=True)
class JobRoles:
    """`job` is the training code's role; `execution` is the one that ECS uses before it starts."""

    job: iam.Role
    execution: iam.Role


def job_roles(scope: Construct, storage: Storage, projects: Iterable[Project], images: Iterable[str]) -> JobRoles:
    """Create both roles. `images` are the images that projects name themselves."""
    role = _task_role(scope, "JobRole", "What training code can do")
    below = "Keys below a prefix: a job chooses them while it runs."
    _allow(role, ["s3:GetObject"], _objects(storage, "jobs/*", "data/*"), why=below)
    _allow(role, ["s3:PutObject", "s3:AbortMultipartUpload"], _objects(storage, "jobs/*"), why=below)
    _allow_listing(role, storage.bucket.bucket_arn, "jobs/*", "data/*")
    for bucket, prefix in sorted({_place(project.data_uri) for project in projects} - {("", "")}):
        arn = f"arn:{Aws.PARTITION}:s3:::{bucket}"
        _allow(role, ["s3:GetObject"], [f"{arn}/{prefix}*"], why=below)
        _allow_listing(role, arn, f"{prefix}*")
    execution = _task_role(scope, "ExecutionRole", "Pulls the image of a job, and hands it the token")
    _allow(execution, ["ecr:GetAuthorizationToken"], ["*"], why="The action does not support resources.")
    _allow(execution, _PULL, [storage.images.repository_arn, *_repositories(images)])
    return JobRoles(role, execution)


def machine_role(scope: Construct, storage: Storage, images: Iterable[str]) -> iam.Role:
    """Create the role of the machines that run jobs. Jobs can take it from the instance's metadata.

    It has what the ECS agent uses of AmazonEC2ContainerServiceforEC2Role, but only on Batch's clusters and the stack's
    images and logs: https://docs.aws.amazon.com/aws-managed-policy/latest/reference/AmazonEC2ContainerServiceforEC2Role.html.
    Batch creates the cluster itself, under a name that begins so:
    https://docs.aws.amazon.com/aws-managed-policy/latest/reference/BatchServiceRolePolicy.html
    Assumption: agent-actions.
    """
    role = iam.Role(scope, "MachineRole", assumed_by=iam.ServicePrincipal("ec2.amazonaws.com"))
    own = "Batch chooses the names of its clusters and the ids of its machines."
    clusters = _arn(scope, "ecs", "cluster", "AWSBatch*")
    machines = _arn(scope, "ecs", "container-instance", "AWSBatch*")
    _allow(role, [f"ecs:{action}" for action in _AGENT], [clusters, machines], why=own)
    registering = {"StringEquals": {"ecs:CreateAction": "RegisterContainerInstance"}}
    _allow(role, ["ecs:TagResource"], [machines], registering, why=own)
    account = ["ecs:DiscoverPollEndpoint", "ec2:DescribeTags", "ecr:GetAuthorizationToken"]
    _allow(role, account, ["*"], why="They support no resources.")
    _allow(role, _PULL, [storage.images.repository_arn, *_repositories(images)])
    _allow(role, ["logs:CreateLogStream", "logs:PutLogEvents"], [storage.log.log_group_arn])
    return role


def bot_role(
    scope: Construct, bot: str, storage: Storage, events: Events, submits: Sequence[str], secrets: Sequence[str]
) -> iam.Role:
    """Create the role that runs the bot in this account.

    `submits`: ARNs of its queues and job definitions. `secrets`: beginnings of the names of the jobs' secrets.
    """
    role = iam.Role(
        scope, "BotRole", assumed_by=iam.AccountRootPrincipal(), description="What the bot and its doctor ask of AWS"
    )
    jobs = [_arn(scope, "batch", "job", "*")]
    # The reference lists the job for SubmitJob too, AWS's example policies don't; Batch checks TagResource on the queue
    # and the job definition of a SubmitJob with tags: https://github.com/wri/gfw-data-api/pull/175
    # Assumption: submit-tags.
    submitted = [*submits, *jobs]
    own = "Any revision of the projects' own job definitions; Batch chooses the ids of jobs."
    _allow(role, ["batch:SubmitJob"], submitted, why=own)
    for action, key, on in (("TagResource", "RequestTag", submitted), ("TerminateJob", "ResourceTag", jobs)):
        condition = {"StringEquals": {f"aws:{key}/{BOT_TAG}": bot}}
        _allow(role, [f"batch:{action}"], on, condition, why="The condition limits them by tag.")
    # Assumption: child-tags.
    trials = [_arn(scope, "batch", "job", "*:*")]
    _allow(role, ["batch:TerminateJob"], trials, why="Child jobs of an array: Batch gives them no tags.")
    described = ("Jobs", "JobQueues", "JobDefinitions", "ComputeEnvironments")
    reads = ["batch:ListJobs", *(f"batch:Describe{what}" for what in described)]
    _allow(role, reads, ["*"], why="Batch's read actions do not support resources.")
    _allow(role, ["logs:FilterLogEvents"], [storage.log.log_group_arn])
    _allow(role, ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"], [events.queue.queue_arn])
    own_keys = _objects(storage, "jobs/*", f"signalbox/{bot}/*")
    _allow(role, ["s3:GetObject", "s3:PutObject"], own_keys, why="Job results, and copies of the bot's store.")
    _allow_listing(role, storage.bucket.bucket_arn, "jobs/*", f"signalbox/{bot}/*")
    _doctor(role, scope, storage, events)
    _allow_describing(role, scope, storage, secrets)
    return role


def _doctor(role: iam.Role, scope: Construct, storage: Storage, events: Events) -> None:
    """Allow what `signalbox doctor` checks in addition."""
    _allow(role, ["s3:DeleteObject"], _objects(storage, "jobs/doctor.txt"))
    _allow(role, ["ecr:DescribeImages"], [storage.images.repository_arn])
    _allow(role, ["events:DescribeRule"], [events.rule.rule_arn])
    _allow(
        role,
        ["events:ListRuleNamesByTarget", "freetier:GetAccountPlanState", "servicequotas:GetServiceQuota"],
        ["*"],
        why="They support no resources.",
    )
    # The action's resource is the role, user or group whose policies it reads: Service Authorization Reference, IAM.
    _allow(role, ["iam:SimulatePrincipalPolicy"], [role.role_arn])
    groups = [_arn(scope, "logs", "log-group", "*", ArnFormat.COLON_RESOURCE_NAME)]
    _allow(role, ["logs:DescribeLogGroups"], groups, why="It searches all groups by the beginning of a name.")


def _allow_describing(role: iam.Role, scope: Construct, storage: Storage, names: Sequence[str]) -> None:
    """Allow the doctor to see whether secrets have a value, without reading any."""
    arns = [_arn(scope, "secretsmanager", "secret", f"{name}*", ArnFormat.COLON_RESOURCE_NAME) for name in names]
    if storage.git_token is not None:
        arns.append(storage.git_token.secret_arn)
    if arns:
        _allow(
            role, ["secretsmanager:DescribeSecret"], arns, why="Secrets Manager ends each ARN with random characters."
        )


def _allow(
    role: iam.Role,
    actions: Sequence[str],
    resources: Sequence[str],
    conditions: Mapping[str, object] | None = None,
    *,
    why: str = "",
) -> None:
    """Add a statement. `why` explains wildcards in `resources`."""
    statement = iam.PolicyStatement(actions=list(actions), resources=list(resources), conditions=conditions)
    role.add_to_policy(statement)
    for resource in resources:
        if why and resource.endswith("*"):
            explain_wildcard(role, resource, why)


def _allow_listing(role: iam.Role, bucket_arn: str, *prefixes: str) -> None:
    """Without ListBucket, S3 answers "denied" for a missing key. That check has no prefix: hence IfExists."""
    _allow(role, ["s3:ListBucket"], [bucket_arn], {"StringLikeIfExists": {"s3:prefix": list(prefixes)}})


def _task_role(scope: Construct, name: str, description: str) -> iam.Role:
    """A role for tasks in this account only: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-iam-roles.html"""
    condition = {"StringEquals": {"aws:SourceAccount": Aws.ACCOUNT_ID}}
    principal = iam.ServicePrincipal("ecs-tasks.amazonaws.com", conditions=condition)
    return iam.Role(scope, name, assumed_by=principal, description=description)


def _objects(storage: Storage, *keys: str) -> list[str]:
    return [storage.bucket.arn_for_objects(key) for key in keys]


def _place(uri: str) -> tuple[str, str]:
    match = _S3.fullmatch(uri)
    return (match[1], match[2]) if match else ("", "")


def _repositories(images: Iterable[str]) -> list[str]:
    found = (_ECR.match(image) for image in images)
    return [f"arn:{Aws.PARTITION}:ecr:{each[2]}:{each[1]}:repository/{each[3]}" for each in found if each]


def _arn(
    scope: Construct, service: str, resource: str, name: str, form: ArnFormat = ArnFormat.SLASH_RESOURCE_NAME
) -> str:
    arn: str = Stack.of(scope).format_arn(service=service, resource=resource, resource_name=name, arn_format=form)
    return arn
