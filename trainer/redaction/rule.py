"""How one kind of secret is recognised by its shape."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

from trainer.redaction.wording import reads_like_words

Hint = str | re.Pattern[str]

LONG = 15
"""Characters of a word that may hold a token."""


@dataclass(frozen=True, slots=True)
class Rule:
    """`hint` is what a text must hold, in small letters, to be searched at all: in one of its long words, or with
    `anywhere` in any word. The group `secret`, if there is one, is what is replaced; else the whole match. `check` has
    the last word on it.

    A pattern takes linear time: what it repeats is bounded, or cannot begin again inside itself.
    """

    kind: str
    hint: Hint
    pattern: re.Pattern[str]
    check: Callable[[str], bool] | None = None
    anywhere: bool = False


def prefixed(kind: str, prefix: str, body: str, check: Callable[[str], bool] | None = None) -> Rule:
    """A token that announces itself: a fixed prefix, then `body`. It may stand inside a word."""
    return Rule(kind, prefix.lower(), re.compile(re.escape(prefix) + body), check)


def bordered(kind: str, prefix: str, body: str, check: Callable[[str], bool] | None = None) -> Rule:
    """The same for a prefix that words end in, such as `task-`: it begins a word.

    The border is looked at behind the literal, so that the search for the literal stays fast.
    """
    literal = re.escape(prefix)
    return Rule(kind, prefix.lower(), re.compile(f"{literal}(?<![A-Za-z0-9_-]{literal}){body}"), check)


def named(kind: str, name: str, pattern: str, *, hint: str = "", anywhere: bool = True) -> Rule:
    """A value behind a name that says what it is. `hint` is the word of the name, if that is more than a word."""
    return Rule(kind, hint or name.lower(), re.compile(re.escape(name) + pattern), anywhere=anywhere)


def random_looking(text: str) -> bool:
    """True if upper case, lower case and digits change often, as in no name and no word."""
    return changes(text) >= max(3, len(text) // 6) and (any(map(str.isdigit, text)) or not reads_like_words(text))


def mixed(text: str) -> bool:
    """True if it is more than small letters, as a name is."""
    return any(character.isdigit() or character.isupper() for character in text)


def changes(text: str) -> int:
    """Count the changes between upper case, lower case and digits. Other characters are left out."""
    classes = _CLASSES.sub("", text).translate(_CLASS)
    return sum(before != after for before, after in pairwise(classes))


_CLASSES = re.compile(r"[^A-Za-z0-9]+")
_CLASS = str.maketrans("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789", "a" * 26 + "A" * 26 + "0" * 10)
