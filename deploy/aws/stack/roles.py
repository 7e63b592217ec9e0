"""IAM roles. Each statement allows calls that the code makes: bot/adapters, trainer/storage/bucket.py.

https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from aws_cdk import ArnFormat, Stack
from aws_cdk import aws_iam as iam
from constructs import Construct

from deploy.aws.stack.events import Events
from deploy.aws.stack.job_roles import PULL
from deploy.aws.stack.statements import allow, allow_listing, image_repositories, objects
from deploy.aws.stack.storage import Storage

BOT_TAG = "signalbox:bot"
"""The tag on each job that the bot submits: bot/services/jobs/submit_call.py."""
_AGENT = (
    *("RegisterContainerInstance", "DeregisterContainerInstance", "UpdateContainerInstancesState"),
    *("Poll", "StartTelemetrySession"),
    *("SubmitTaskStateChange", "SubmitContainerStateChange", "SubmitAttachmentStateChanges"),
)


def machine_role(scope: Construct, storage: Storage, images: Iterable[str]) -> iam.Role:
    """Create the role of the machines that run jobs. Code that is root can take it from the instance's metadata.

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
    allow(role, [f"ecs:{action}" for action in _AGENT], [clusters, machines], why=own)
    registering = {"StringEquals": {"ecs:CreateAction": "RegisterContainerInstance"}}
    allow(role, ["ecs:TagResource"], [machines], registering, why=own)
    account = ["ecs:DiscoverPollEndpoint", "ec2:DescribeTags", "ecr:GetAuthorizationToken"]
    allow(role, account, ["*"], why="They support no resources.")
    allow(role, PULL, [storage.images.repository_arn, *image_repositories(images)])
    allow(role, ["logs:CreateLogStream", "logs:PutLogEvents"], [storage.log.log_group_arn])
    return role


@dataclass(frozen=True, slots=True)
class Bot:
    """A bot by its name. `submits`: ARNs of its queues and job definitions; `environments`: names of their compute
    environments; `projects`: their names; `secrets`: ARNs of its jobs' secrets, without the random characters at their
    ends if Secrets Manager has not told them."""

    name: str
    submits: Sequence[str]
    environments: Sequence[str]
    projects: Sequence[str]
    secrets: Sequence[str]
    reads_bills: bool = False


def bot_role(scope: Construct, bot: Bot, storage: Storage, events: Events) -> iam.Role:
    """Create the role that runs the bot in this account. It also reads what earlier versions stored under `jobs/`."""
    role = iam.Role(scope, "BotRole", assumed_by=iam.AccountRootPrincipal(), description="The bot and its doctor")
    jobs = [_arn(scope, "batch", "job", "*")]
    # The reference lists the job for SubmitJob too, AWS's example policies don't; Batch checks TagResource on the queue
    # and the job definition of a SubmitJob with tags: https://github.com/wri/gfw-data-api/pull/175
    # Assumption: submit-tags.
    submitted = [*bot.submits, *jobs]
    own = "Any revision of the projects' own job definitions; Batch chooses the ids of jobs."
    allow(role, ["batch:SubmitJob"], submitted, why=own)
    for action, key, on in (("TagResource", "RequestTag", submitted), ("TerminateJob", "ResourceTag", jobs)):
        condition = {"StringEquals": {f"aws:{key}/{BOT_TAG}": bot.name}}
        allow(role, [f"batch:{action}"], on, condition, why="The condition limits them by tag.")
    # Assumption: child-tags.
    trials = [_arn(scope, "batch", "job", "*:*")]
    allow(role, ["batch:TerminateJob"], trials, why="Child jobs of an array: Batch gives them no tags.")
    described = ("Jobs", "JobQueues", "JobDefinitions", "ComputeEnvironments")
    reads = ["batch:ListJobs", *(f"batch:Describe{what}" for what in described)]
    allow(role, reads, ["*"], why="Batch's read actions do not support resources.")
    _machines(role, scope, bot.environments)
    allow(role, ["logs:FilterLogEvents"], [storage.log.log_group_arn])
    allow(role, ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"], [events.queue.queue_arn])
    own_keys = objects(storage, "jobs/*", f"signalbox/{bot.name}/*")
    allow(role, ["s3:GetObject", "s3:PutObject"], own_keys, why="Job results, and copies of the bot's store.")
    allow_listing(role, storage.bucket.bucket_arn, "jobs/*", f"signalbox/{bot.name}/*")
    allow(role, ["s3:DeleteObject"], objects(storage, *(f"jobs/{name}/doctor.txt" for name in bot.projects)))
    _doctor(role, scope, storage, events)
    # https://docs.aws.amazon.com/service-authorization/latest/reference/list_awspricelist.html, and list_amazonec2.html
    prices = ["pricing:GetProducts", "ec2:DescribeSpotPriceHistory"]
    allow(role, prices, ["*"], why="Prices belong to nobody: these actions support no resources.")
    if (
        bot.reads_bills
    ):  # https://docs.aws.amazon.com/service-authorization/latest/reference/list_awscostexplorerservice.html
        allow(role, ["ce:GetCostAndUsage"], ["*"], why="The bill is the account's.")
    if bot.secrets:  # whether they have a value, without reading any
        ends = "Secrets Manager ends each ARN with random characters."
        allow(role, ["secretsmanager:DescribeSecret"], bot.secrets, why=ends)
    return role


def _machines(role: iam.Role, scope: Construct, environments: Sequence[str]) -> None:
    """Allow to see machines without a job. Batch names a cluster after its environment, and ParallelCluster's policy
    relies on it: https://github.com/aws/aws-parallelcluster/blob/develop/cli/src/pcluster/templates/awsbatch_builder.py
    Assumption: cluster-names.
    """
    ends = "Batch ends the names of its clusters with random characters, and chooses the ids of its machines."
    for action, kind in (("ListContainerInstances", "cluster"), ("DescribeContainerInstances", "container-instance")):
        found = [_arn(scope, "ecs", kind, f"AWSBatch-{name}-*") for name in environments]
        allow(role, [f"ecs:{action}"], found, why=ends)


def _doctor(role: iam.Role, scope: Construct, storage: Storage, events: Events) -> None:
    """Allow what `signalbox doctor` checks in addition."""
    allow(role, ["ecr:DescribeImages"], [storage.images.repository_arn])
    allow(role, ["events:DescribeRule"], [events.rule.rule_arn])
    allow(
        role,
        ["events:ListRuleNamesByTarget", "freetier:GetAccountPlanState", "servicequotas:GetServiceQuota"],
        ["*"],
        why="They support no resources.",
    )
    # The action's resource is the role, user or group whose policies it reads: Service Authorization Reference, IAM.
    allow(role, ["iam:SimulatePrincipalPolicy"], [role.role_arn])
    groups = [_arn(scope, "logs", "log-group", "*", ArnFormat.COLON_RESOURCE_NAME)]
    allow(role, ["logs:DescribeLogGroups"], groups, why="It searches all groups by the beginning of a name.")


def _arn(
    scope: Construct, service: str, resource: str, name: str, form: ArnFormat = ArnFormat.SLASH_RESOURCE_NAME
) -> str:
    arn: str = Stack.of(scope).format_arn(service=service, resource=resource, resource_name=name, arn_format=form)
    return arn
