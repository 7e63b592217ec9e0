"""Parameters declared in the config, and the check of values against them."""

import difflib
import math
import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from bot.domain.inert import plain_line
from bot.domain.numbers import as_typed, brief
from bot.domain.text import as_spelled, cut, folded, keyboard_ascii
from bot.errors import BadInput, UnknownName, any_of
from trainer.redaction.redact import redact_value

Value = bool | int | float | str
LARGEST_WHOLE = 2**63
"""Whole numbers below it fit into 64 bits, with which training code, JSON's readers and SQLite count."""
_MOST_QUOTED = 60
_PLAIN = re.compile(r'[^\s,;="\u2039\u203a]+')
"""Text that needs no quotes: `set_text.py` and the sweep's grammar give the other characters a meaning."""
_MOST_MISSING = 10


class Kind(StrEnum):
    """The types of a parameter; each is also one of Discord's option types."""

    FLOAT = "float"
    INT = "int"
    STRING = "string"
    CHOICE = "choice"
    BOOLEAN = "boolean"


@dataclass(frozen=True, slots=True)
class Parameter:
    """One declared parameter. `minimum` and `maximum` are inclusive; `choices` go with `Kind.CHOICE`."""

    name: str
    kind: Kind
    default: Value | None = None
    minimum: float | None = None
    maximum: float | None = None
    choices: tuple[str, ...] = ()
    description: str = ""
    aliases: tuple[str, ...] = ()
    optional: bool = False
    """Without a value, the command does not get it."""
    option: bool | None = None
    """Whether the commands have an option for it: True, before others; False, never; None, if there is room."""

    @property
    def required(self) -> bool:
        return self.default is None and not self.optional

    @property
    def expected(self) -> str:
        """A valid value in words: `a number from 1e-6 to 1`, `sgd or adam`."""
        if self.kind is Kind.CHOICE and self.choices:
            return any_of(self.choices)
        noun = {Kind.FLOAT: "a number", Kind.INT: "a whole number", Kind.BOOLEAN: "true or false"}.get(
            self.kind, "some text"
        )
        low, high = self.minimum, self.maximum
        if self.kind not in (Kind.FLOAT, Kind.INT):
            return noun
        if high is None:
            return noun if low is None else f"{noun} of at least {as_typed(low)}"
        if low is None:
            return f"{noun} of at most {as_typed(high)}"
        return f"{noun} from {as_typed(low)} to {as_typed(high)}"

    @property
    def sample(self) -> Value:
        """A value that it takes, for an example."""
        if self.default is not None:
            return self.default
        if self.kind in (Kind.FLOAT, Kind.INT):
            bound = self.minimum if self.minimum is not None else self.maximum
            value = 1.0 if bound is None else bound
            return math.ceil(value) if self.kind is Kind.INT else float(value)
        return self.choices[0] if self.choices else {Kind.BOOLEAN: True}.get(self.kind, "text")

    def parse(self, raw: object) -> Value:
        """Convert `raw` (text as typed, or a value of the type). Raises `BadInput` if it doesn't fit."""
        try:
            value = _PARSERS[self.kind](self._plain(raw))
        except (ValueError, TypeError, OverflowError):
            raise self.refusal(raw) from None
        if self.kind is Kind.CHOICE and value not in self.choices:
            raise self.refusal(raw)
        if isinstance(value, int | float) and not isinstance(value, bool):
            self._check_bounds(value)
        return value

    def _plain(self, raw: object) -> object:
        """Typed text in ASCII, and the choice that is meant if only capitals or the form of letters differ."""
        if not isinstance(raw, str) or self.kind is Kind.STRING:
            return raw
        if self.kind is not Kind.CHOICE:
            return unicodedata.normalize("NFKC", keyboard_ascii(raw))
        return as_spelled(raw, self.choices)

    def _check_bounds(self, value: float) -> None:
        below = self.minimum is not None and value < self.minimum
        above = self.maximum is not None and value > self.maximum
        if below or above:
            raise self.refusal(value)
        if isinstance(value, int) and not -LARGEST_WHOLE <= value < LARGEST_WHOLE:
            raise BadInput(f"`{self.name}` must fit into 64 bits: use at most 18 digits.")

    def refusal(self, typed: object) -> BadInput:
        """The error for a value that doesn't fit."""
        return BadInput(f'`{self.name}` must be {self.expected}, not "{_quoted(typed, self.name)}".')


def complete(declared: Iterable[Parameter], typed: Mapping[str, object], example: str = "") -> dict[str, Value]:
    """Values for the declared parameters, in the order of their declaration: the given ones, else the defaults.
    An optional one that is not given has none.

    Names may be aliases. `example` is how somebody begins to type `name=value`, such as `set:`. Raises `UnknownName`
    for an undeclared name, and `BadInput` for a value that doesn't fit, for a parameter set twice, and for those with
    neither a value nor a default.
    """
    parameters = list(declared)
    named: dict[str, Value] = {}
    for name, raw in typed.items():
        parameter = find(parameters, name)
        if parameter.name in named:
            raise BadInput(f"`{parameter.name}` is set twice. Set it once.")
        named[parameter.name] = parameter.parse(raw)
    if missing := [parameter for parameter in parameters if parameter.name not in named and parameter.required]:
        raise _missing(missing, example)
    return {
        parameter.name: named[parameter.name] if parameter.name in named else parameter.parse(parameter.default)
        for parameter in parameters
        if parameter.name in named or parameter.default is not None
    }


def find(declared: Iterable[Parameter], name: str) -> Parameter:
    """The parameter with that name or alias, also in other capitals or full-width letters.

    Raises `UnknownName` with similar and valid names.
    """
    parameters = list(declared)
    for parameter in parameters:
        if name == parameter.name or name in parameter.aliases:
            return parameter
    alike = [p for p in parameters if folded(name) in map(folded, (p.name, *p.aliases))]
    if len(alike) == 1:
        return alike[0]
    names = [parameter.name for parameter in parameters]
    known = names + [alias for parameter in parameters for alias in parameter.aliases]
    raise UnknownName("parameter", given=name, near=difflib.get_close_matches(name, known, 3), valid=names)


def shown(value: Value) -> str:
    """A value as people type it: `0.1`, `1e-5`, `true`."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return brief(value) if isinstance(value, float) else str(value)


def _quoted(typed: object, name: str) -> str:
    """What was typed for it, as far as it can be shown: Python does not write a number of 5,000 digits."""
    if isinstance(typed, int) and not -LARGEST_WHOLE <= typed < LARGEST_WHOLE:
        return "a number of too many digits"
    if isinstance(typed, bool | int | float):
        return cut(shown(typed), _MOST_QUOTED)
    return plain_line(redact_value(name, str(typed)), _MOST_QUOTED)


def exact(value: Value) -> str:
    """The same with all digits: it reads back as the same value."""
    return as_typed(value) if isinstance(value, float) else shown(value)


def typed_text(value: Value) -> str:
    """The exact value as part of a text such as `lr=0.1 note="a b"`: in quotes if it must be."""
    text = exact(value)
    if not isinstance(value, str) or (_PLAIN.fullmatch(text) and keyboard_ascii(text) == text):
        return text
    return '"' + re.sub(r'(["\\])', r"\\\1", text) + '"'


def _missing(parameters: Sequence[Parameter], example: str) -> BadInput:
    first, *others = parameters
    line = " ".join(f"{each.name}={typed_text(each.sample)}" for each in parameters[:_MOST_MISSING])
    sentence = f"For example, `{example}{line.replace('`', chr(39))}`."
    if not others:
        return BadInput(f"Set `{first.name}` to {first.expected}; it has no default. {sentence}")
    each = ", ".join(f"`{parameter.name}` ({cut(parameter.expected, 60)})" for parameter in parameters[:_MOST_MISSING])
    more = f" and {len(parameters) - _MOST_MISSING} more" if len(parameters) > _MOST_MISSING else ""
    return BadInput(f"Set {each}{more}; they have no default. {sentence}")


def _float(raw: object) -> float:
    if isinstance(raw, bool):
        raise TypeError
    value = float(raw)  # type: ignore[arg-type]
    if not math.isfinite(value):
        raise ValueError
    return value


def _int(raw: object) -> int:
    if isinstance(raw, bool):
        raise TypeError
    if isinstance(raw, float):
        if not raw.is_integer():
            raise ValueError
        return int(raw)
    return int(str(raw), 10)


def _boolean(raw: object) -> bool:
    if isinstance(raw, bool):
        return raw
    spellings = {
        "true": True,
        "yes": True,
        "on": True,
        "1": True,
        "false": False,
        "no": False,
        "off": False,
        "0": False,
    }
    try:
        return spellings[str(raw).strip().lower()]
    except KeyError:
        raise ValueError from None


def _text(raw: object) -> str:
    return str(raw)


_PARSERS: dict[Kind, Callable[[object], Value]] = {
    Kind.FLOAT: _float,
    Kind.INT: _int,
    Kind.BOOLEAN: _boolean,
    Kind.STRING: _text,
    Kind.CHOICE: _text,
}
