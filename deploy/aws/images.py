"""Which images the stack runs: two of its parameters, each a digest. `push` sets them, `up` keeps them.

A digest names one image for good; a tag would run whatever whoever may push has put behind it.
"""

from collections.abc import Mapping
from typing import Any

from botocore.exceptions import ClientError

from bot.domain.stack import NOT_PUSHED
from deploy.aws.changes import Value, in_request, update
from deploy.aws.cloudformation import ClientOf, StackError, describe, described_stack, outputs
from deploy.aws.outputs import Output

TARGETS = ("trainer", "bot")
PATTERN = f"{NOT_PUSHED}|@sha256:[0-9a-f]{{64}}"
"""What the parameters take: what stands behind the repository's address."""


def parameter(target: str) -> str:
    return f"{target.capitalize()}Image"


def output(target: str) -> str:
    """The output with the image's whole address."""
    return f"{parameter(target)}Uri"


def kept(client: ClientOf, stack: str) -> dict[str, Value]:
    """Values with which an update leaves the images as they are. Empty for a stack that doesn't exist yet.

    A stack of an earlier version ran the tags `trainer` and `bot`: it keeps the images that these name now.
    """
    described = describe(client("cloudformation"), stack)
    if described is None:
        return {}
    names = _parameters(described)
    found: dict[str, Value] = {parameter(target): None for target in TARGETS if parameter(target) in names}
    for target in TARGETS:
        if parameter(target) not in found and (digest := digest_of(client("ecr"), repository(described), target)):
            found[parameter(target)] = f"@{digest}"
    return found


def check(described: Mapping[str, Any]) -> None:
    """Raises StackError for a stack that can't be told which image to run."""
    if missing := [name for name in map(parameter, TARGETS) if name not in _parameters(described)]:
        raise StackError(
            f"Stack {described['StackName']} is from an earlier version: it lacks the parameters {', '.join(missing)}. "
            "Update it first: `python -m deploy.aws.up --config config.toml`, or `make deploy` if you use the CDK. "
            "It keeps the images that it has."
        )


def run(client: ClientOf, stack: str, digests: Mapping[str, str]) -> bool:
    """Let the stack run these images, by target, and wait until it does. False if it ran them before.

    Nothing else changes. A job definition's new revision comes before its old one goes, so jobs start at any time:
    https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-properties-batch-jobdefinition-resourceretentionpolicy.html
    """
    described = described_stack(client("cloudformation"), stack)
    given = {parameter(target): f"@{digest}" for target, digest in digests.items()}
    values: dict[str, Value] = dict.fromkeys(_parameters(described)) | given
    request = {"UsePreviousTemplate": True, "Capabilities": ["CAPABILITY_IAM"], "Parameters": in_request(values)}
    return update(client("cloudformation"), stack, request)


def repository(described: Mapping[str, Any]) -> str:
    """The name of the stack's repository, which is not always the stack's."""
    return outputs(dict(described))[Output.REPOSITORY_URI].partition("/")[2]


def digest_of(ecr: Any, repository: str, tag: str) -> str:
    """The digest behind a tag, as the registry has it; empty if there is no such image."""
    try:
        answer = ecr.describe_images(repositoryName=repository, imageIds=[{"imageTag": tag}])
    except ClientError as error:
        if error.response["Error"]["Code"] == "ImageNotFoundException":
            return ""
        raise
    return str(answer["imageDetails"][0]["imageDigest"])


def _parameters(described: Mapping[str, Any]) -> list[str]:
    return [each["ParameterKey"] for each in described.get("Parameters", ())]
