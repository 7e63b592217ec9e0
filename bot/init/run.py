"""Write a project's section from its repository into config.toml."""

import re
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from rich.console import Console

from bot.chat.limits import COMMAND_OPTIONS
from bot.config import config_file
from bot.config.loading import load
from bot.config.section import NAME
from bot.errors import BadInput, ConfigError
from bot.init.argument import Argument
from bot.init.parameters import parameters
from bot.init.repository import Repository
from bot.init.section import section
from trainer.places import write_atomically

Say = Callable[[str], object]
_ROOM = COMMAND_OPTIONS - 4
"""Besides the bot's own options: `branch`, `commit`, `set`, and `project` or `job`."""
_NEW_FILE = "# The bot also needs [discord], [aws] and the project's channels: config.example.toml has every setting."


def run(folder: Path, command: Sequence[str], name: str, config: Path, console: Console) -> str:
    """Add the section to `config`, which may be new. Returns the project's name.

    Raises BadInput or ConfigError, nothing changed. `command` may be empty: then the likeliest script is taken.
    `name` "" is the folder's.
    """

    say = partial(_print, console)
    repository = Repository(folder)
    command = list(command) or _command(repository, say)
    name = _name(name or repository.root.name)
    text, document = config_file.read(config, "") if config.exists() else ("", {})
    _check_new(name, document, config)
    arguments, how = repository.arguments(command)
    chosen, left_out = parameters(arguments, _ROOM)
    project: dict[str, Any] = {"repository": repository.address() or "https://github.com/you/code.git"}
    project |= {"command": command, "branches": [repository.branch()]}
    if install := repository.install():
        project["install"] = install
    written = section(name, project, chosen, left_out)
    say(f"{len(chosen)} parameters, {len(left_out)} left out; found {how}.")
    _say_missing(repository, arguments, say)
    whole = f"{text.rstrip() or _NEW_FILE}\n\n{written}"
    if config.exists():
        config_file.replace(config, whole)
    else:
        write_atomically(config, whole.encode())
    say(f"{'Added' if text else 'Wrote'} [projects.{name}] {'to' if text else 'in'} {config}.")
    if text:
        _say_problems(config, say)
    return name


def say_next_step(name: str, config: Path, console: Console) -> None:
    """What to do after `run`."""
    _print(
        console,
        f"`signalbox try --write --project {name} --config {config}` runs it once on this machine, as a job would, and "
        "writes its metric. Give it a short run, such as epochs=1; Ctrl-C ends it.",
    )


def _command(repository: Repository, say: Say) -> list[str]:
    scripts = repository.scripts()
    if not scripts:
        raise BadInput(
            f"{repository.root} has no Python script that parses arguments. Name your command: "
            "signalbox init python train.py"
        )
    say(f"command: python {scripts[0]}" + (f" (others: {', '.join(scripts[1:5])})" if scripts[1:] else ""))
    return ["python", scripts[0]]


def _name(text: str) -> str:
    name = re.sub(r"[^a-z0-9_-]+", "-", text.lower())[:32].strip("-")
    if not re.fullmatch(NAME, name):
        raise BadInput(f'"{text}" makes no project name: it must start with a letter. Choose one: --name mnist')
    return name


def _check_new(name: str, document: Mapping[str, Any], config: Path) -> None:
    if name in document.get("projects", {}):
        raise BadInput(
            f"[projects.{name}] is already in {config}. Choose another name with --name, or delete that section first"
        )


def _say_missing(repository: Repository, arguments: Sequence[Argument], say: Say) -> None:
    if not arguments:
        say(
            "No argparse arguments were found. For flags of click, typer, absl or fire write one section "
            '[projects.NAME.parameters.…] for each; for Hydra and OmegaConf also flags = "name=value"'
        )
    if not repository.address():
        say(
            'It has no remote called origin. Jobs fetch from one: push it to a server, then set repository = "https://…"'
        )


def _say_problems(config: Path, say: Say) -> None:
    try:
        load(config)
    except ConfigError as error:
        say(f"Still to do: {error}")


def _print(console: Console, text: str) -> None:
    """Print text as it is: it may come from the repository."""
    console.print(text, markup=False, highlight=False, soft_wrap=True)
