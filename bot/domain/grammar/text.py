"""The text itself: names, values and their places, before anything is known of parameters.

text   = item { space item }
item   = name "=" value { "," value }        spaces around "=" and "," do not count
value  = any characters but space, comma and quotes; or some of them in quotes, where \\ keeps the next as it is
"""

import re
import unicodedata
from dataclasses import dataclass

from bot.domain.loglines import inert
from bot.errors import UserError

LONGEST = 1_500
"""Characters of the whole text."""
EXAMPLE = "lr=0.1,0.01 momentum=0.5,0.9"

_WIDTH = 56
"""Characters of the text that an error shows: a phone's line holds little more."""
_GIVEN = 40

_NAME = re.compile(r'[^\s=,"]+')
_EQUALS = re.compile(r"\s*=\s*")
_VALUE = re.compile(r'(?:"(?:[^"\\]|\\.)*"|[^\s,"])*')
_COMMA = re.compile(r"\s*,\s*")
_SPACE = re.compile(r"\s*")
_QUOTED = re.compile(r'"((?:[^"\\]|\\.)*)"')
_CURLY = str.maketrans("“”„", '"""')


class GrammarError(UserError):
    """A mistake from `start` to `end` of the text. `message` is its first line, without the picture of the place."""

    def __init__(self, message: str, text: str, start: int, end: int) -> None:
        self.message, self.text, self.start, self.end = message, text, start, end
        super().__init__(f"{message}\n{_pointed(text, start, end)}" if text else message)


@dataclass(frozen=True, slots=True)
class Word:
    """A name or a value, without its quotes, and where it stands with them."""

    text: str
    start: int
    end: int
    quoted: bool = False


@dataclass(frozen=True, slots=True)
class Item:
    """`name=values`. A value that was left out is an empty word without quotes."""

    name: Word
    values: tuple[Word, ...]
    end: int


def cleaned(text: str) -> str:
    """The text with a space for each character that is no character, and straight quotes. Places stay."""
    if len(text) > LONGEST:
        raise GrammarError(
            f"The space has {len(text):,} characters, at most {LONGEST:,} are expected. "
            "A range (seed=1..100) is shorter than its values.",
            "",
            0,
            0,
        )
    return "".join(" " if unicodedata.category(each) in _NO_CHARACTERS else each for each in text).translate(_CURLY)


_NO_CHARACTERS = ("Cc", "Cs", "Cn", "Zl", "Zp")


def scan(text: str) -> list[Item]:
    """The items of a `cleaned` text."""
    items: list[Item] = []
    place = _after(_SPACE, text, 0)
    while place < len(text):
        items.append(_item(text, place))
        place = _after(_SPACE, text, items[-1].end)
    return items


def given(text: str) -> str:
    """What was typed, short and inert, to stand between quotes in a sentence."""
    short = text if len(text) <= _GIVEN else text[: _GIVEN - 1] + "…"
    return inert(short.replace("`", "'"))


def _item(text: str, place: int) -> Item:
    name = _NAME.match(text, place)
    if name is None:
        raise GrammarError(f"A parameter's name is expected here, as in {EXAMPLE}.", text, place, place + 1)
    equals = _EQUALS.match(text, name.end())
    if equals is None:
        hint = " A value with a space in it goes into quotes." if place else ""
        message = f'{given(name[0])}: "=" and values are expected after it, as in {EXAMPLE}.{hint}'
        raise GrammarError(message, text, name.start(), name.end())
    values, comma = [_value(text, equals.end())], _COMMA.match(text, _after(_VALUE, text, equals.end()))
    while comma is not None:
        values.append(_value(text, comma.end()))
        comma = _COMMA.match(text, values[-1].end)
    return Item(Word(name[0], name.start(), name.end()), tuple(values), values[-1].end)


def _value(text: str, place: int) -> Word:
    end = _after(_VALUE, text, place)
    if text[end : end + 1] == '"':
        raise GrammarError("The quotes that open here are not closed.", text, end, len(text))
    raw = text[place:end]
    bare = _QUOTED.sub(lambda found: re.sub(r"\\(.)", r"\1", found[1]), raw)
    return Word(bare, place, end, quoted='"' in raw)


def _after(pattern: re.Pattern[str], text: str, place: int) -> int:
    found = pattern.match(text, place)
    return found.end() if found else place


def _pointed(text: str, start: int, end: int) -> str:
    """The text around the place, and carets under it, in a code block that nothing in the text can close."""
    left = max(0, min(start - _WIDTH // 2, len(text) - _WIDTH))
    shown = text[left : left + _WIDTH].replace("`", "'")
    before, place = shown[: start - left], shown[start - left : end - left]
    head, tail = "…" if left else "", "…" if left + _WIDTH < len(text) else ""
    blank = "".join("\u3000" if _wide(each) else " " for each in head + before)
    return f"```\n{head}{shown}{tail}\n{blank}{'^' * max(1, sum(1 + _wide(each) for each in place))}\n```"


def _wide(character: str) -> bool:
    return unicodedata.east_asian_width(character) in "WF"
