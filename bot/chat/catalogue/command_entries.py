"""The commands as Discord lists them, their help, and suggestions while somebody types."""

from collections.abc import Iterator
from dataclasses import replace

from bot.chat.catalogue import samples
from bot.chat.catalogue.entries import Entry
from bot.chat.catalogue.samples import PROJECT
from bot.chat.commands import all_commands
from bot.chat.commands.help import page as help_page
from bot.chat.limits import CHOICE_CHARACTERS
from bot.domain.jobs.set_hints import SetHints
from bot.domain.texts.command_names import name_commands


def command_entries() -> Iterator[Entry]:
    commands = all_commands([PROJECT])
    for command in commands:
        options = [f"  {option.display_name}: {option.description}" for option in command.parameters]
        yield Entry("Commands", f"/{command.name}", "\n".join([str(command.description), *options]))
    yield Entry("Commands", "the page of the command help", help_page(commands, [PROJECT]))
    prefix = "sb-"
    name_commands(prefix, {f"{prefix}train": 1})
    try:
        page = help_page(all_commands([PROJECT], prefix), [PROJECT], prefix)
    finally:
        name_commands()
    many = replace(PROJECT, parameters=(*PROJECT.parameters, *samples.MORE_PARAMETERS))
    yield Entry("Commands", "the same for more parameters than options", help_page(all_commands([many]), [many]))
    for typed in samples.TYPED_SETTINGS:
        shown = [name for name, _ in SetHints(many.parameters).suggestions(typed, 5, CHOICE_CHARACTERS)]
        yield Entry("Commands", f"suggestions for set:{typed}", "\n".join(shown))
    yield Entry("Commands", f'with command_prefix = "{prefix}", /{prefix}train registered', page)
