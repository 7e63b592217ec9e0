"""Hints and completions while the text is being typed."""

import re
from collections.abc import Sequence

from bot.domain.model.plan import Search
from bot.domain.parameters import Kind, Parameter, find, shown
from bot.domain.sweeps.grammar.axis import Reading
from bot.domain.sweeps.grammar.parse import default_trials, readings_of, size_of
from bot.domain.sweeps.grammar.tokens import GrammarError
from bot.domain.text import folded, keyboard_ascii
from bot.errors import UnknownName

LONGEST_HINT = 100
"""Discord's limit for both the name and the value of a suggestion (`bot/chat/limits.py`)."""
MOST_COMPLETIONS = 10

_NAME = re.compile(r'(?P<head>(?:.*\s)?)(?P<name>[^\s=,"]*)')
_VALUE = re.compile(r'(?P<head>(?:.*\s)?(?P<name>[^\s=,"]+)=(?P<done>(?:[^\s,"]+,)*))(?P<part>[^\s,"]*)')
_USED = re.compile(r'([^\s=,"]+)\s*=')


def so_far(text: str, parameters: Sequence[Parameter], search: Search = Search.GRID) -> str:
    """How many trials the text makes, `9 trials: lr 3 x momentum 3`, or what is missing. Never raises."""
    try:
        return _cut(_counted(text, parameters, search))
    except GrammarError as error:
        return _cut(_before(text, parameters, search) + error.message.replace("`", ""))  # shown as plain text


def completions(text: str, parameters: Sequence[Parameter]) -> list[str]:
    """The text so far with the next parameter's name, or the next choice, added."""
    text = keyboard_ascii(text)
    if len(text) > LONGEST_HINT or text.count('"') % 2:
        return []
    value, name = _VALUE.fullmatch(text), _NAME.fullmatch(text)
    if value:
        found = [value["head"] + choice for choice in _choices(value, parameters)]
    elif name and not name["head"].rstrip().endswith((",", "=")):
        found = [f"{name['head']}{each}=" for each in _names(name, parameters)]
    else:
        found = []
    return [each for each in found if each != text and len(each) <= LONGEST_HINT][:MOST_COMPLETIONS]


def _counted(text: str, parameters: Sequence[Parameter], search: Search) -> str:
    _, readings = readings_of(text, parameters, search)
    over = " \N{MULTIPLICATION SIGN} ".join(f"{reading.name} {_extent(reading, search)}" for reading in readings)
    if search is Search.GRID:
        return f"{_trials(size_of(readings) or 0)}: {over}"
    return f"{_trials(default_trials(readings))} unless you set trials: {over}"


def _before(text: str, parameters: Sequence[Parameter], search: Search) -> str:
    """Count the trials of the items before the last one, which is still being typed."""
    *before, _ = text.rsplit(maxsplit=1) or [""]
    try:
        _, readings = readings_of("".join(before), parameters, search)
    except GrammarError:
        return ""
    return f"{_trials(size_of(readings) or 0)} so far; " if search is Search.GRID else ""


def _extent(reading: Reading, search: Search) -> str:
    if reading.open and search is not Search.GRID:
        return f"{shown(reading.over['low'])}..{shown(reading.over['high'])}"
    return f"{reading.length:,}"


def _names(found: re.Match[str], parameters: Sequence[Parameter]) -> list[str]:
    """Names of the parameters not used yet."""
    used, part = set(map(folded, _USED.findall(found["head"]))), folded(found["name"])
    called = {each.name: (each.name, *each.aliases) for each in parameters}
    return [
        name
        for name, names in called.items()
        if not used.intersection(map(folded, names)) and any(folded(each).startswith(part) for each in names)
    ]


def _choices(found: re.Match[str], parameters: Sequence[Parameter]) -> list[str]:
    try:
        parameter = find(parameters, found["name"])
    except UnknownName:
        return []
    choices = ("true", "false") if parameter.kind is Kind.BOOLEAN else parameter.choices
    done, part = found["done"].split(","), folded(found["part"])
    return [each for each in choices if each not in done and folded(each).startswith(part)]


def _trials(count: int) -> str:
    return f"{count:,} trial{'s' if count != 1 else ''}"


def _cut(text: str) -> str:
    return text if len(text) <= LONGEST_HINT else text[: LONGEST_HINT - 1] + "…"
