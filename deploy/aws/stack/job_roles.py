"""The roles of one project's jobs: nothing of another project's is in their reach.

- the job's role: the entrypoint stores results with it, under `jobs/<project>/`;
- the training's: it reads the project's data and results, and adds artifacts. The entrypoint takes it with a session
  policy that leaves only its own job (`trainer/run/session.py`), and gives that to the command;
- the execution role: ECS pulls the image with it, reads the project's secrets and writes its log streams.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from aws_cdk import Aws
from aws_cdk import aws_iam as iam
from aws_cdk import aws_secretsmanager as secretsmanager
from constructs import Construct

from bot.domain.project import Project
from deploy.aws.stack.nag import explain_wildcard
from deploy.aws.stack.statements import allow, allow_listing, image_repositories, objects
from deploy.aws.stack.storage import Storage

PULL = ("ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer")
_S3 = re.compile(r"s3://([^/]+)/(.*)")
_BELOW = "Keys below a prefix: a job chooses them while it runs."


@dataclass(frozen=True, slots=True)
class JobRoles:
    job: iam.Role
    training: iam.Role
    execution: iam.Role


@dataclass(frozen=True, slots=True)
class Owner:
    """A project whose name may be a parameter. `logical_id` begins its names in the template.

    `alone`: the stack has no other project, so all of `data/` is its own.
    """

    project: Project
    logical_id: str
    alone: bool
    secrets: Sequence[secretsmanager.ISecret]
    pull: iam.ManagedPolicy


def pulling(scope: Construct, storage: Storage, images: Iterable[str]) -> iam.ManagedPolicy:
    """What all execution roles have: they pull images. `images` are those that projects name themselves."""
    policy = iam.ManagedPolicy(scope, "Pull")
    repositories = [storage.images.repository_arn, *image_repositories(images)]
    policy.add_statements(
        iam.PolicyStatement(actions=["ecr:GetAuthorizationToken"], resources=["*"]),
        iam.PolicyStatement(actions=list(PULL), resources=repositories),
    )
    explain_wildcard(policy, "*", "The action does not support resources.")
    return policy


def job_roles(scope: Construct, storage: Storage, owner: Owner) -> JobRoles:
    return JobRoles(*_own_roles(scope, storage, owner), _execution_role(scope, storage, owner))


def _own_roles(scope: Construct, storage: Storage, owner: Owner) -> tuple[iam.Role, iam.Role]:
    results = f"jobs/{owner.project.name}"
    job = _task_role(scope, f"{owner.logical_id}JobRole")
    stored = ["s3:GetObject", "s3:PutObject", "s3:AbortMultipartUpload"]
    allow(job, stored, objects(storage, f"{results}/*"), why=_BELOW)
    allow_listing(job, storage.bucket.bucket_arn, f"{results}/*")
    own = iam.PolicyDocument()  # inline, which takes less of the template's 51,200 bytes
    training = iam.Role(
        scope,
        f"{owner.logical_id}TrainingRole",
        assumed_by=iam.ArnPrincipal(job.role_arn),
        inline_policies={"Own": own},
    )
    allow(job, ["sts:AssumeRole"], [training.role_arn])
    allow(training, ["s3:GetObject"], objects(storage, f"{results}/*"), why=_BELOW, inline=own)
    added = objects(storage, f"{results}/*/artifacts/*")
    allow(training, ["s3:PutObject", "s3:AbortMultipartUpload"], added, why=_BELOW, inline=own)
    listed = [f"{results}/*"]
    for bucket, folder in _data(storage, owner):
        place = f"/{folder}" if folder else ""
        allow(training, ["s3:GetObject"], [f"{bucket}{place}/*"], why=_BELOW, inline=own)
        within = [folder, f"{folder}/*"] if folder else ["*"]
        if bucket == storage.bucket.bucket_arn:
            listed += within
        else:
            allow_listing(training, bucket, *within, inline=own)
    allow_listing(training, storage.bucket.bucket_arn, *listed, inline=own)
    return job, training


def _data(storage: Storage, owner: Owner) -> list[tuple[str, str]]:
    """The bucket's ARN and the folder of each place with the project's data."""
    found = [(storage.bucket.bucket_arn, "data")] if owner.alone else []
    match = _S3.fullmatch(owner.project.data_uri)
    if match is None:
        return found
    bucket, folder = match[1], match[2].strip("/")
    own = owner.project.output_uri.removeprefix("s3://").partition("/")[0]
    if bucket != own:
        return [*found, (f"arn:{Aws.PARTITION}:s3:::{bucket}", folder)]
    within = owner.alone and (folder == "data" or folder.startswith("data/"))
    return found if within or not folder else [*found, (storage.bucket.bucket_arn, folder)]


def _execution_role(scope: Construct, storage: Storage, owner: Owner) -> iam.Role:
    own = iam.PolicyDocument()
    role = _task_role(
        scope, f"{owner.logical_id}ExecutionRole", managed_policies=[owner.pull], inline_policies={"Own": own}
    )
    # Batch's log streams are `<stream prefix>/default/<task>`. Both actions are checked on the stream:
    # https://github.com/vectordotdev/vector/issues/714, https://github.com/aws-solutions/aws-crr-monitor/issues/8
    # Assumption: stream-arn.
    streams = f"{storage.log_arn}:log-stream:{owner.project.name}/*"
    why = "A log stream has the id of its task."
    allow(role, ["logs:CreateLogStream", "logs:PutLogEvents"], [streams], why=why, inline=own)
    if owner.secrets:
        allow(role, ["secretsmanager:GetSecretValue"], [each.secret_arn for each in owner.secrets], inline=own)
    return role


def _task_role(scope: Construct, name: str, **policies: Any) -> iam.Role:
    """A role for tasks in this account only: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-iam-roles.html"""
    condition = {"StringEquals": {"aws:SourceAccount": Aws.ACCOUNT_ID}}
    principal = iam.ServicePrincipal("ecs-tasks.amazonaws.com", conditions=condition)
    return iam.Role(scope, name, assumed_by=principal, **policies)
