"""What Discord would refuse in the commands that a config makes, with the key of each mistake."""

from collections.abc import Iterator, Mapping

from bot.chat.commands import all_commands
from bot.chat.commands.shared.command_size import too_large
from bot.chat.limits import CHOICES, COMMAND_OPTIONS
from bot.config.parameter import ParameterSettings
from bot.config.project import ProjectSettings, project
from bot.errors import ConfigError

MOST_RESERVED = 3
"""The most options that one command has besides the project's parameters: see `RESERVED_OPTIONS`."""

_Declared = Mapping[str, ProjectSettings]


def registration_problems(declared: _Declared, prefix: str) -> list[str]:
    """One line per mistake. The commands are built as they are registered."""
    shared = [*_too_many(declared, prefix), *_clashes(declared)]
    if shared:
        return shared
    keys = {key: f"projects.{name}.parameters.{key}" for name, each in declared.items() for key in each.parameters}
    try:
        commands = all_commands([project(name, settings) for name, settings in declared.items()], prefix)
    except ConfigError as error:
        return [f"projects: {problem}" for problem in error.problems]
    return too_large(commands, keys)


def _too_many(declared: _Declared, prefix: str) -> Iterator[str]:
    """`/train` has one option per parameter name, `/retry` too."""
    names = {name for each in declared.values() for name in each.parameters}
    if len(names) > COMMAND_OPTIONS - MOST_RESERVED:
        keys = ", ".join(f"projects.{name}.parameters" for name, each in declared.items() if each.parameters)
        yield (
            f"{keys}: {len(names)} parameter names are too many: /{prefix}train has room for "
            f"{COMMAND_OPTIONS - MOST_RESERVED}"
        )


def _clashes(declared: _Declared) -> Iterator[str]:
    """Parameters of one name share one option: one type, and one list of choices."""
    named: dict[str, dict[str, ParameterSettings]] = {}
    for project_name, each in declared.items():
        for name, settings in each.parameters.items():
            named.setdefault(name, {})[f"projects.{project_name}.parameters.{name}"] = settings
    for name, same in named.items():
        types = list(dict.fromkeys(settings.type for settings in same.values()))
        if len(types) > 1:
            count = "two" if len(types) == 2 else len(types)
            *first, last = types
            yield (
                f"{', '.join(same)}: parameter {name} has {count} types, {', '.join(first)} and {last}. "
                "Use one type, or two names"
            )
        choices = {choice for settings in same.values() for choice in settings.choices}
        if len(choices) > CHOICES:
            yield (
                f"{', '.join(same)}: parameter {name} has {len(choices)} different choices in all projects together, "
                f"and Discord takes {CHOICES}. Use fewer, or two names"
            )
