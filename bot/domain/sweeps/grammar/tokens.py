"""The text itself: names, values and their positions, before any parameter is looked up.

text   = item { space item }
item   = name "=" value { "," value }        spaces around "=" and "," do not count
value  = characters except space, comma and quotes; or anything in quotes, where \\ escapes the next character
"""

import re
import unicodedata
from dataclasses import dataclass

from bot.domain.inert import disarmed
from bot.domain.text import keyboard_ascii
from bot.errors import UserError
from trainer.redaction.redact import redact

LONGEST = 1_500
"""Characters in the whole text."""
EXAMPLE = "lr=0.1,0.01 momentum=0.5,0.9"

_WIDTH = 56
"""Characters of the text shown in an error: a line on a phone holds few more."""
_QUOTED = 40

_NAME = re.compile(r'[^\s=,"]+')
_EQUALS = re.compile(r"\s*=\s*")
_VALUE = re.compile(r'"(?:[^"\\]|\\.)*"|[^\s,"]*')
_COMMA = re.compile(r"\s*,\s*")
_SPACE = re.compile(r"\s*")
_NEXT = re.compile(r"[\s,]|$")
_NO_CHARACTERS = ("Cc", "Cs", "Zl", "Zp")


class GrammarError(UserError):
    """A mistake from `start` to `end` of the text. `message` is the error without the marked text below it."""

    def __init__(self, message: str, text: str = "", start: int = 0, end: int = 0) -> None:
        self.message, self.text, self.start, self.end = message, text, start, end
        super().__init__(f"{message}\n{_pointed(text, start, end)}" if text else message)


@dataclass(frozen=True, slots=True)
class Word:
    """A name or a value: its text without quotes, and its position in `source`, quotes included."""

    text: str
    source: str
    start: int
    end: int
    quoted: bool = False

    def wrong(self, message: str) -> GrammarError:
        return GrammarError(message, self.source, self.start, self.end)

    def split(self, separator: str, most: int = -1) -> list["Word"]:
        """The parts of a word without quotes, each with its position."""
        parts, start = [], self.start
        for text in self.text.split(separator, most):
            parts.append(Word(text, self.source, start, start + len(text)))
            start += len(text) + len(separator)
        return parts


@dataclass(frozen=True, slots=True)
class Item:
    """`name=values`. A missing value is an empty word without quotes."""

    name: Word
    values: tuple[Word, ...]

    @property
    def end(self) -> int:
        return self.values[-1].end

    def wrong(self, message: str) -> GrammarError:
        return GrammarError(message, self.name.source, self.name.start, self.end)


def cleaned(text: str) -> str:
    """`plain`, without spaces around it. Raises `GrammarError` for a text that is too long."""
    if len(text) > LONGEST:
        raise GrammarError(
            f"`space` has {len(text):,} characters; at most {LONGEST:,} fit. Use ranges (seed=1..100) for long lists."
        )
    return plain(text).strip()


def plain(text: str) -> str:
    """As an ASCII keyboard types it, outside quotes, and with a space for each control character."""
    visible = (" " if unicodedata.category(each) in _NO_CHARACTERS else each for each in text)
    return keyboard_ascii("".join(visible))


def scan(text: str) -> list[Item]:
    """Split a `cleaned` text into items."""
    items: list[Item] = []
    while (start := _after(_SPACE, text, items[-1].end if items else 0)) < len(text):
        items.append(_item(text, start))
    return items


def quoted(text: str) -> str:
    """What was typed, in quotes, short and inert, for use in a sentence."""
    return f'"{shortened(text)}"'


def shortened(text: str) -> str:
    """What was typed, short, inert and without a secret, for use in a sentence."""
    text = redact(text)
    short = text if len(text) <= _QUOTED else text[: _QUOTED - 1] + "…"
    return disarmed(short.replace("`", "'"))


def _item(text: str, start: int) -> Item:
    found = _NAME.match(text, start)
    if found is None:
        raise GrammarError(f"Write a parameter's name here, as in {EXAMPLE}.", text, start, start + 1)
    name = Word(found[0], text, *found.span())
    equals = _EQUALS.match(text, name.end)
    if equals is None:
        hint = " Put quotes around a value that contains a space." if start else ""
        raise name.wrong(f'Write "=" and values after {quoted(name.text)}, as in {EXAMPLE}.{hint}')
    values, comma = [_value(text, equals.end())], None
    while comma := _COMMA.match(text, values[-1].end):
        values.append(_value(text, comma.end()))
    return Item(name, tuple(values))


def _value(text: str, start: int) -> Word:
    end = _after(_VALUE, text, start)
    raw = text[start:end]
    if raw == "" and text[end : end + 1] == '"':
        raise GrammarError("These quotes are never closed. Add a quote at the end.", text, end, len(text))
    if not _NEXT.match(text, end):
        raise GrammarError("Put quotes around the whole value, then a comma or a space.", text, end, end + 1)
    in_quotes = raw.startswith('"')
    return Word(re.sub(r"\\(.)", r"\1", raw[1:-1]) if in_quotes else raw, text, start, end, in_quotes)


def _after(pattern: re.Pattern[str], text: str, start: int) -> int:
    found = pattern.match(text, start)
    return found.end() if found else start


def _pointed(text: str, start: int, end: int) -> str:
    """The text around the mistake with carets under it, in a code block that nothing in the text can close."""
    left = max(0, min(start - _WIDTH // 2, len(text) - _WIDTH))
    shown = text[left : left + _WIDTH].replace("`", "'")
    head, tail = "…" if left else "", "…" if left + _WIDTH < len(text) else ""
    before, mistake = head + shown[: start - left], shown[start - left : end - left]
    blank = "".join("\N{IDEOGRAPHIC SPACE}" if _wide(each) else " " for each in before)
    return f"```\n{head}{shown}{tail}\n{blank}{'^' * max(1, sum(1 + _wide(each) for each in mistake))}\n```"


def _wide(character: str) -> bool:
    return unicodedata.east_asian_width(character) in "WF"
