"""Slash commands whose options come from the config: one typed option for each declared parameter."""

import inspect
import math
from collections import Counter
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from dataclasses import dataclass
from typing import Any

from discord import AppCommandOptionType, app_commands

from bot.chat.cards.inert import cut
from bot.chat.commands.shared import autocomplete
from bot.chat.context import AnyInteraction, Interaction
from bot.domain.parameters import Kind, Parameter, shown
from bot.domain.project import Project
from bot.errors import ConfigError

MOST_OPTIONS = 25
MOST_CHOICES = 25
DESCRIPTION = 100
LARGEST_NUMBER = 2.0**53
"""Discord takes no bound beyond it."""

Run = Callable[[Interaction, dict[str, object]], Awaitable[None]]
"""What a command does with the options that were given, by the names that people see."""
Completer = Callable[[Interaction, str], Coroutine[Any, Any, autocomplete.Choices]]

_TYPES = {
    Kind.FLOAT: AppCommandOptionType.number,
    Kind.INT: AppCommandOptionType.integer,
    Kind.BOOLEAN: AppCommandOptionType.boolean,
    Kind.STRING: AppCommandOptionType.string,
    Kind.CHOICE: AppCommandOptionType.string,
}


@dataclass(frozen=True, slots=True)
class Option:
    """One option as Discord shows it. `parameter` says its type and bounds."""

    parameter: Parameter
    description: str
    required: bool = False
    completer: Completer | None = None


BRANCH = Option(
    Parameter("branch", Kind.STRING),
    "Whose newest commit is trained; the project's first branch if not given",
    completer=autocomplete.branches,
)
COMMIT = Option(
    Parameter("commit", Kind.STRING),
    "A commit (short ids will do) or a tag, in place of the newest",
    False,
    autocomplete.commits,
)


def job_option(description: str) -> Option:
    return Option(Parameter("job", Kind.STRING), description, required=True, completer=autocomplete.jobs)


def project_options(projects: Sequence[Project]) -> list[Option]:
    """`project`, where there is more than one."""
    if len(projects) < 2:
        return []
    parameter = Parameter("project", Kind.CHOICE, choices=tuple(project.name for project in projects))
    return [Option(parameter, "Which project; the channel's if not given")]


def parameter_options(projects: Sequence[Project], *, renewed: bool = False) -> list[Option]:
    """One for each parameter name of all the projects, with the widest bounds. Raises `ConfigError` where they clash.

    `renewed`: none is required, and what is not given is as it was.
    """
    named: dict[str, list[Parameter]] = {}
    for project in projects:
        for parameter in project.parameters:
            named.setdefault(parameter.name, []).append(parameter)
    problems = [problem for name, same in named.items() for problem in _clashes(name, same)]
    if problems:
        raise ConfigError("projects", problems)
    return [_parameter_option(same, len(projects), renewed=renewed) for same in named.values()]


def typed_command(
    name: str, description: str, options: Sequence[Option], run: Run
) -> app_commands.Command[Any, ..., None]:
    """A command with these options; raises `ConfigError` for more than Discord takes, or two of one name."""
    if len(options) > MOST_OPTIONS:
        given = ", ".join(option.parameter.name for option in options)
        raise ConfigError("projects", [f"/{name} has {len(options)} options, at most {MOST_OPTIONS} fit: {given}"])
    doubled = [name for name, count in Counter(option.parameter.name for option in options).items() if count > 1]
    if doubled:
        raise ConfigError("projects", [f"/{name} has two options of one name: {', '.join(doubled)}"])
    # Parameter names may hold "-" or be words of Python's.
    names = {f"option_{place}": option for place, option in enumerate(options)}

    async def callback(interaction: Interaction, **values: object) -> None:
        await run(interaction, {names[key].parameter.name: v for key, v in values.items() if v is not None})

    callback.__signature__ = inspect.Signature(  # type: ignore[attr-defined]  # what discord.py reads
        [inspect.Parameter("interaction", inspect.Parameter.POSITIONAL_OR_KEYWORD, annotation=Interaction)]
        + [_argument(key, option) for key, option in names.items()]
    )
    app_commands.describe(**{key: option.description for key, option in names.items()})(callback)
    app_commands.rename(**{key: option.parameter.name for key, option in names.items()})(callback)
    completers = {key: option.completer for key, option in names.items() if option.completer is not None}
    app_commands.autocomplete(**completers)(callback)
    return app_commands.Command(name=name, description=description, callback=callback)


class ParameterType(app_commands.Transformer):
    """A declared parameter as discord.py takes a type: the option's kind, bounds and choices."""

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

    async def transform(self, interaction: AnyInteraction, value: object, /) -> object:  # noqa: ARG002  discord.py gives it
        """As it came: the services check it against the project's own declaration."""
        return value


def _argument(key: str, option: Option) -> inspect.Parameter:
    return inspect.Parameter(
        key,
        inspect.Parameter.KEYWORD_ONLY,
        annotation=ParameterType(option.parameter),
        default=inspect.Parameter.empty if option.required else None,
    )


def _bound(kind: Kind, value: float | None, whole: Callable[[float], int]) -> int | float | None:
    if value is None or abs(value) > LARGEST_NUMBER:
        return None
    return whole(value) if kind is Kind.INT else value


def _clashes(name: str, same: Sequence[Parameter]) -> list[str]:
    problems = []
    kinds = sorted({parameter.kind.value for parameter in same})
    if len(kinds) > 1:
        problems.append(
            f"parameter {name}: has the types {' and '.join(kinds)}, expected one, as /train shows one option"
        )
    choices = _all_choices(same)
    if len(choices) > MOST_CHOICES:
        problems.append(f"parameter {name}: has {len(choices)} choices in all projects, at most {MOST_CHOICES} fit")
    return problems


def _parameter_option(same: Sequence[Parameter], projects: int, *, renewed: bool) -> Option:
    first = same[0]
    lows, highs = [p.minimum for p in same], [p.maximum for p in same]
    merged = Parameter(
        name=first.name,
        kind=first.kind,
        minimum=None if None in lows else min(low for low in lows if low is not None),
        maximum=None if None in highs else max(high for high in highs if high is not None),
        choices=_all_choices(same),
    )
    required = not renewed and len(same) == projects and all(parameter.default is None for parameter in same)
    return Option(merged, _description(same, renewed=renewed), required)


def _all_choices(same: Sequence[Parameter]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(choice for parameter in same for choice in parameter.choices))


def _description(same: Sequence[Parameter], *, renewed: bool) -> str:
    said = next((parameter.description for parameter in same if parameter.description), same[0].name)
    defaults = {shown(parameter.default) for parameter in same if parameter.default is not None}
    if renewed:
        tail = " (as it was, if not given)"
    else:
        tail = f" ({cut(defaults.pop(), 40)} if not given)" if len(defaults) == 1 else ""
    return cut(said, DESCRIPTION - len(tail)) + tail
