"""`python -m deploy.aws.up`: the stack made, or changed, by CloudFormation from a template, without the CDK and node.

The template that is committed fits config.example.toml, and every config.toml with its `[deploy]`, its project's name
and its time limit; for any other, `python -m deploy.aws --template FILE` writes one.
"""

import argparse
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import boto3
from botocore.exceptions import BotoCoreError, ClientError, WaiterError

from bot.config.loading import Config, load
from bot.errors import ConfigError

TEMPLATE = Path(__file__).with_name("template.json")
LOOK_SECONDS = 5
LOOKS = 360
"""Half an hour: the stack takes about three minutes."""
_FAILED = ("CREATE_FAILED", "UPDATE_FAILED")


class StackError(Exception):
    """The stack is not as asked; the message says which resource failed, and why."""


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m deploy.aws.up", description=__doc__)
    parser.add_argument("--config", type=Path, default=Path("config.toml"), help="the bot's settings (config.toml)")
    parser.add_argument("--template", type=Path, default=TEMPLATE, help="of CloudFormation; else the committed one")
    given = parser.parse_args(arguments)
    try:
        config = load(given.config)
        outputs = up(_client(config), config.deploy.stack, given.template.read_text())
    except (ConfigError, StackError, OSError, BotoCoreError, ClientError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    for name, value in outputs.items():
        sys.stdout.write(f"{name} = {value}\n")
    return 0


def up(cloudformation: Any, stack: str, template: str) -> dict[str, str]:
    """Returns when it stands: its outputs. Raises StackError, and botocore's errors."""
    request = {"StackName": stack, "TemplateBody": template, "Capabilities": ["CAPABILITY_IAM"]}
    if _described(cloudformation, stack) is None:
        _say(f"Making the stack {stack}…")
        cloudformation.create_stack(**request, OnFailure="DELETE")
        _wait(cloudformation, "stack_create_complete", stack)
    elif _changes(lambda: cloudformation.update_stack(**request)):
        _say(f"Changing the stack {stack}…")
        _wait(cloudformation, "stack_update_complete", stack)
    else:
        _say(f"The stack {stack} is as the template says.")
    return stack_outputs(cloudformation, stack)


def stack_outputs(cloudformation: Any, stack: str) -> dict[str, str]:
    """By name. Raises StackError where there is no such stack."""
    described = _described(cloudformation, stack)
    if described is None:
        region = cloudformation.meta.region_name
        raise StackError(f"There is no stack {stack} in {region}: `python -m deploy.aws.up` makes it.")
    return {output["OutputKey"]: output["OutputValue"] for output in described.get("Outputs", ())}


def _described(cloudformation: Any, stack: str) -> dict[str, Any] | None:
    try:
        (described,) = cloudformation.describe_stacks(StackName=stack)["Stacks"]
    except ClientError as error:
        if "does not exist" in error.response["Error"]["Message"]:
            return None
        raise
    return dict(described)


def _say(what: str) -> None:
    sys.stdout.write(f"{what}\n")
    sys.stdout.flush()


def _changes(update: Callable[[], Any]) -> bool:
    """Whether there was anything to change."""
    try:
        update()
    except ClientError as error:
        if "No updates are to be performed" in error.response["Error"]["Message"]:
            return False
        raise
    return True


def _wait(cloudformation: Any, what: str, stack: str) -> None:
    """By its id: one that is rolled back away has no name any more."""
    (made,) = cloudformation.describe_stacks(StackName=stack)["Stacks"]
    waiting = {"Delay": LOOK_SECONDS, "MaxAttempts": LOOKS}
    try:
        cloudformation.get_waiter(what).wait(StackName=made["StackId"], WaiterConfig=waiting)
    except WaiterError as error:
        events = cloudformation.describe_stack_events(StackName=made["StackId"])["StackEvents"]
        failed = [event for event in reversed(events) if event["ResourceStatus"] in _FAILED]
        reasons = [f"  {each['LogicalResourceId']}: {each.get('ResourceStatusReason', '')}" for each in failed]
        raise StackError("\n".join([f"The stack {stack} does not stand: {error}", *reasons])) from error


def _client(config: Config) -> Any:
    return boto3.client("cloudformation", region_name=config.aws.region, endpoint_url=config.aws.endpoint_url)


if __name__ == "__main__":
    sys.exit(main())
