"""Suggestions while `set`, or a value, is being typed: each a text to show and the text that it stands for.

The text to show is the value, then a hint in single angle quotes: "a number from 0 to 1". It reads as the value,
because Discord's app may take it for that, or let people type on after it: see `without_hints`.
"""

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import suppress

from bot.domain.jobs.set_text import BEGIN_HINT, END_HINT, QUOTED, read, without_hints
from bot.domain.logs.log_lines import abridged, units
from bot.domain.parameters import Kind, Parameter, Value, exact, find, shown, typed_text
from bot.domain.sweeps.grammar.tokens import GrammarError, plain
from bot.domain.text import folded
from bot.errors import BadInput, UnknownName

Suggestion = tuple[str, str]

_ITEM = re.compile(
    r'(?P<head>(?:.*[^\s=:]\s+)?)(?![=:])(?P<name>[^\s=:,;"]*)(?P<equals>\s*[=:]\s*)?(?P<part>[^\s"]*)', re.DOTALL
)
_NUMBERS = (Kind.FLOAT, Kind.INT)
_LEAST_HINT = 10
"""Characters; a shorter rest of a hint says nothing."""


class SetHints:
    """For one project. `own` parameters, which have options of their own, are suggested last; `given` ones, which are
    set by those, not at all. `before` are the values that apply where none is set, such as those of a job to retry."""

    def __init__(
        self,
        parameters: Sequence[Parameter],
        *,
        own: Collection[str] = (),
        given: Collection[str] = (),
        before: Mapping[str, Value] | None = None,
    ) -> None:
        self._parameters, self._before = parameters, before or {}
        self._own, self._given = frozenset(own), frozenset(map(folded, given))

    def suggestions(self, text: str, limit: int, longest: int) -> list[Suggestion]:
        """At most `limit` ways to go on from the text so far, none above `longest` UTF-16 units. Never raises.

        Beyond `longest` there are none: a suggestion replaces the whole text, so a shorter one would lose some of it.
        """
        text = plain(without_hints(text)).lstrip()
        bare = re.sub(QUOTED, "", text)
        if units(text) > longest or '"' in bare or BEGIN_HINT in bare:  # within quotes or a hint
            return []
        item, found = _ITEM.fullmatch(text), dict[str, str]()
        for value, hint in self._in_name(item) if item and not item["equals"] else self._in_value(text.rstrip(), item):
            found.setdefault(value, hint)
        fitting = [(value, hint) for value, hint in found.items() if 0 < units(value) <= longest]
        return [(_with_hint(value, hint, longest), value) for value, hint in fitting[:limit]]

    def _in_name(self, item: re.Match[str]) -> Iterator[tuple[str, str]]:
        """While a name is typed: each way to go on, with its hint."""
        before, name = item["head"].rstrip(), item["name"]
        if wrong := self._problem(before):
            yield before + item["head"][len(before) :] + name, wrong
        elif before and not name:
            yield before, self._count(before)
        names = [(f"{item['head']}{each.name}=", self._about(each)) for each in self._named(item)]
        yield from names
        if name and not names:
            yield f"{item['head']}{name}", _unknown(name, self._parameters)

    def _in_value(self, text: str, item: re.Match[str] | None) -> Iterator[tuple[str, str]]:
        """While a value is typed; the item is None after a closing quote. A number is never replaced by another."""
        wrong = self._problem(text)
        parameter = _found(item["name"], self._parameters) if item is not None else None
        if item is None or parameter is None:
            yield text, wrong or self._count(text)
            return
        if not wrong or (item["part"] and parameter.kind in _NUMBERS):
            yield text, wrong or self._about(parameter)
        values = list(self.values(parameter, item["part"]))
        for value, hint in values:
            yield f"{item['head']}{item['name']}={typed_text(value)}", hint
        if not values:
            yield text, wrong

    def _problem(self, text: str) -> str:
        try:
            read(text, self._parameters)
        except GrammarError as error:
            return error.message
        return ""

    def _count(self, text: str) -> str:
        count = len(read(text, self._parameters))
        return f"{count} parameter{'s' if count != 1 else ''}"

    def _named(self, item: re.Match[str]) -> list[Parameter]:
        """The parameters not used yet whose name begins with the text so far, then those that contain it."""
        part, used = folded(item["name"]), self._used(item["head"])
        names = {each: [folded(name) for name in (each.name, *each.aliases)] for each in self._parameters}
        found = [p for p in self._parameters if not used & {*names[p]} and any(part in name for name in names[p])]
        return sorted(found, key=lambda p: self._rank(p, begins=any(name.startswith(part) for name in names[p])))

    def _rank(self, parameter: Parameter, *, begins: bool) -> tuple[bool, ...]:
        needed = parameter.required and parameter.name not in self._before
        return not begins, not needed, parameter.name in self._own

    def _used(self, head: str) -> set[str]:
        names = re.findall(r'([^\s=:,;"]+)\s*[=:]', re.sub(QUOTED, '""', head))
        return {folded(name) for name in names} | self._given

    def values(self, parameter: Parameter, part: str) -> Iterator[tuple[Value, str]]:
        """Values that begin with the text so far, then those that contain it; with what is known of each."""
        known: dict[Value, str] = {}
        if (before := self._before.get(parameter.name)) is not None:
            known[before] = "as before"
        if parameter.default is not None:
            known.setdefault(parameter.parse(parameter.default), "default")
        choices = (True, False) if parameter.kind is Kind.BOOLEAN else parameter.choices
        typed, number = folded(part), parameter.kind in _NUMBERS
        found = [(value, folded(exact(value))) for value in dict.fromkeys([*known, *choices])]
        values = [value for value, text in found if (text.startswith(typed) if number else typed in text)]
        for value in sorted(values, key=lambda each: not folded(exact(each)).startswith(typed)):
            notes = [known.get(value, ""), "" if parameter.choices else parameter.expected]
            yield value, "; ".join(filter(None, notes))

    def _about(self, parameter: Parameter) -> str:
        if (before := self._before.get(parameter.name)) is not None:
            return f"{parameter.expected}; before: {shown(before)}"
        if parameter.default is not None:
            return f"{parameter.expected}; default: {shown(parameter.default)}"
        return parameter.expected if parameter.optional else f"{parameter.expected}; required"


def value_suggestions(
    parameter: Parameter, text: str, before: Mapping[str, Value], limit: int, longest: int
) -> list[tuple[str, Value]]:
    """The same for one parameter's own option: what was typed, if it fits, then other values."""
    text = without_hints(text).strip()
    found: dict[Value, str] = {}
    if text:
        with suppress(BadInput):
            found[parameter.parse(text)] = parameter.expected
    for value, hint in SetHints([parameter], before=before).values(parameter, text):
        found.setdefault(value, hint)
    fitting = [(value, hint) for value, hint in found.items() if 0 < units(exact(value)) <= longest][:limit]
    hinted = parameter.kind is not Kind.STRING
    return [(_with_hint(exact(value), hint if hinted else "", longest), value) for value, hint in fitting]


def _found(name: str, parameters: Sequence[Parameter]) -> Parameter | None:
    try:
        return find(parameters, name)
    except UnknownName:
        return None


def _unknown(name: str, parameters: Sequence[Parameter]) -> str:
    try:
        find(parameters, name)
    except UnknownName as error:
        return str(error)
    return "is set already"


def _with_hint(value: str, hint: str, longest: int) -> str:
    """The value, and as much of the hint as fits."""
    hint = re.sub(rf'["{BEGIN_HINT}{END_HINT}]', "'", " ".join(hint.replace("`", "").split()))
    room = longest - units(value) - len(f" {BEGIN_HINT}{END_HINT}")
    return f"{value} {BEGIN_HINT}{abridged(hint, room)}{END_HINT}" if hint and room >= _LEAST_HINT else value
