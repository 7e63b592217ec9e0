"""The command line: `signalbox run`, `init`, `try`, `doctor`, `restore`, `audit`, `config`; `python -m bot`, too."""

import asyncio
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, NoReturn

import typer
from rich.console import Console

from bot import app as wiring
from bot import audit_check, logging_setup
from bot import doctor as examination
from bot import from_stack as stack_values
from bot import restore as restoration
from bot.config import loading as settings
from bot.errors import SignalboxError
from bot.init import run as initialisation
from bot.try_locally import run as local_run
from trainer.redaction import known

app = typer.Typer(add_completion=False, no_args_is_help=True, pretty_exceptions_enable=False)
config_app = typer.Typer(no_args_is_help=True, help="Work with config.toml.")
app.add_typer(config_app, name="config")
audit_app = typer.Typer(no_args_is_help=True, help="Check and export the record of who asked for what.")
app.add_typer(audit_app, name="audit")
ConfigPath = Annotated[
    Path, typer.Option("--config", help="Path of the settings; config.example.toml explains each one.")
]
ResultsPath = Annotated[Path, typer.Option("--results", help="A new folder for what a job would store.")]
DEFAULT_CONFIG, DEFAULT_RESULTS = Path("config.toml"), Path("signalbox-try")


@app.callback()
def main() -> None:
    """Run training jobs on AWS Batch from a Discord channel."""


@app.command()
def run(config: ConfigPath = DEFAULT_CONFIG) -> None:
    """Run the bot until SIGTERM or Ctrl-C."""
    os.umask(0o077)  # logs and results of private projects lie in the data folder
    with _errors_printed():
        checked, secrets = settings.load(config), settings.secrets()
        known.hide(secrets.discord_token.get_secret_value(), shortest=known.OWN)
        logging_setup.configure(checked.bot.log_level, checked.bot.log_format)
        asyncio.run(wiring.run(checked, secrets))


@app.command()
def doctor(
    config: ConfigPath = DEFAULT_CONFIG,
    *,
    fix: Annotated[bool, typer.Option("--fix", help="Fix what is safe and free to fix: the log group.")] = False,
) -> None:
    """Check your setup step by step, from the token to the repository. Exits with 1 if anything is bad."""
    with _errors_printed():
        checked, secrets = settings.load(config), settings.secrets()
        good = asyncio.run(examination.run(checked, secrets, Console(), fix=fix))
    raise typer.Exit(0 if good else 1)


@app.command(context_settings={"ignore_unknown_options": True})
def init(
    command: Annotated[
        list[str] | None,
        typer.Argument(help="Your training command, such as python train.py; default: the likeliest script."),
    ] = None,
    config: ConfigPath = DEFAULT_CONFIG,
    *,
    folder: Annotated[Path, typer.Option("--folder", help="Your training repository.")] = Path(),
    name: Annotated[str, typer.Option("--name", help="Name of the project; default: the folder's.")] = "",
    attempt: Annotated[
        bool, typer.Option("--try", help="Then run the command once here, and write the metric that it reports.")
    ] = False,
    given: Annotated[list[str] | None, typer.Option("--with", help="A parameter of that run: epochs=1.")] = None,
    results: ResultsPath = DEFAULT_RESULTS,
) -> None:
    """Write a project's section of config.toml from its repository: address, command and parameters."""
    console, code = Console(), 0
    with _errors_printed():
        if attempt or given:
            local_run.require_ready(folder, results)
        project = initialisation.run(folder, command or [], name, config, console)
        if attempt or given:
            options = local_run.Options(config, project, folder, results, given or [], install=False, write=True)
            code = local_run.run(options, console)
        else:
            initialisation.say_next_step(project, config, console)
    raise typer.Exit(code)


@app.command("try")
def try_locally(
    given: Annotated[list[str] | None, typer.Argument(help="Parameters, such as lr=0.1 epochs=2.")] = None,
    config: ConfigPath = DEFAULT_CONFIG,
    *,
    project: Annotated[str, typer.Option("--project", help="The project; default: the only one.")] = "",
    folder: Annotated[Path, typer.Option("--folder", help="Your training repository.")] = Path(),
    results: ResultsPath = DEFAULT_RESULTS,
    install: Annotated[bool, typer.Option("--install", help="Install the requirements first, as a job does.")] = False,
    write: Annotated[
        bool, typer.Option("--write", help="Write what the project's section lacks, such as its metric.")
    ] = False,
) -> None:
    """Run the project's command once on this machine, as a job would: no Discord, no cloud."""
    with _errors_printed():
        options = local_run.Options(config, project, folder, results, given or [], install, write)
        code = local_run.run(options, Console())
    raise typer.Exit(code)


@app.command()
def restore(
    config: ConfigPath = DEFAULT_CONFIG,
    *,
    force: Annotated[bool, typer.Option("--force", help="Also replace an undamaged store.")] = False,
) -> None:
    """Restore a lost or damaged store from its newest good snapshot and from AWS."""
    with _errors_printed():
        asyncio.run(restoration.run(settings.load(config), Console(), force=force))


@config_app.command()
def from_stack(
    config: ConfigPath = DEFAULT_CONFIG,
    *,
    stack: Annotated[
        str, typer.Option("--stack", help="Name of the CloudFormation stack; default: deploy.stack in the settings.")
    ] = "",
) -> None:
    """Write the stack's queues, job definitions, bucket and log group into config.toml."""
    with _errors_printed():
        asyncio.run(stack_values.run(config, stack, Console()))


@audit_app.command()
def verify(
    file: Annotated[
        Path | None, typer.Argument(help="An export, a snapshot or a store; default: the store of the settings.")
    ] = None,
    config: ConfigPath = DEFAULT_CONFIG,
    *,
    anchor: Annotated[
        list[str] | None,
        typer.Option("--anchor", help="NUMBER:HASH of an entry, as the bot's log has it: shows a cut tail, too."),
    ] = None,
) -> None:
    """Check that no entry was changed, removed, added or moved. Exits with 1 if one was."""
    with _errors_printed():
        path = file if file is not None else settings.store_path(settings.load(config))
        whole = audit_check.verify(path, anchor or [], Console())
    raise typer.Exit(0 if whole else 1)


@audit_app.command()
def export(
    file: Annotated[Path, typer.Argument(help="The new file, one entry a line.")],
    config: ConfigPath = DEFAULT_CONFIG,
) -> None:
    """Write the whole audit of the store to a file, also while the bot runs."""
    with _errors_printed():
        audit_check.export(settings.store_path(settings.load(config)), file, Console())


@contextmanager
def _errors_printed() -> Iterator[None]:
    """Print our own errors and exit with 1; let all others through with their traceback."""
    try:
        yield
    except SignalboxError as error:
        _fail(error)
    except BaseExceptionGroup as group:
        ours, others = group.split(SignalboxError)
        if ours is None or others is not None:
            raise
        _fail(*_leaves(ours))


def _fail(*errors: BaseException) -> NoReturn:
    for error in errors:
        Console(stderr=True).print(str(error), style="red", markup=False, highlight=False)
    raise typer.Exit(1)


def _leaves(group: BaseExceptionGroup[BaseException]) -> Iterator[BaseException]:
    """The errors inside an exception group, however deep."""
    for error in group.exceptions:
        if isinstance(error, BaseExceptionGroup):
            yield from _leaves(error)
        else:
            yield error


if __name__ == "__main__":
    app()
