"""Whether the project's command takes its parameters: placeholders, flags and shell scripts."""

import re
import shlex
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from difflib import get_close_matches

from bot.config.projects.parameter import ParameterSettings
from bot.domain.parameters import Kind
from trainer.command_line import ALL_FLAGS, Flags, Style, placeholders, quoted_placeholders, script_at

_OWN_ARGUMENTS = re.compile(r"\$(?:[@*0-9#]|\{[@*0-9#])")
"""The script passes on the words that follow it: `sh -c 'exec python train.py "$@"' sh`."""


def flags_of(parameters: Mapping[str, ParameterSettings], style: Style) -> Flags:
    """How the command takes the parameters."""
    return Flags(
        style,
        {name: each.flag for name, each in parameters.items() if each.flag},
        {name: each.action for name, each in parameters.items() if each.action is not None},
        frozenset(name for name, each in parameters.items() if each.optional),
    )


def command_problems(
    command: Sequence[str], parameters: Mapping[str, ParameterSettings], style: Style
) -> Sequence[str]:
    """Everything by which a value would not reach the training code, in words."""
    used = placeholders(command)
    return [
        *_unknown(used, parameters),
        *_script_problems(command, parameters),
        *_optional_problems(command, parameters),
        *_flag_problems(parameters, style),
    ]


def _unknown(used: set[str], parameters: Mapping[str, ParameterSettings]) -> Iterator[str]:
    for name in sorted(used - parameters.keys() - {ALL_FLAGS}):
        near = get_close_matches(name, parameters, 1)
        meant = f" Did you mean {{{near[0]}}}?" if near else ""
        valid = ", ".join(f"{{{each}}}" for each in [*parameters, ALL_FLAGS])
        yield f"command: no parameter is called {{{name}}}.{meant} Valid: {valid}. Literal braces: {{{{{name}}}}}"


def _script_problems(command: Sequence[str], parameters: Mapping[str, ParameterSettings]) -> Iterator[str]:
    at, used = script_at(command), placeholders(command)
    if at is None:
        return
    script = command[at]
    flags = [name for name in parameters if name not in used]
    if flags and ALL_FLAGS not in used and not _OWN_ARGUMENTS.search(script):
        yield (
            f'command: "{_shell(command, at)} -c" drops what follows its script, so {", ".join(flags)} would not reach '
            f'your code. Write {{{ALL_FLAGS}}} in the script where the flags belong: "python train.py {{{ALL_FLAGS}}}"'
        )
    for name in sorted(quoted_placeholders(script)):
        if name == ALL_FLAGS or (name in parameters and not _is_plain(parameters[name])):
            yield f"command: write {{{name}}} without quotes around it: the bot quotes the value for the shell"


def _shell(command: Sequence[str], at: int) -> str:
    return next(word for word in command[:at] if script_at([word, "-c", ""]) is not None)


def _is_plain(settings: ParameterSettings) -> bool:
    """Whether no value needs quotes in a shell."""
    if settings.type is Kind.STRING:
        return False
    return all(shlex.quote(choice) == choice for choice in settings.choices)


def _optional_problems(command: Sequence[str], parameters: Mapping[str, ParameterSettings]) -> Iterator[str]:
    at = script_at(command)
    for index, word in enumerate(command):
        for name in sorted(placeholders([word])):
            if name not in parameters or not parameters[name].optional:
                continue
            if index == at or word == f"{{{name}}}":
                yield (
                    f"command: {name} is optional, and without a value {{{name}}} would leave a gap. Leave {{{name}}} "
                    f'out, and it is passed as a flag; or write flag and value as one word: "--{name}={{{name}}}"'
                )


def _flag_problems(parameters: Mapping[str, ParameterSettings], style: Style) -> Iterator[str]:
    flags = flags_of(parameters, style)
    for name, settings in parameters.items():
        flag = f'parameters.{name}.flag "{settings.flag}"'
        if settings.flag and style is not Style.BARE and not settings.flag.startswith("-"):
            yield f'{flag} has no dashes: write "--{settings.flag}", or set flags = "{Style.BARE}"'
        if settings.flag.endswith("="):
            yield f'{flag} ends with "=": leave that out, and set flags = "{Style.JOINED}"'
    for flag, count in Counter(flags.flag(name) for name in parameters).items():
        if count > 1:
            yield f"{count} parameters have the flag {flag}: each needs its own"
