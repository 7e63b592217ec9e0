"""The stack: all resources, and the outputs that fill the bot's config."""

from collections.abc import Mapping

from aws_cdk import App, ArnFormat, Aws, BootstraplessSynthesizer, CfnOutput, Environment, Fn, Stack, Tags
from aws_cdk import aws_batch as batch
from aws_cdk import aws_secretsmanager as secretsmanager
from constructs import Construct

from bot.config.loading import Config, projects
from bot.domain.stack import PROJECT, STACK_TAG, camel
from deploy.aws import outputs, parameters
from deploy.aws.changes import Value
from deploy.aws.images import output
from deploy.aws.offers import Choice
from deploy.aws.outputs import Output
from deploy.aws.stack import inputs
from deploy.aws.stack.budget import budget
from deploy.aws.stack.compute import queues
from deploy.aws.stack.events import job_events
from deploy.aws.stack.host import host
from deploy.aws.stack.inputs import Inputs
from deploy.aws.stack.job_definitions import Definition, job_definition
from deploy.aws.stack.job_roles import pulling
from deploy.aws.stack.network import network
from deploy.aws.stack.roles import Bot, bot_role, machine_role
from deploy.aws.stack.storage import Storage, git_token, storage


def signalbox_stack(
    app: App, config: Config, choice: Choice | None = None, running: Mapping[str, Value] | None = None
) -> Stack:
    """For the region of the choice; without one, for any region. Raises ConfigError if two projects share an output.

    `running`: as `inputs.built` takes it.
    """
    deploy = config.deploy
    places = outputs.keys(config.projects)
    stack = Stack(
        app,
        deploy.stack,
        description="Signalbox: training jobs on AWS Batch",
        env=Environment(region=choice.region) if choice else None,
        # The template needs no uploaded assets: no bootstrap bucket, and plain CloudFormation accepts it.
        synthesizer=BootstraplessSynthesizer(),
        suppress_template_indentation=True,
    )
    Tags.of(stack).add(STACK_TAG, deploy.stack)
    given = inputs.built(stack, config, choice, running or {}) if choice else inputs.asked(stack, config)
    values = _resources(stack, config, given)
    budget(stack, config.deploy, parameters=choice is None)
    for name in sorted(values, key=[*places, *values].index):
        CfnOutput(stack, name, value=values[name])
    return stack


def _resources(stack: Stack, config: Config, given: Inputs) -> dict[str, str]:
    """Create all resources; the outputs' values."""
    deploy, known = config.deploy, projects(config)
    machines_network, stored = network(stack, given.zones), storage(stack, deploy, given.images)
    images = [resources.image for resources in deploy.jobs.values()]
    machines = machine_role(stack, stored, images)
    job_queues = queues(stack, deploy, machines_network, machines, given)
    git_tokens = _job_definitions(stack, config, given, stored)
    events = job_events(stack, [_arn(stack, "job-queue", f"{deploy.stack}-{kind}") for kind in given.instances])
    names = [given.named(project).name for project in known]
    submits = _submits(stack, config, job_queues, given)
    described = [token.secret_arn for token in git_tokens.values()]
    described += [_secrets(stack, f"{deploy.stack}/{given.named(each).name}/") for each in known if each.secrets]
    machines_of_jobs = _environments(config, job_queues)
    its_bot = Bot(config.bot.name, submits, machines_of_jobs, names, described, config.prices.cost_explorer)
    bot = bot_role(stack, its_bot, stored, events)
    values: dict[str, str] = {
        Output.REGION: Aws.REGION,
        Output.EVENTS_QUEUE_URL: events.queue.queue_url,
        Output.BUCKET: stored.bucket.bucket_name,
        Output.LOG_GROUP: stored.log.log_group_name,
        Output.BOT_ROLE_ARN: bot.role_arn,
        Output.REPOSITORY_URI: stored.images_uri,
        **{output(target): stored.image(target) for target in given.images},
    }
    if git_tokens:
        values[Output.GIT_TOKEN_SECRET] = ",".join(git_tokens)
    if secrets := [
        f"{deploy.stack}/{given.named(project).name}/{name}" for project in known for name in project.secrets
    ]:
        values[Output.JOB_SECRETS] = ",".join(secrets)
    for project in known:
        own = outputs.own("" if given.name else project.name)
        values[own.queue] = f"{deploy.stack}-{parameters.resources(deploy, project.name).queue}"
        values[own.job_definition] = f"{deploy.stack}-{given.named(project).name}"
    if given.name:
        values[PROJECT] = given.name
    return values | host(stack, config, machines_network, stored, bot)


def _job_definitions(stack: Stack, config: Config, given: Inputs, stored: Storage) -> dict[str, secretsmanager.Secret]:
    """Create them, with their roles. Returns the projects' git tokens, by the names of the secrets."""
    deploy = config.deploy
    images = [resources.image for resources in deploy.jobs.values()]
    pull = pulling(stack, stored, images)
    git_tokens: dict[str, secretsmanager.Secret] = {}
    for project in projects(config):
        logical_id = "Project" if given.name else camel(project.name)
        definition = Definition(
            given.named(project),
            parameters.resources(deploy, project.name),
            given.timeouts[project.name],
            logical_id,
            parameters.is_single(config),
            _git_token(stack, config, project.name, logical_id, git_tokens),
        )
        job_definition(stack, definition, stack=deploy.stack, storage=stored, pull=pull)
    return git_tokens


def _git_token(
    stack: Stack, config: Config, project: str, logical_id: str, known: dict[str, secretsmanager.Secret]
) -> secretsmanager.Secret | None:
    """The project's secret. Projects share one only if the config gives them the same name."""
    name = parameters.git_token(config, project)
    if name and name not in known:
        shared = name == config.deploy.git_token_secret or parameters.is_single(config)
        known[name] = git_token(stack, "GitToken" if shared else f"{logical_id}GitToken", name)
    return known.get(name)


def _secrets(scope: Construct, names: str) -> str:
    """The ARN of all secrets whose names begin so."""
    form = ArnFormat.COLON_RESOURCE_NAME
    arn: str = Stack.of(scope).format_arn(
        service="secretsmanager", resource="secret", resource_name=f"{names}*", arn_format=form
    )
    return arn


def _submits(scope: Construct, config: Config, job_queues: Mapping[str, batch.JobQueue], given: Inputs) -> list[str]:
    """The ARNs of the queues that projects use, and of their definitions with and without a revision."""
    arns = [job_queues[kind].job_queue_arn for kind in sorted(parameters.used_queues(config))]
    for project in projects(config):
        definition = _arn(scope, "job-definition", f"{config.deploy.stack}-{given.named(project).name}")
        arns += [definition, f"{definition}:*"]
    return arns


def _environments(config: Config, job_queues: Mapping[str, batch.JobQueue]) -> list[str]:
    """The names of these queues' compute environments, from their ARNs: Ref is an ARN as well.
    https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-batch-computeenvironment.html"""
    return [
        Fn.select(1, Fn.split("/", each.compute_environment.compute_environment_arn))
        for kind in sorted(parameters.used_queues(config))
        for each in job_queues[kind].compute_environments
    ]


def _arn(scope: Construct, resource: str, name: str) -> str:
    form = ArnFormat.SLASH_RESOURCE_NAME
    arn: str = Stack.of(scope).format_arn(service="batch", resource=resource, resource_name=name, arn_format=form)
    return arn
