"""Read the words that were typed into `branch` and `commit`.

Of `branch:main warmup:3`, typed as one line, Discord puts all of `main warmup:3` into the branch.
"""

import re
from collections.abc import Mapping

from bot.domain.text import ascii_word, straight_quotes
from bot.errors import BadInput

_WORD = re.compile(r'(?P<name>[\w-]+)[:\uff1a]\s*(?:"(?P<quoted>(?:[^"\\]|\\.)*)"|(?P<value>[^\s"]\S*))|(?P<plain>\S+)')
_BETWEEN = ",;\u3001\uff0c\uff1b"
"""What people put between options; git's names end otherwise."""
_FIELDS = ("project", "branch", "commit")


def unfold_words(fields: Mapping[str, str], values: Mapping[str, object]) -> tuple[dict[str, str], dict[str, object]]:
    """Move each `name:value` out of the branch and the commit, to the fields or to the parameters' values.

    Git allows neither a space nor a colon in a name, so one word is the name and all others are parameters.
    Raises `BadInput` for words that are left over and for a name that is set twice.
    """
    found = {name: text for name, text in fields.items() if text}
    taken = dict(values)
    pairs: list[tuple[str, str]] = []
    for field in ("branch", "commit"):
        words = list(_WORD.finditer(straight_quotes(fields.get(field, ""))))
        plain = [ascii_word(word["plain"]).strip('"').rstrip(_BETWEEN) for word in words if word["plain"]]
        if len(plain) > 1:
            raise BadInput(
                f'`{field}` takes one word. After "{plain[0]}", "{" ".join(plain[1:])}" is left over. '
                "Write parameters as `name:value`, such as `lr:0.1`."
            )
        found.pop(field, None)
        if plain:
            found[field] = plain[0]
        pairs += [(ascii_word(word["name"]), _value(word)) for word in words if word["name"]]
    for name, value in pairs:
        _set(found, taken, name, value)
    return found, taken


def _value(word: re.Match[str]) -> str:
    if word["quoted"] is not None:
        return re.sub(r"\\(.)", r"\1", word["quoted"])
    return ascii_word(word["value"].rstrip(_BETWEEN))


def _set(fields: dict[str, str], values: dict[str, object], name: str, value: str) -> None:
    field = name.casefold()
    if field in _FIELDS:
        if fields.get(field):
            raise BadInput(f"`{field}` is set a second time. Set it once.")
        fields[field] = value
        return
    if field in {other.casefold() for other in values}:
        raise BadInput(f"`{name}` is set a second time. Set each parameter once.")
    values[name] = value
