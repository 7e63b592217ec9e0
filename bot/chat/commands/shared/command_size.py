"""Check the size of the commands as they are registered, before anything is sent to Discord."""

from collections.abc import Mapping, Sequence
from typing import Any

from discord import app_commands

from bot.chat.limits import COMMAND_CHARACTERS
from bot.domain.logs.log_lines import units

Command = app_commands.Command[Any, ..., None]
_SHOWN = 3


def too_large(commands: Sequence[Command], keys: Mapping[str, str]) -> list[str]:
    """One line per command that is too large; `keys` has the setting in the config for each option's name."""
    return [_problem(command, keys) for command in commands if size(command) > COMMAND_CHARACTERS]


def size(command: Command) -> int:
    """The characters that count for Discord: all names, descriptions and choices."""
    return units(command.name) + units(str(command.description)) + sum(map(_option_size, command.parameters))


def _option_size(option: app_commands.Parameter) -> int:
    choices = sum(units(choice.name) + units(str(choice.value)) for choice in option.choices)
    return units(str(option.display_name)) + units(str(option.description)) + choices


def _problem(command: Command, keys: Mapping[str, str]) -> str:
    largest = sorted((option for option in command.parameters if str(option.display_name) in keys), key=_option_size)
    named = ", ".join(
        f"{keys[str(option.display_name)]} ({_option_size(option)})" for option in reversed(largest[-_SHOWN:])
    )
    return (
        f"/{command.name} has {size(command)} characters in its names, descriptions and choices, and Discord takes "
        f"{COMMAND_CHARACTERS}. Shorten the choices or descriptions of the largest: {named}"
    )
