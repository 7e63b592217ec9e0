"""The options of the projects' parameters in `/train` and `/retry`.

Projects may declare one name in different ways. Their types are then merged into one that takes all of their values,
and the services check a value against the project's own declaration. Where declarations differ, that declaration is
suggested while somebody types.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from bot.chat.commands.shared import autocomplete
from bot.chat.commands.shared.choose_options import ChooseOptions
from bot.chat.commands.shared.command_size import ROOM, size
from bot.chat.commands.shared.options import Option
from bot.chat.limits import CHOICES, COMMAND_OPTIONS, DESCRIPTION_CHARACTERS
from bot.domain.jobs.set_text import SET
from bot.domain.logs.log_lines import abridged, units
from bot.domain.parameters import Kind, Parameter, shown
from bot.domain.project import Project

SET_FOR_TRAIN = "Any parameters, also those that have no option here: lr=0.1 epochs=20"
SET_FOR_RETRY = "New values of any parameters, also those that have no option here: lr=0.1 epochs=20"
SET_FOR_SWEEP = "Parameters that are the same in all trials: epochs=20 batch_size=64"

_DEFAULT = 40


def set_option(description: str, own: Sequence[str] = ()) -> Option:
    """`own` are the parameters that have options of their own: they are suggested last."""
    return Option(Parameter(SET, Kind.STRING), description, completer=autocomplete.settings(own))


def parameter_options(projects: Sequence[Project], beside: Sequence[Option], *, retry: bool = False) -> list[Option]:
    """The parameters' own options in the order of the config, and `set`; `set` first if some parameters need it.

    `beside` are the other options of the command. With `retry`, no option is required: the old job's values are the
    defaults.
    """
    declared: dict[str, list[Parameter]] = {}
    for project in projects:
        for parameter in project.parameters:
            declared.setdefault(parameter.name, []).append(parameter)
    forms = {
        name: tuple(_forms(same, projects=len(projects), retry=retry)) for name, same in declared.items() if name != SET
    }
    settings = set_option(SET_FOR_RETRY if retry else SET_FOR_TRAIN)
    used = [*beside, settings]
    chosen = ChooseOptions(projects, forms, COMMAND_OPTIONS - len(used), ROOM - sum(map(size, used))).chosen()
    own = [chosen[name] for name in declared if name in chosen]
    settings = replace(settings, completer=autocomplete.settings(tuple(chosen)))
    return [*own, settings] if len(own) == len(declared) else [settings, *own]


def _forms(same: Sequence[Parameter], *, projects: int, retry: bool) -> Iterator[Option]:
    """The option, and the same with suggestions in place of choices, which take no characters."""
    merged = _merged(same)
    differ = len({(p.kind, p.minimum, p.maximum, p.choices, p.default) for p in same}) > 1
    takes_any = merged.kind not in (Kind.CHOICE, Kind.BOOLEAN)
    helped = takes_any and (differ or merged.kind is not same[0].kind)
    completer = autocomplete.values(merged.name, merged.kind) if helped else None
    required = not retry and len(same) == projects and all(parameter.required for parameter in same)
    option = Option(merged, _description(same, retry=retry), required, completer)
    yield option
    if merged.kind is Kind.CHOICE:
        text = Parameter(merged.name, Kind.STRING)
        yield replace(option, parameter=text, completer=autocomplete.values(merged.name, Kind.STRING))


def _merged(same: Sequence[Parameter]) -> Parameter:
    """A declaration that takes every value of each of them."""
    kinds, lists = {parameter.kind for parameter in same}, {parameter.choices for parameter in same}
    first = same[0]
    if kinds == {Kind.CHOICE} and len(lists) == 1 and len(first.choices) <= CHOICES:
        return Parameter(first.name, Kind.CHOICE, choices=first.choices)
    if kinds == {Kind.BOOLEAN}:
        return Parameter(first.name, Kind.BOOLEAN)
    if not kinds <= {Kind.FLOAT, Kind.INT}:
        return Parameter(first.name, Kind.STRING)
    lows, highs = [p.minimum for p in same], [p.maximum for p in same]
    return Parameter(
        first.name,
        first.kind if len(kinds) == 1 else Kind.FLOAT,
        minimum=None if None in lows else min(low for low in lows if low is not None),
        maximum=None if None in highs else max(high for high in highs if high is not None),
    )


def _description(same: Sequence[Parameter], *, retry: bool) -> str:
    text = next((parameter.description for parameter in same if parameter.description), same[0].name)
    defaults = {shown(parameter.default) for parameter in same if parameter.default is not None}
    default = "as before" if retry else abridged(defaults.pop(), _DEFAULT) if len(defaults) == 1 else ""
    tail = f" (default: {default})" if default else ""
    return abridged(text, DESCRIPTION_CHARACTERS - units(tail)) + tail
