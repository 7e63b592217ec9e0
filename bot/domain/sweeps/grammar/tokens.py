"""The text itself: names, values and their places, before anything is known of parameters.

text   = item { space item }
item   = name "=" value { "," value }        spaces around "=" and "," do not count
value  = characters but space, comma and quotes, or any in quotes, where \\ keeps the next one as it is
"""

import re
import unicodedata
from dataclasses import dataclass

from bot.domain.inert import disarmed
from bot.errors import UserError

LONGEST = 1_500
"""Characters of the whole text."""
EXAMPLE = "lr=0.1,0.01 momentum=0.5,0.9"

_WIDTH = 56
"""Characters of the text that an error shows: a line of a phone holds few more."""
_GIVEN = 40

_NAME = re.compile(r'[^\s=,"]+')
_EQUALS = re.compile(r"\s*=\s*")
_VALUE = re.compile(r'"(?:[^"\\]|\\.)*"|[^\s,"]*')
_COMMA = re.compile(r"\s*,\s*")
_SPACE = re.compile(r"\s*")
_NEXT = re.compile(r"[\s,]|$")
_NO_CHARACTERS = ("Cc", "Cs", "Zl", "Zp")
_STRAIGHT = str.maketrans("“”„", '"""')


class GrammarError(UserError):
    """A mistake from `start` to `end` of the text. `message` is the error without the picture of the place."""

    def __init__(self, message: str, text: str = "", start: int = 0, end: int = 0) -> None:
        self.message, self.text, self.start, self.end = message, text, start, end
        super().__init__(f"{message}\n{_pointed(text, start, end)}" if text else message)


@dataclass(frozen=True, slots=True)
class Word:
    """A name or a value: its text without quotes, and where it stands in `source` with them."""

    text: str
    source: str
    start: int
    end: int
    quoted: bool = False

    def wrong(self, message: str) -> GrammarError:
        return GrammarError(message, self.source, self.start, self.end)

    def split(self, separator: str, most: int = -1) -> list["Word"]:
        """The parts of a word that has no quotes, each with its place."""
        parts, start = [], self.start
        for text in self.text.split(separator, most):
            parts.append(Word(text, self.source, start, start + len(text)))
            start += len(text) + len(separator)
        return parts


@dataclass(frozen=True, slots=True)
class Item:
    """`name=values`. A value that was left out is an empty word without quotes."""

    name: Word
    values: tuple[Word, ...]

    @property
    def end(self) -> int:
        return self.values[-1].end

    def wrong(self, message: str) -> GrammarError:
        return GrammarError(message, self.name.source, self.name.start, self.end)


def cleaned(text: str) -> str:
    """With straight quotes, as phones type curly ones, and a space for what is no character. It may be too long."""
    if len(text) > LONGEST:
        hint = "A range (seed=1..100) is shorter than its values."
        raise GrammarError(f"The space has {len(text):,} characters, at most {LONGEST:,} are expected. {hint}")
    visible = (" " if unicodedata.category(each) in _NO_CHARACTERS else each for each in text)
    return "".join(visible).translate(_STRAIGHT).strip()


def scan(text: str) -> list[Item]:
    """The items of a `cleaned` text."""
    items: list[Item] = []
    while (place := _after(_SPACE, text, items[-1].end if items else 0)) < len(text):
        items.append(_item(text, place))
    return items


def given(text: str) -> str:
    """What was typed, short and inert, to stand in a sentence."""
    short = text if len(text) <= _GIVEN else text[: _GIVEN - 1] + "…"
    return disarmed(short.replace("`", "'"))


def _item(text: str, place: int) -> Item:
    found = _NAME.match(text, place)
    if found is None:
        raise GrammarError(f"A parameter's name is expected here, as in {EXAMPLE}.", text, place, place + 1)
    name = Word(found[0], text, *found.span())
    equals = _EQUALS.match(text, name.end)
    if equals is None:
        hint = " A value with a space in it goes into quotes." if place else ""
        raise name.wrong(f'{given(name.text)}: "=" and values are expected after it, as in {EXAMPLE}.{hint}')
    values, comma = [_value(text, equals.end())], None
    while comma := _COMMA.match(text, values[-1].end):
        values.append(_value(text, comma.end()))
    return Item(name, tuple(values))


def _value(text: str, place: int) -> Word:
    end = _after(_VALUE, text, place)
    raw = text[place:end]
    if raw == "" and text[end : end + 1] == '"':
        raise GrammarError("The quotes that open here are not closed.", text, end, len(text))
    if not _NEXT.match(text, end):
        raise GrammarError("Quotes go around a whole value, and a comma or a space after it.", text, end, end + 1)
    quoted = raw.startswith('"')
    return Word(re.sub(r"\\(.)", r"\1", raw[1:-1]) if quoted else raw, text, place, end, quoted)


def _after(pattern: re.Pattern[str], text: str, place: int) -> int:
    found = pattern.match(text, place)
    return found.end() if found else place


def _pointed(text: str, start: int, end: int) -> str:
    """The text around the place, and carets under it, in a code block that nothing in the text can close."""
    left = max(0, min(start - _WIDTH // 2, len(text) - _WIDTH))
    shown = text[left : left + _WIDTH].replace("`", "'")
    head, tail = "…" if left else "", "…" if left + _WIDTH < len(text) else ""
    before, place = head + shown[: start - left], shown[start - left : end - left]
    blank = "".join("\N{IDEOGRAPHIC SPACE}" if _wide(each) else " " for each in before)
    return f"```\n{head}{shown}{tail}\n{blank}{'^' * max(1, sum(1 + _wide(each) for each in place))}\n```"


def _wide(character: str) -> bool:
    return unicodedata.east_asian_width(character) in "WF"
