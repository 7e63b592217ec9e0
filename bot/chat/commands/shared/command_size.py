"""The size of a command as Discord counts it."""

from bot.chat.commands.shared.options import Option
from bot.chat.limits import COMMAND_CHARACTERS, COMMAND_NAME_CHARACTERS, DESCRIPTION_CHARACTERS
from bot.domain.logs.log_lines import units

ROOM = COMMAND_CHARACTERS - COMMAND_NAME_CHARACTERS - DESCRIPTION_CHARACTERS
"""Characters for the options of any command."""


def size(option: Option) -> int:
    """The characters of its name, its description and its choices. A choice has a name and a value."""
    parameter = option.parameter
    return units(parameter.name) + units(option.description) + 2 * sum(map(units, parameter.choices))
