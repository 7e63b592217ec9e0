"""`python -m deploy.aws`: the CDK app for `cdk deploy --app`. With `--template FILE` it only writes the template.

The app asks the region what it offers, and builds the stack for it. The template is for any region: `up` asks.
"""

import argparse
import sys
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path

from aws_cdk import App, Validations
from botocore.exceptions import BotoCoreError, ClientError
from cdk_nag import AwsSolutionsChecks

from bot.config.loading import Config, load
from bot.errors import ConfigError
from deploy.aws.changes import Value
from deploy.aws.cloudformation import ClientOf, StackError, clients
from deploy.aws.images import kept
from deploy.aws.names import check_free
from deploy.aws.offers import Choice
from deploy.aws.parameters import check_address
from deploy.aws.regions import decide, described
from deploy.aws.short_joins import compact
from deploy.aws.stack.stack import signalbox_stack


def main(arguments: list[str] | None = None, clients_of: Callable[[Config], ClientOf] = clients) -> int:
    parser = argparse.ArgumentParser(prog="python -m deploy.aws", description=__doc__)
    parser.add_argument("--config", type=Path, default=Path("config.toml"), help="the bot's settings (config.toml)")
    parser.add_argument("--template", type=Path, help="only write the template, usable in any region, to this file")
    given = parser.parse_args(arguments)
    try:
        config = load(given.config)
        if given.template:
            given.template.write_text(template(config))
        else:
            check_address(config.deploy)
            choice = decide(config, clients_of)
            check_free(clients_of(config), config)
            sys.stderr.write(f"{described(choice)}\n")  # the CDK shows it; its own output is on the other one
            for_region(config, choice, kept(clients_of(config), config.deploy.stack))
    except (ConfigError, StackError, BotoCoreError, ClientError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


def for_region(config: Config, choice: Choice, running: Mapping[str, Value]) -> Path:
    """Write the template where the CDK's command reads it after this process; the file."""
    app = App(analytics_reporting=False)  # deploy the template and nothing else
    Validations.of(app).add_plugins(AwsSolutionsChecks(app))
    stack = signalbox_stack(app, config, choice, running)
    built = app.synth().get_stack_by_name(stack.stack_name)
    path = Path(built.template_full_path)
    path.write_text(compact(built.template))
    return path


def template(config: Config) -> str:
    """The template in as few bytes as `up` sends. Raises ConfigError."""
    with tempfile.TemporaryDirectory() as folder:
        app = App(outdir=folder, analytics_reporting=False)
        stack = signalbox_stack(app, config)
        content = app.synth().get_stack_by_name(stack.stack_name).template
    return compact(content) + "\n"


if __name__ == "__main__":
    sys.exit(main())
