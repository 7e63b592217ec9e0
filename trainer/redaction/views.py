"""A text as it reads, with the way back: without colours and invisible characters, and with what other programs escape.

A secret is looked for in each view, and replaced in the text itself.
"""

import re
from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

Span = tuple[int, int, str]
"""Where a secret begins and ends, and its kind."""

_MAY_HIDE = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\xad\xbf\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufe00-\ufe0f\ufeff\\\\]"
)
_COLOUR = re.compile(r"\[[0-9;]{1,12}m")
"""What is left of a colour whose first character was taken out."""
# Colours, also as JSON and Python write them: `\\u001b[31m`. The entrypoint reads each byte as a character, so that
# an invisible one has two or three.
_HIDDEN = re.compile(
    r"\x1b(?:\[[0-?]*+[ -/]*+[@-~]|\][^\x07\x1b\n]*+(?:\x07|\x1b\\)|[ -/]*+[0-~])"
    r"|\xc2?\x9b[0-9;]{1,20}m|\[[0-9;]{1,12}m"
    r"|\\{1,4}(?:u001[bB]|x1[bB]|033|e)\[[0-9;]*+m"
    "|\xe2\x80[\x8b-\x8f\xaa-\xae]|\xe2\x81[\xa0-\xaf]|\xef\xbb\xbf|\xef\xb8[\x80-\x8f]|\xc2\xad"
    "|[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\xad\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufe00-\ufe0f\ufeff]"
)
# JSON (RFC 8259, section 7), Python's repr, addresses (RFC 3986, section 2.1) and HTML (section 13.5), which programs
# also write into each other: https://www.rfc-editor.org/rfc/rfc8259#section-7,
# https://www.rfc-editor.org/rfc/rfc3986#section-2.1, https://html.spec.whatwg.org/#named-character-references
_WRITTEN = re.compile(
    r"[\\%&](?:(?<=\\)\\{0,7}(?:(?P<quoted>[\"'`/])|(?:u00|x)(?P<code>[2-7][0-9a-fA-F])|(?P<space>[nrt]))|(?<=\\)\\"
    r"|(?<=%)(?!3a\d)(?:25){0,3}(?P<percent>[2-7][0-9a-fA-F])"
    r"|(?<=&)(?:amp;){0,3}(?P<entity>quot|amp|apos|lt|gt|#34|#38|#39|#x22|#x27|#x26);)"
)
"""Not `_1%3a4.13`, the epoch of a Debian package in the name of its file."""
_ENTITIES = {"quot": '"', "#34": '"', "#x22": '"', "apos": "'", "#39": "'", "#x27": "'", "lt": "<", "gt": ">"}
_BACKSLASH = "\u2216"
"""Stands for an escaped backslash, which is part of what is quoted."""


@dataclass(frozen=True, slots=True)
class View:
    """`pieces` begin at these places of `text`, at `at` of the original; those with a width there are one character."""

    text: str
    pieces: Sequence[int]
    at: Sequence[int]
    widths: Sequence[int]

    def original(self, spans: Iterable[Span]) -> list[Span]:
        """The same spans in the original, with all that is hidden inside."""
        return [(self._begin(begin), self._end(end), kind) for begin, end, kind in spans]

    def _begin(self, position: int) -> int:
        piece = bisect_right(self.pieces, position) - 1
        return self.at[piece] + position - self.pieces[piece]

    def _end(self, position: int) -> int:
        piece = bisect_left(self.pieces, position) - 1
        return self.at[piece] + (self.widths[piece] or position - self.pieces[piece])


def unhidden(text: str) -> View | None:
    """Without escape sequences and invisible characters. None if it has none."""
    if not (_MAY_HIDE.search(text) or _COLOUR.search(text)):
        return None
    return _view(text, ((*match.span(), "") for match in _HIDDEN.finditer(text)))


def spaced(text: str) -> View | None:
    """With a space for each of them: a colour may also end a word, and begin another."""
    return _view(text, ((*match.span(), " ") for match in _HIDDEN.finditer(text)))


def unescaped(text: str) -> View | None:
    """With each escaped character as itself, a line break as a space. None if there is none."""
    return _view(text, ((*match.span(), _character(match)) for match in _WRITTEN.finditer(text)))


def _character(match: re.Match[str]) -> str:
    if code := match["code"] or match["percent"]:
        return chr(int(code, 16))
    if entity := match["entity"]:
        return _ENTITIES.get(entity, "&")
    return match["quoted"] or (" " if match["space"] else _BACKSLASH)


def _view(text: str, found: Iterable[tuple[int, int, str]]) -> View | None:
    """Hostile text may consist of what is found: its places are kept in few bytes, and those of a run as one."""
    parts, pieces, at, widths = list[str](), array("I", [0]), array("I", [0]), array("I", [0])
    length = done = 0
    for begin, end, character in found:
        if begin > done:
            parts.append(text[done:begin])
            length += begin - done
        elif done and not character and not widths[-1]:
            at[-1] = done = end
            continue
        done = end
        if character:
            parts.append(character)
            pieces.append(length)
            at.append(begin)
            widths.append(end - begin)
            length += 1
        pieces.append(length)
        at.append(end)
        widths.append(0)
    return View("".join([*parts, text[done:]]), pieces, at, widths) if done else None
