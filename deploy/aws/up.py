"""`python -m deploy.aws.up`: create or update the stack with CloudFormation alone, without the CDK or Node.js.

It asks the region first which of the configured instance types it offers, and in which zones. Without `--template` it
takes the committed template that fits the config; if neither fits, it says which settings differ.
"""

import argparse
import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from bot.config.loading import Config, load
from bot.domain.stack import NOT_PUSHED
from bot.errors import ConfigError
from deploy.aws import images, parameters
from deploy.aws.changes import Value, create, in_request, say, update
from deploy.aws.cloudformation import ClientOf, StackError, clients, describe, described_stack, outputs
from deploy.aws.large_templates import placed
from deploy.aws.names import check_free
from deploy.aws.regions import decide, described

TEMPLATE = Path(__file__).with_name("template.json")
COMMITTED = (TEMPLATE, TEMPLATE.with_name("template-cpu.json"))


@dataclass(frozen=True, slots=True)
class Template:
    path: Path
    content: Mapping[str, Any]

    @property
    def text(self) -> str:
        """Compact: an editor may have written it with spaces."""
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
        choice, client = decide(config), clients(config)
        say(described(choice))
        check_free(client, config)
        wanted = parameters.values(config, choice) | images.kept(client, config.deploy.stack)
        made = up(client, config.deploy.stack, template.text, _accepted(template, wanted))
    except (ConfigError, StackError, OSError, BotoCoreError, ClientError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    for name, value in made.items():
        say(f"{name} = {value}")
    for line in _next_step(config, made):
        say(line)
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


def _accepted(template: Template, values: Mapping[str, Value]) -> dict[str, Value]:
    """Values for the parameters that the template has."""
    declared = template.content.get("Parameters", {})
    return {name: value for name, value in values.items() if name in declared}


def up(client: ClientOf, stack: str, template: str, values: Mapping[str, Value] | None = None) -> dict[str, str]:
    """Create or update the stack, wait until it is complete, and return its outputs.

    Raises StackError and botocore's errors.
    """
    cloudformation = client("cloudformation")
    with placed(client, stack, template) as place:
        request = {**place, "Capabilities": ["CAPABILITY_IAM"], "Parameters": in_request(values or {})}
        if describe(cloudformation, stack) is None:
            create(cloudformation, stack, request)
        else:
            update(cloudformation, stack, request)
    return outputs(described_stack(cloudformation, stack))


def _next_step(config: Config, made: Mapping[str, str]) -> Iterator[str]:
    """What is still missing: the images, which need the stack's repository first."""
    jobs = any(not parameters.resources(config.deploy, project).image for project in config.projects)
    needed = {"trainer": jobs and "jobs", "bot": config.deploy.host != "none" and "the bot"}
    for target, what in needed.items():
        if what and made.get(images.output(target), "").endswith(NOT_PUSHED):
            yield (
                f"There is no image of the {target} yet, so {what} can't start. Build and push it: "
                f"`python -m deploy.aws.push --config config.toml --only {target}`"
            )


if __name__ == "__main__":
    sys.exit(main())
