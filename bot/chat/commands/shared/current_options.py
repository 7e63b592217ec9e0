"""Whether a command's options came from the commands as they are registered now: a client may have older ones open."""

from collections.abc import Mapping, Sequence
from typing import Any

from discord import AppCommandOptionType, app_commands

_TYPES: Mapping[AppCommandOptionType, tuple[type, ...]] = {
    AppCommandOptionType.string: (str,),
    AppCommandOptionType.integer: (int,),
    AppCommandOptionType.number: (int, float),
    AppCommandOptionType.boolean: (bool,),
}


def are_current(command: app_commands.Command[Any, ..., Any], options: Sequence[Mapping[str, Any]]) -> bool:
    """Whether each option exists, has a value of its type, and is suggested for only if it has suggestions.

    discord.py finds missing ones by itself.
    """
    known = {str(parameter.display_name): parameter for parameter in command.parameters}
    return all(_is_current(known.get(str(option.get("name"))), option) for option in options)


def _is_current(parameter: app_commands.Parameter | None, option: Mapping[str, Any]) -> bool:
    if parameter is None or (option.get("focused") and not parameter.autocomplete):
        return False
    # While it is typed, a number comes as text, which may be empty:
    # https://docs.discord.com/developers/interactions/application-commands#autocomplete
    typing = (str,) if option.get("focused") else ()
    return type(option.get("value")) in (*_TYPES[parameter.type], *typing)
