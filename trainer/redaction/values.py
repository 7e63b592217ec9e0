"""Whether a value that something is set to may be a secret, or is a placeholder, a path, a name, a number."""

import re
from math import log2

from trainer.redaction.rule import changes
from trainer.redaction.wording import falls_by_chance, reads_like_words

_PLACEHOLDER = re.compile(
    r"[*xX.•]{4,}|\$(?:[A-Z_]+|[a-z_]+)\Z|\$[({]|%\(|%[a-z]\Z|\{|<|\[redacted|your[_-]|example|changeme|none\b|null\b|true\b|false\b",
    re.IGNORECASE,
)
_PATH = re.compile(r"(?:[A-Za-z]:|~|\.{1,2})?[/\\][\w. -]*[/\\]|\.{1,2}/|~/")
_CODE = re.compile(r"[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)+\Z|[A-Za-z_:-]+\Z")

_UPPER = re.compile(r"(?=[0-9]*[A-Z])[A-Z0-9]{16,}")
"""Base32, for one."""
_SIGNS = frozenset("!@#$%^*+=~")
_SCOPE = re.compile(r"(?:/|%2F)\d{8}(?:/|%2F)[a-z]{2}-")
"""A date and a region, which AWS puts behind the ID of a key."""
_RUN = re.compile(r"[A-Za-z0-9]+")
_SHORTEST_FILE = 15
"""Characters of a name with a dot that may be a token and a suffix: `os.environ` and `a1.b2` are code."""
_HEXADECIMAL = re.compile(r"(?=[0-9]*[a-f])(?=[a-f]*[0-9])[0-9a-f]{20,}|(?=[0-9]*[A-F])(?=[A-F]*[0-9])[0-9A-F]{20,}")


def looks_secret(value: str, *, password: bool) -> bool:
    """True for what is no placeholder, path or name, and is mixed enough: people's passwords less than keys."""
    value = value.rstrip(".,;:!?")
    if _PLACEHOLDER.match(value) or _SCOPE.search(value) or _is_path(value) or _is_name(value):
        return False
    digits = any(map(str.isdigit, value))
    if password:
        return len(value) >= 6 and (digits or not value.replace("_", "").isalnum()) and not _is_number(value)
    if len(value) < 8 or _entropy(value) < 2.8:
        return False
    return (
        changes(value) >= max(3, len(value) // 8)
        or falls_by_chance(value)
        or _HEXADECIMAL.match(value) is not None
        or (digits and _UPPER.fullmatch(value) is not None)
        or (len(value) >= 16 and len(_SIGNS.intersection(value)) >= 3)
    )


def falls_apart(value: str) -> bool:
    """True for what is random beyond doubt, so that a name before it with nothing but a space is enough."""
    if len(value) < 16 or not any(map(str.isdigit, value)) or not value.replace("-", "").replace("_", "").isalnum():
        return False
    return bool(_HEXADECIMAL.match(value)) or changes(value) > len(value) // 3


def _is_path(value: str) -> bool:
    """A key in base64 may begin with a slash, too, but it changes more often."""
    return _PATH.match(value) is not None and (
        (re.search("[._-]", value) is not None and reads_like_words(value)) or changes(value) <= len(value) // 4
    )


def _is_name(value: str) -> bool:
    """True for a word or a name of code. Letters that change as often as by chance or read like no word are none, and
    neither is a long run of letters and many digits, such as the hexadecimal token in the name of a file."""
    if _CODE.match(value) is None:
        return False
    if "." in value and len(value) < _SHORTEST_FILE:
        return True
    run = max(_RUN.findall(value), key=len, default="")
    often = len(value) // 3 if len(value) >= 20 else len(value) * 0.43
    by_chance = len(value) >= 14 and changes(value) > often
    digits = len(run) >= 20 and sum(map(str.isdigit, run)) > len(run) // 4
    return not (by_chance or digits) and reads_like_words(value)


def _is_number(value: str) -> bool:
    return re.fullmatch(r"[\d.,:/%eE+-]+", value) is not None


def _entropy(value: str) -> float:
    """Bits per character."""
    counts = [value.count(character) for character in set(value)]
    return -sum(count / len(value) * log2(count / len(value)) for count in counts)
