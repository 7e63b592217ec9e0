"""Read the words that were typed into `branch` and `commit`.

Of `branch:main warmup:3`, typed as one line, Discord puts all of `main warmup:3` into the branch.
"""

import re
from collections.abc import Mapping

from bot.domain.text import ascii_form
from bot.errors import BadInput

_NAMED = re.compile(r"([\w-]+):(\S+)")
_FIELDS = ("project", "branch", "commit")


def unfold_words(fields: Mapping[str, str], values: Mapping[str, object]) -> tuple[dict[str, str], dict[str, object]]:
    """Move each `name:value` out of the branch and the commit, to the fields or to the parameters' values.

    Git allows neither a space nor a colon in a name, so one word is the name and all others are parameters.
    Raises `BadInput` for words that are left over and for a name that is set twice.
    """
    found = {name: text for name, text in fields.items() if text}
    taken = dict(values)
    pairs: list[re.Match[str]] = []
    for field in ("branch", "commit"):
        words = [ascii_form(word) for word in fields.get(field, "").split()]
        plain = [word for word in words if not _NAMED.fullmatch(word)]
        if len(plain) > 1:
            raise BadInput(
                f'`{field}` takes one word. After "{plain[0]}", "{" ".join(plain[1:])}" is left over. '
                "Write parameters as `name:value`, such as `lr:0.1`."
            )
        found.pop(field, None)
        if plain:
            found[field] = plain[0]
        pairs += [match for match in map(_NAMED.fullmatch, words) if match]
    for pair in pairs:
        _set(found, taken, pair[1], pair[2])
    return found, taken


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
