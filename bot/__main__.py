"""The command line: `signalbox run`, `doctor`, `restore` and `config from-stack`, also `python -m bot`."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, NoReturn

import typer
from rich.console import Console

from bot import app as wiring
from bot import doctor as examination
from bot import from_stack as stack_values
from bot import logging_setup
from bot import restore as restoration
from bot.config import loading as settings
from bot.errors import SignalboxError

app = typer.Typer(add_completion=False, no_args_is_help=True, pretty_exceptions_enable=False)
config_app = typer.Typer(no_args_is_help=True, help="The settings: what a stack says of them.")
app.add_typer(config_app, name="config")
ConfigPath = Annotated[Path, typer.Option("--config", help="The settings; config.example.toml explains each.")]
DEFAULT_CONFIG = Path("config.toml")


@app.callback()
def main() -> None:
    """Training on AWS Batch, from the Discord channel."""


@app.command()
def run(config: ConfigPath = DEFAULT_CONFIG) -> None:
    """Runs the bot until SIGTERM or Ctrl-C."""
    with _told():
        checked, secrets = settings.load(config), settings.secrets()
        logging_setup.configure(
            checked.bot.log_level, checked.bot.log_format, [secrets.discord_token.get_secret_value()]
        )
        asyncio.run(wiring.run(checked, secrets))


@app.command()
def doctor(
    config: ConfigPath = DEFAULT_CONFIG,
    *,
    fix: Annotated[
        bool, typer.Option("--fix", help="Mend what can be mended without cost or loss: the log group.")
    ] = False,
) -> None:
    """Checks one by one what the bot needs, from the token to the repository. Exit code 1 if any is bad."""
    with _told():
        checked, secrets = settings.load(config), settings.secrets()
        well = asyncio.run(examination.run(checked, secrets, Console(), fix=fix))
    raise typer.Exit(0 if well else 1)


@app.command()
def restore(
    config: ConfigPath = DEFAULT_CONFIG,
    *,
    force: Annotated[bool, typer.Option("--force", help="Replace a store that is in good order, too.")] = False,
) -> None:
    """Brings a lost or damaged store back: from the newest good snapshot, and from what AWS knows of the jobs."""
    with _told():
        asyncio.run(restoration.run(settings.load(config), Console(), force=force))


@config_app.command()
def from_stack(
    config: ConfigPath = DEFAULT_CONFIG,
    *,
    stack: Annotated[
        str, typer.Option("--stack", help="Its name in CloudFormation; else deploy.stack of the settings.")
    ] = "",
) -> None:
    """Writes what the stack has made (region, queues, job definitions, bucket, log group) into the settings."""
    with _told():
        asyncio.run(stack_values.run(config, stack, Console()))


@contextmanager
def _told() -> Iterator[None]:
    """Our own errors end the command with their words and exit code 1; all others are shown whole."""
    try:
        yield
    except SignalboxError as error:
        _say(error)
    except BaseExceptionGroup as group:
        ours, others = group.split(SignalboxError)
        if ours is None or others is not None:
            raise
        _say(*_leaves(ours))


def _say(*errors: BaseException) -> NoReturn:
    for error in errors:
        Console(stderr=True).print(str(error), style="red", markup=False, highlight=False)
    raise typer.Exit(1)


def _leaves(group: BaseExceptionGroup[BaseException]) -> Iterator[BaseException]:
    """The errors themselves, however deeply task groups have wrapped them."""
    for error in group.exceptions:
        if isinstance(error, BaseExceptionGroup):
            yield from _leaves(error)
        else:
            yield error


if __name__ == "__main__":
    app()
