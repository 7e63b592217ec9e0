"""What is said while the text is being typed. Discord's suggestions have at most 100 characters each."""

import re
from collections.abc import Sequence

from bot.domain.grammar.axis import Reading
from bot.domain.grammar.plan import DEFAULT_TRIALS, readings_of, size_of
from bot.domain.grammar.text import GrammarError
from bot.domain.params import Kind, Parameter, find, shown
from bot.domain.sweep import Search
from bot.errors import UnknownName

LONGEST_HINT = 100
MOST_COMPLETIONS = 10

_NAME = re.compile(r'(?P<head>(?:.*\s)?)(?P<name>[^\s=,"]*)', re.DOTALL)
_VALUE = re.compile(r'(?P<head>(?:.*\s)?(?P<name>[^\s=,"]+)=(?P<done>(?:[^\s,"]+,)*))(?P<part>[^\s,"]*)', re.DOTALL)
_USED = re.compile(r'([^\s=,"]+)\s*=')


def so_far(text: str, parameters: Sequence[Parameter], search: Search = Search.GRID) -> str:
    """How many trials the text makes, `9 trials: lr 3 × momentum 3`, or what is missing. Never raises."""
    try:
        _, readings = readings_of(text, parameters, search)
    except GrammarError as error:
        return _cut(error.message)
    size = size_of(readings)
    over = " × ".join(f"{reading.name} {_extent(reading)}" for reading in readings)
    if search is Search.GRID:
        return _cut(f"{size:,} trial{'s' if size != 1 else ''}: {over}")
    default = DEFAULT_TRIALS if size is None else min(size, DEFAULT_TRIALS)
    return _cut(f"{default} trial{'s' if default != 1 else ''}, or as trials: says: {over}")


def completions(text: str, parameters: Sequence[Parameter]) -> list[str]:
    """Whole texts that go on from what is typed: with the next parameter's name, or with a choice."""
    found = _VALUE.fullmatch(text)
    if found:
        goes_on = [found["head"] + value for value in _choices(found, parameters)]
    else:
        name = _NAME.fullmatch(text)
        goes_on = [] if name is None else [f"{name['head']}{each}=" for each in _names(name, parameters)]
    return [each for each in goes_on if len(each) <= LONGEST_HINT and each != text][:MOST_COMPLETIONS]


def _names(found: re.Match[str], parameters: Sequence[Parameter]) -> list[str]:
    """Of the parameters that are not used yet."""
    if found["head"].rstrip().endswith((",", "=")):
        return []
    used = set(_USED.findall(found["head"]))
    part = found["name"]
    return [
        each.name
        for each in parameters
        if not used & {each.name, *each.aliases} and any(name.startswith(part) for name in (each.name, *each.aliases))
    ]


def _choices(found: re.Match[str], parameters: Sequence[Parameter]) -> list[str]:
    try:
        parameter = find(parameters, found["name"])
    except UnknownName:
        return []
    choices = ("true", "false") if parameter.kind is Kind.BOOLEAN else parameter.choices
    done = found["done"].split(",")
    return [each for each in choices if each not in done and each.startswith(found["part"])]


def _extent(reading: Reading) -> str:
    if reading.length is None or (reading.open and reading.length > DEFAULT_TRIALS):
        return f"{shown(reading.over['low'])}..{shown(reading.over['high'])}"
    return f"{reading.length:,}"


def _cut(text: str) -> str:
    return text if len(text) <= LONGEST_HINT else text[: LONGEST_HINT - 1] + "…"
