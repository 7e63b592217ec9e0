"""The stack: all resources, and the outputs that fill the bot's config."""

import math
from collections.abc import Mapping

from aws_cdk import App, ArnFormat, Aws, BootstraplessSynthesizer, CfnOutput, Environment, Stack, Tags
from aws_cdk import aws_batch as batch
from constructs import Construct

from bot.config.deploy import Deploy, JobResources
from bot.config.loading import Config, projects
from deploy.aws import outputs
from deploy.aws.outputs import Output
from deploy.aws.stack.budget import budget
from deploy.aws.stack.compute import queues
from deploy.aws.stack.events import job_events
from deploy.aws.stack.host import host
from deploy.aws.stack.job_definitions import job_definition
from deploy.aws.stack.network import network
from deploy.aws.stack.roles import bot_role, job_roles
from deploy.aws.stack.storage import storage

STACK_TAG = "signalbox:stack"
LONGEST_UPDATE_MINUTES = 7_200
"""AWS's limit for `jobExecutionTimeoutMinutes`: https://docs.aws.amazon.com/batch/latest/APIReference/API_UpdatePolicy.html"""


def signalbox_stack(app: App, config: Config, region: str | None = None) -> Stack:
    """Without a region the template fits any. Raises ConfigError if two projects would share an output."""
    deploy = config.deploy
    places = outputs.keys(config.projects)
    stack = Stack(
        app,
        deploy.stack,
        description="Signalbox: training jobs on AWS Batch",
        env=Environment(region=region) if region else None,
        # The template needs no uploaded assets: no bootstrap bucket, and plain CloudFormation accepts it.
        synthesizer=BootstraplessSynthesizer(),
        suppress_template_indentation=True,
    )
    Tags.of(stack).add(STACK_TAG, deploy.stack)
    values = _resources(stack, config)
    budget(stack, config.deploy, parameters=region is None)
    for name in [*places, *(name for name in values if name not in places)]:
        CfnOutput(stack, name, value=values[name])
    return stack


def _resources(stack: Stack, config: Config) -> dict[str, str]:
    """Create all resources; the outputs' values."""
    deploy, known = config.deploy, projects(config)
    machines_network, stored = network(stack, deploy.zones), storage(stack, deploy)
    longest = max((math.ceil(project.timeout_seconds / 60) for project in known), default=30)
    job_queues = queues(stack, deploy, machines_network, min(longest, LONGEST_UPDATE_MINUTES))
    roles = job_roles(stack, stored, known, [resources.image for resources in deploy.jobs.values()])
    for project in known:
        resources = _resources_of(deploy, project.name)
        job_definition(stack, project, resources, stack=deploy.stack, storage=stored, roles=roles)
    events = job_events(stack, job_queues.values())
    bot = bot_role(stack, config.bot.name, stored, events, _submits(stack, config, job_queues))
    values: dict[str, str] = {
        Output.REGION: Aws.REGION,
        Output.EVENTS_QUEUE_URL: events.queue.queue_url,
        Output.BUCKET: stored.bucket.bucket_name,
        Output.LOG_GROUP: stored.log.log_group_name,
        Output.BOT_ROLE_ARN: bot.role_arn,
        Output.REPOSITORY_URI: stored.images.repository_uri,
    }
    if stored.git_token is not None:
        values[Output.GIT_TOKEN_SECRET] = deploy.git_token_secret
    if secrets := [f"{deploy.stack}/{project.name}/{name}" for project in known for name in project.secrets]:
        values[Output.JOB_SECRETS] = ",".join(secrets)
    for name in config.projects:
        values[outputs.queue(name)] = f"{deploy.stack}-{_resources_of(deploy, name).queue}"
        values[outputs.job_definition(name)] = f"{deploy.stack}-{name}"
    return values | host(stack, config, machines_network, stored, bot)


def _submits(scope: Construct, config: Config, job_queues: Mapping[str, batch.JobQueue]) -> list[str]:
    """The ARNs of the queues that projects use, and of their definitions with and without a revision."""
    used = sorted({_resources_of(config.deploy, name).queue for name in config.projects})
    arns = [job_queues[kind].job_queue_arn for kind in used]
    for name in config.projects:
        definition = Stack.of(scope).format_arn(
            service="batch",
            resource="job-definition",
            resource_name=f"{config.deploy.stack}-{name}",
            arn_format=ArnFormat.SLASH_RESOURCE_NAME,
        )
        arns += [definition, f"{definition}:*"]
    return arns


def _resources_of(deploy: Deploy, project: str) -> JobResources:
    return deploy.jobs.get(project) or JobResources()
