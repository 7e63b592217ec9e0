"""Shared by `up`, `down` and `push`: AWS clients, the stack's description and outputs, and waiting for a change."""

from collections.abc import Callable
from typing import Any

import boto3
from botocore.exceptions import ClientError, WaiterError

from bot.config.loading import Config
from bot.domain.stack import by_project

POLL_SECONDS = 5
MAX_POLLS = 1800
"""2.5 hours. Creating the stack takes about three minutes; an update waits for running jobs, up to their time limit."""

ClientOf = Callable[[str], Any]
"""Returns the boto3 client of a service, by the service's name."""


class StackError(Exception):
    """The stack is missing, or CloudFormation could not change it. The message names the failed resources and why."""


def clients(config: Config) -> ClientOf:
    """Clients for the region and endpoint in `[aws]`."""

    def client(service: str) -> Any:
        return boto3.client(service, region_name=config.aws.region, endpoint_url=config.aws.endpoint_url)

    return client


def describe(cloudformation: Any, stack: str) -> dict[str, Any] | None:
    """The stack as DescribeStacks returns it; None if there is none. Raises botocore's ClientError."""
    try:
        (described,) = cloudformation.describe_stacks(StackName=stack)["Stacks"]
    except ClientError as error:
        if "does not exist" in error.response["Error"]["Message"]:
            return None
        raise
    return dict(described)


def outputs(described: dict[str, Any]) -> dict[str, str]:
    """Values by output name; the outputs of a project have its name behind."""
    return by_project({output["OutputKey"]: output["OutputValue"] for output in described.get("Outputs", ())})


def described_stack(cloudformation: Any, stack: str) -> dict[str, Any]:
    """Raises StackError if there is no such stack."""
    described = describe(cloudformation, stack)
    if described is None:
        region = cloudformation.meta.region_name
        raise StackError(f"There is no stack {stack} in {region}. Create it: `python -m deploy.aws.up`.")
    return described


def wait(cloudformation: Any, waiter: str, stack: str) -> None:
    """Block until botocore's `waiter` succeeds. `stack` is a name or an id.

    Raises botocore's WaiterError, and StackError if nothing has failed but it takes longer than MAX_POLLS.
    """
    polling = {"Delay": POLL_SECONDS, "MaxAttempts": MAX_POLLS}
    try:
        cloudformation.get_waiter(waiter).wait(StackName=stack, WaiterConfig=polling)
    except WaiterError as error:
        if "Max attempts exceeded" not in str(error):
            raise
        raise StackError(
            "The stack is still changing, perhaps because an update waits for running jobs. AWS goes on without this "
            f"command; see how far it is with `aws cloudformation describe-stacks --stack-name {stack}`."
        ) from error
