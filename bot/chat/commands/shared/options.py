"""Slash commands whose options come from the config."""

import inspect
import math
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any

from discord import AppCommandOptionType, app_commands

from bot.chat.commands.shared import autocomplete
from bot.chat.interactions import AnyInteraction, Interaction
from bot.chat.limits import COMMAND_OPTIONS, LARGEST_INTEGER, LARGEST_NUMBER
from bot.domain.money.machine import MACHINE
from bot.domain.parameters import Kind, Parameter
from bot.domain.project import Project
from bot.errors import ConfigError

Run = Callable[[Interaction, dict[str, object]], Awaitable[None]]
"""Runs a command with the given options, keyed by the names that people see."""
Completer = autocomplete.Completer[Any]

_TYPES = {
    Kind.FLOAT: AppCommandOptionType.number,
    Kind.INT: AppCommandOptionType.integer,
    Kind.BOOLEAN: AppCommandOptionType.boolean,
    Kind.STRING: AppCommandOptionType.string,
    Kind.CHOICE: AppCommandOptionType.string,
}


@dataclass(frozen=True, slots=True)
class Option:
    """One option as Discord shows it. `parameter` has its type and bounds."""

    parameter: Parameter
    description: str
    required: bool = False
    completer: Completer | None = None


BRANCH = Option(
    Parameter("branch", Kind.STRING),
    "Train this branch's newest commit (default: the project's first branch)",
    completer=autocomplete.branches,
)
COMMIT = Option(
    Parameter("commit", Kind.STRING),
    "Commit (a short id works) or tag to train instead of the newest commit",
    False,
    autocomplete.commits,
)


def job_option(description: str) -> Option:
    return Option(Parameter("job", Kind.STRING), description, required=True, completer=autocomplete.jobs)


def project_options(projects: Sequence[Project]) -> list[Option]:
    """`project`, if there is more than one. Fixed choices would show everybody all of their names."""
    if len(projects) < 2:
        return []
    description = "Project (default: this channel's)"
    return [Option(Parameter("project", Kind.STRING), description, completer=autocomplete.projects)]


def machine_options(projects: Sequence[Project]) -> list[Option]:
    """`machine`, if a project has some. The choices are those of the project that is chosen."""
    if not any(project.machines for project in projects):
        return []
    description = "Machine from the config to run on (default: the project's own queue)"
    return [Option(Parameter(MACHINE, Kind.STRING), description, completer=autocomplete.machines)]


def typed_command(
    name: str, description: str, options: Sequence[Option], run: Run
) -> app_commands.Command[Any, ..., None]:
    """Build a command. Raises `ConfigError` for more options than Discord takes, or two of one name."""
    if len(options) > COMMAND_OPTIONS:
        names = ", ".join(option.parameter.name for option in options)
        raise ConfigError(
            "projects", [f"/{name} has {len(options)} options, and Discord takes {COMMAND_OPTIONS}: {names}"]
        )
    doubled = [name for name, count in Counter(option.parameter.name for option in options).items() if count > 1]
    if doubled:
        raise ConfigError("projects", [f"/{name} has two options named {', '.join(doubled)}"])
    # Parameter names may contain "-" or be Python keywords.
    by_key = {f"option_{number}": option for number, option in enumerate(options)}

    async def callback(interaction: Interaction, **values: object) -> None:
        await run(interaction, {by_key[key].parameter.name: v for key, v in values.items() if v is not None})

    callback.__signature__ = inspect.Signature(  # type: ignore[attr-defined]  # what discord.py reads
        [inspect.Parameter("interaction", inspect.Parameter.POSITIONAL_OR_KEYWORD, annotation=Interaction)]
        + [_argument(key, option) for key, option in by_key.items()]
    )
    app_commands.describe(**{key: option.description for key, option in by_key.items()})(callback)
    app_commands.rename(**{key: option.parameter.name for key, option in by_key.items()})(callback)
    completers = {key: option.completer for key, option in by_key.items() if option.completer is not None}
    app_commands.autocomplete(**completers)(callback)
    return app_commands.Command(name=name, description=description, callback=callback)


class ParameterType(app_commands.Transformer):
    """A declared parameter as a discord.py type: its kind, bounds and choices."""

    def __init__(self, parameter: Parameter) -> None:
        self._parameter = parameter

    @property
    def type(self) -> AppCommandOptionType:
        return _TYPES[self._parameter.kind]

    @property
    def min_value(self) -> int | float | None:
        return _bound(self._parameter.kind, self._parameter.minimum, math.ceil)

    @property
    def max_value(self) -> int | float | None:
        return _bound(self._parameter.kind, self._parameter.maximum, math.floor)

    @property
    def choices(self) -> list[app_commands.Choice[str | int | float]] | None:
        return [app_commands.Choice(name=choice, value=choice) for choice in self._parameter.choices] or None

    async def transform(self, interaction: AnyInteraction, value: object, /) -> object:  # noqa: ARG002  discord.py passes it
        """Pass the value through: the services check it against the project's own declaration."""
        return value


def _argument(key: str, option: Option) -> inspect.Parameter:
    return inspect.Parameter(
        key,
        inspect.Parameter.KEYWORD_ONLY,
        annotation=ParameterType(option.parameter),
        default=inspect.Parameter.empty if option.required else None,
    )


def _bound(kind: Kind, value: float | None, whole: Callable[[float], int]) -> int | float | None:
    if value is None or abs(value) > (LARGEST_INTEGER if kind is Kind.INT else LARGEST_NUMBER):
        return None
    return whole(value) if kind is Kind.INT else value
