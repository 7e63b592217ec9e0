"""Write a project's section from its repository into config.toml."""

import re
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from rich.console import Console

from bot.chat.limits import COMMAND_OPTIONS
from bot.config.loading import load
from bot.config.section import NAME
from bot.errors import BadInput, ConfigError
from bot.init.parameters import parameters
from bot.init.repository import Repository
from bot.init.section import section

_ROOM = COMMAND_OPTIONS - 4
"""Besides the bot's own options: `branch`, `commit`, `set`, and `project` or `job`."""
_NEW_FILE = "# The bot also needs [discord], [aws] and the project's channels: config.example.toml has every setting.\n"


def run(folder: Path, command: Sequence[str], name: str, config: Path, console: Console) -> None:
    """Add the section to `config`, which may be new. Raises BadInput or ConfigError, nothing changed.

    `command` may be empty: then the likeliest script is taken. `name` "" is the folder's.
    """

    def say(text: str) -> None:
        console.print(text, markup=False, highlight=False, soft_wrap=True)

    repository = Repository(folder)
    command = list(command) or _command(repository, say)
    name = _name(name or repository.root.name)
    text, document = _read(config)
    _check_new(name, document, config)
    arguments, how = repository.arguments(command)
    chosen, left_out = parameters(arguments, _ROOM)
    project: dict[str, Any] = {"repository": repository.address() or "https://github.com/you/code.git"}
    project |= {"command": command, "branches": [repository.branch()]}
    if install := repository.install():
        project["install"] = install
    written = section(name, project, chosen, left_out)
    say(f"{len(chosen)} parameters, {len(left_out)} left out; found {how}.")
    if not arguments:
        say(
            "No argparse arguments were found. Write one section [projects.NAME.parameters.…] for each; for Hydra and "
            'OmegaConf also flags = "name=value"'
        )
    if text is None:
        config.write_text(f"{_NEW_FILE}\n{written}", encoding="utf-8")
        say(f"Wrote {config} with [projects.{name}]. `signalbox try` runs it on this machine, as a job would.")
        return
    config.write_text(f"{text.rstrip()}\n\n{written}", encoding="utf-8")
    say(f"Added [projects.{name}] to {config}. `signalbox try --project {name}` runs it on this machine.")
    _say_problems(config, say)


def _command(repository: Repository, say: Any) -> list[str]:
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


def _read(config: Path) -> tuple[str | None, Mapping[str, Any]]:
    try:
        text = config.read_text(encoding="utf-8")
        return text, tomllib.loads(text)
    except FileNotFoundError:
        return None, {}
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigError(str(config), [f"not valid TOML: {error}"]) from error


def _check_new(name: str, document: Mapping[str, Any], config: Path) -> None:
    if name in document.get("projects", {}):
        raise BadInput(
            f"[projects.{name}] is already in {config}. Choose another name with --name, or delete that section first"
        )


def _say_problems(config: Path, say: Any) -> None:
    try:
        load(config)
    except ConfigError as error:
        say(f"Still to do: {error}")
