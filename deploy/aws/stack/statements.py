"""Statements of policies, with the reasons that cdk-nag wants for their wildcards."""

import re
from collections.abc import Iterable, Mapping, Sequence

from aws_cdk import Aws
from aws_cdk import aws_iam as iam

from deploy.aws.stack.nag import explain_wildcard
from deploy.aws.stack.storage import Storage

_ECR = re.compile(r"(\d{12})\.dkr\.ecr\.([a-z0-9-]+)\.amazonaws\.com/([^:@]+)")


def allow(
    role: iam.Role,
    actions: Sequence[str],
    resources: Sequence[str],
    conditions: Mapping[str, object] | None = None,
    *,
    why: str = "",
    inline: iam.PolicyDocument | None = None,
) -> None:
    """Add a statement, to a policy of its own or `inline` in the role. `why` explains wildcards in `resources`."""
    statement = iam.PolicyStatement(actions=list(actions), resources=list(resources), conditions=conditions)
    if inline is None:
        role.add_to_policy(statement)
    else:
        inline.add_statements(statement)
    for resource in resources:
        if why and resource.endswith("*"):
            explain_wildcard(role, resource, why)


def allow_listing(role: iam.Role, bucket_arn: str, *prefixes: str, inline: iam.PolicyDocument | None = None) -> None:
    """Without ListBucket, S3 answers "denied" for a missing key. That check has no prefix: hence IfExists."""
    condition = {"StringLikeIfExists": {"s3:prefix": list(prefixes)}}
    allow(role, ["s3:ListBucket"], [bucket_arn], condition, inline=inline)


def objects(storage: Storage, *keys: str) -> list[str]:
    return [storage.bucket.arn_for_objects(key) for key in keys]


def image_repositories(images: Iterable[str]) -> list[str]:
    """The ARNs of images that are in ECR."""
    found = (_ECR.match(image) for image in images)
    return [f"arn:{Aws.PARTITION}:ecr:{each[2]}:{each[1]}:repository/{each[3]}" for each in found if each]
