"""Create or update the stack, wait until it is done, and say why it failed."""

import re
import sys
from collections.abc import Mapping, Sequence
from typing import Any

from botocore.exceptions import ClientError, WaiterError

from deploy.aws.cloudformation import StackError, wait

Value = str | None
"""A parameter's value; None keeps the one that the stack has."""
_TYPES = re.compile(r"Instance type can only be one of \[[^\]]*\]")
_FAILED = ("CREATE_FAILED", "UPDATE_FAILED")


def create(cloudformation: Any, stack: str, request: Mapping[str, Any]) -> None:
    """Raises StackError and botocore's errors, as `update` does."""
    say(f"Creating stack {stack}…")
    cloudformation.create_stack(StackName=stack, OnFailure="DELETE", **request)
    _wait(cloudformation, "stack_create_complete", stack)


def update(cloudformation: Any, stack: str, request: Mapping[str, Any]) -> bool:
    """False if the request changes nothing."""
    try:
        cloudformation.update_stack(StackName=stack, **request)
    except ClientError as error:
        if "No updates are to be performed" in error.response["Error"]["Message"]:
            say(f"Stack {stack} is up to date.")
            return False
        raise
    say(f"Updating stack {stack}…")
    _wait(cloudformation, "stack_update_complete", stack)
    return True


def in_request(values: Mapping[str, Value]) -> list[dict[str, Any]]:
    """https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_Parameter.html"""
    return [
        {"ParameterKey": name, **({"UsePreviousValue": True} if value is None else {"ParameterValue": value})}
        for name, value in values.items()
    ]


def say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def _wait(cloudformation: Any, waiter: str, stack: str) -> None:
    """Wait by the stack's id: a stack that was rolled back and deleted can no longer be found by name."""
    (described,) = cloudformation.describe_stacks(StackName=stack)["Stacks"]
    try:
        wait(cloudformation, waiter, described["StackId"])
    except WaiterError as error:
        events = cloudformation.describe_stack_events(StackName=described["StackId"])["StackEvents"]
        failed = [event for event in reversed(events) if event["ResourceStatus"] in _FAILED]
        reasons = [f"  {each['LogicalResourceId']}: {_short(each.get('ResourceStatusReason', ''))}" for each in failed]
        summary = f"CloudFormation could not create or update stack {stack}: {error}"
        raise StackError("\n".join([summary, *reasons, *_advice(failed)])) from error


def _advice(failed: Sequence[Mapping[str, Any]]) -> list[str]:
    """What to do about a resource that AWS refuses in some accounts.

    A linked or new account may have no budgets: https://github.com/org-formation/org-formation-cli/issues/198
    """
    if not any(event.get("ResourceType") == "AWS::Budgets::Budget" for event in failed):
        return []
    return ['Set `deploy.alarm_email = ""` and run this again: the stack then has no budget, and all its other parts.']


def _short(reason: str) -> str:
    """The reason without Batch's list of instance types, which has hundreds: `up` asks EC2, which may know more types.

    https://github.com/aws/amazon-genomics-cli/issues/209
    """
    return _TYPES.sub("AWS Batch doesn't take one of the instance types here. Take it out of [deploy]", reason)
