"""A Batch job definition for each project.

https://docs.aws.amazon.com/batch/latest/userguide/job_definition_parameters.html
"""

from dataclasses import dataclass
from typing import Any

from aws_cdk import Aws, Size
from aws_cdk import aws_batch as batch
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_iam as iam
from aws_cdk import aws_secretsmanager as secretsmanager
from constructs import Construct

from bot.config.deploy import JobResources
from bot.domain.project import Project
from deploy.aws.stack.job_roles import Owner, job_roles
from deploy.aws.stack.storage import Storage, job_secret
from trainer.contract import STOPPED, Env

SIGTERM_EXIT = str(STOPPED)


@dataclass(frozen=True, slots=True)
class Definition:
    """A project with its resources. `timeout` is in seconds, or refers to a parameter; so may the project's name.

    `logical_id` is the beginning of the names in the template; `alone`: the stack has no other project.
    """

    project: Project
    resources: JobResources
    timeout: Any
    logical_id: str
    alone: bool
    git_token: secretsmanager.Secret | None


def job_definition(
    scope: Construct, definition: Definition, *, stack: str, storage: Storage, pull: iam.ManagedPolicy
) -> batch.EcsJobDefinition:
    """Create it. Only a lost machine is retried; the catch-all rule, which comes last, makes any other end final.

    If a machine shuts down in order, Docker stops the container before Batch knows, and the attempt ends with SIGTERM's
    exit code. A job that was cancelled, terminated or reached its time limit isn't retried, so 143 is a lost machine:
    https://docs.aws.amazon.com/batch/latest/userguide/job_retries.html and .../job_timeouts.html. Assumption: lost-143.
    """
    retries = [
        batch.RetryStrategy.of(batch.Action.RETRY, batch.Reason.SPOT_INSTANCE_RECLAIMED),
        batch.RetryStrategy.of(batch.Action.RETRY, batch.Reason.custom(on_exit_code=SIGTERM_EXIT)),
        batch.RetryStrategy.of(batch.Action.EXIT, batch.Reason.custom(on_reason="*")),
    ]
    created = batch.EcsJobDefinition(
        scope,
        f"{definition.logical_id}Definition",
        job_definition_name=f"{stack}-{definition.project.name}",
        container=_container(scope, definition, storage, stack, pull),
        retry_attempts=definition.resources.attempts,
        retry_strategies=retries,
        propagate_tags=True,
    )
    created.node.default_child.add_property_override("Timeout.AttemptDurationSeconds", definition.timeout)
    return created


def _container(
    scope: Construct, definition: Definition, storage: Storage, stack: str, pull: iam.ManagedPolicy
) -> batch.EcsEc2ContainerDefinition:
    name, resources = definition.logical_id, definition.resources
    image = resources.image or storage.image("trainer")
    folder = f"{stack}/{definition.project.name}"
    secrets = {
        variable: job_secret(scope, f"{name}{variable}Secret", f"{folder}/{variable}")
        for variable in definition.project.secrets
    }
    if definition.git_token is not None:
        secrets[Env.GIT_TOKEN.value] = definition.git_token
    owner = Owner(definition.project, name, definition.alone, list(secrets.values()), pull)
    roles = job_roles(scope, storage, owner)
    variables = {
        "AWS_REGION": Aws.REGION,
        "AWS_DEFAULT_REGION": Aws.REGION,
        Env.IMAGE.value: image,
        Env.TRAINING_ROLE_ARN.value: roles.training.role_arn,
    }
    return batch.EcsEc2ContainerDefinition(
        scope,
        f"{name}Container",
        image=ecs.ContainerImage.from_registry(image),
        cpu=resources.vcpus,
        gpu=resources.gpus or None,
        memory=Size.mebibytes(resources.memory_mib),
        linux_parameters=batch.LinuxParameters(
            scope, f"{name}Linux", shared_memory_size=Size.mebibytes(resources.shared_memory_mib)
        ),
        environment=variables,
        secrets={variable: batch.Secret.from_secrets_manager(each) for variable, each in secrets.items()},
        job_role=roles.job,
        execution_role=roles.execution.without_policy_updates(),  # it has all that it needs, and no more
        # "The default log driver mode is non-blocking" since 2025-06-25: a full buffer then drops lines.
        # https://docs.aws.amazon.com/AmazonECS/latest/developerguide/ecs-account-settings.html
        logging=ecs.LogDriver.aws_logs(
            log_group=storage.log, stream_prefix=definition.project.name, mode=ecs.AwsLogDriverMode.BLOCKING
        ),
    )
