"""`python -m deploy.aws.up`: create or update the stack with CloudFormation alone, without the CDK or Node.js.

It asks the region first which of the configured instance types it offers, and in which zones. Without `--template` it
takes the committed template that fits the config; if neither fits, it says which settings differ.
"""

import argparse
import json
import re
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError, WaiterError

from bot.config.loading import Config, load
from bot.errors import ConfigError
from deploy.aws import parameters
from deploy.aws.cloudformation import StackError, clients, describe, stack_outputs, wait
from deploy.aws.regions import decide, described

TEMPLATE = Path(__file__).with_name("template.json")
COMMITTED = (TEMPLATE, TEMPLATE.with_name("template-cpu.json"))
MAX_BYTES = 51_200
"""`TemplateBody` has a "maximum length of 51,200 bytes".

https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_CreateStack.html
"""
_TYPES = re.compile(r"Instance type can only be one of \[[^\]]*\]")
_FAILED = ("CREATE_FAILED", "UPDATE_FAILED")


@dataclass(frozen=True, slots=True)
class Template:
    path: Path
    content: Mapping[str, Any]

    @property
    def text(self) -> str:
        """Compact, because CloudFormation counts the bytes."""
        return json.dumps(self.content, separators=(",", ":"))


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m deploy.aws.up", description=__doc__)
    parser.add_argument("--config", type=Path, default=Path("config.toml"), help="the bot's settings (config.toml)")
    parser.add_argument("--template", type=Path, help="CloudFormation template (the committed one that fits)")
    given = parser.parse_args(arguments)
    try:
        config = load(given.config)
        parameters.check_address(config.deploy)
        template = fitting(config, [given.template] if given.template else COMMITTED)
        choice = decide(config)
        _say(described(choice))
        values = _accepted(template, parameters.values(config, choice))
        outputs = up(clients(config)("cloudformation"), config.deploy.stack, template.text, values)
    except (ConfigError, StackError, OSError, BotoCoreError, ClientError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    for name, value in outputs.items():
        sys.stdout.write(f"{name} = {value}\n")
    return 0


def fitting(config: Config, paths: Sequence[Path]) -> Template:
    """The first template that fits the config. Raises StackError with the differences to the nearest one."""
    compared = [(parameters.differences(config, template.content), template) for template in map(_read, paths)]
    found, nearest = min(compared, key=lambda each: len(each[0]))
    if found:
        raise StackError(_misfit(found, nearest.path))
    return nearest


def _read(path: Path) -> Template:
    try:
        content = json.loads(path.read_text())
    except ValueError as error:
        raise StackError(
            f"{path} isn't JSON, as `python -m deploy.aws --template {path}` writes it: {error}"
        ) from error
    return Template(path, content)


def _misfit(differences: Sequence[str], path: Path) -> str:
    listed = "\n".join(f"  {each}" for each in differences)
    return (
        f"The template {path.name} doesn't fit the config, so nothing was sent to AWS:\n{listed}\n"
        "Change these settings back, or build a template from your config (needs Node.js):\n"
        "  make setup-aws\n"
        "  python -m deploy.aws --config config.toml --template mine.json\n"
        "  python -m deploy.aws.up --config config.toml --template mine.json"
    )


def _accepted(template: Template, values: Mapping[str, str]) -> dict[str, str]:
    """Values for the parameters that the template has."""
    declared = template.content.get("Parameters", {})
    return {name: value for name, value in values.items() if name in declared}


def up(cloudformation: Any, stack: str, template: str, values: Mapping[str, str] | None = None) -> dict[str, str]:
    """Create or update the stack, wait until it is complete, and return its outputs.

    Raises StackError and botocore's errors.
    """
    size = len(template.encode())
    if size > MAX_BYTES:
        raise StackError(
            f"The template has {size:,} bytes; CloudFormation accepts at most {MAX_BYTES:,}. "
            "Put some projects in a second stack: another config.toml with its own `deploy.stack` and `bot.name`."
        )
    request = {
        "StackName": stack,
        "TemplateBody": template,
        "Capabilities": ["CAPABILITY_IAM"],
        "Parameters": [{"ParameterKey": name, "ParameterValue": value} for name, value in (values or {}).items()],
    }
    if describe(cloudformation, stack) is None:
        _say(f"Creating stack {stack}…")
        cloudformation.create_stack(**request, OnFailure="DELETE")
        _wait(cloudformation, "stack_create_complete", stack)
    elif _starts_update(lambda: cloudformation.update_stack(**request)):
        _say(f"Updating stack {stack}…")
        _wait(cloudformation, "stack_update_complete", stack)
    else:
        _say(f"Stack {stack} is up to date.")
    return stack_outputs(cloudformation, stack)


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def _starts_update(update: Callable[[], Any]) -> bool:
    """Request the update. False if the template changes nothing."""
    try:
        update()
    except ClientError as error:
        if "No updates are to be performed" in error.response["Error"]["Message"]:
            return False
        raise
    return True


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


if __name__ == "__main__":
    sys.exit(main())
