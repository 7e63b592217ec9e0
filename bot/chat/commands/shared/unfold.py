"""Options typed into the text of another option: `/sweep lr=0.1,0.01 trials:50`.

If the command is typed as one line, Discord puts everything after an option's name into that option, up to the next
option that is picked from the list.
"""

import re
from collections.abc import Mapping, Sequence

from bot.domain.jobs.set_text import SET, split
from bot.domain.parameters import Parameter
from bot.domain.text import ascii_word, keyboard_ascii
from bot.errors import BadInput

_QUOTED = r'"(?:[^"\\]|\\.)*"'


def unfold(
    options: Mapping[str, object], text: str, one_word: Sequence[str], known: Sequence[Parameter]
) -> dict[str, object]:
    """Move each `name:value` of a `known` option out of the options `text` and `one_word`.

    The options in `one_word` take a single word: the rest of their text belongs to `text`. Raises `BadInput` for an
    option that is set twice and for a value that doesn't fit.
    """
    found = dict(options)
    for name in one_word:
        first, *rest = str(found.get(name, "")).split(maxsplit=1)[:2] or [""]
        if first:
            found[name] = ascii_word(first)
        if rest:
            found[text] = f"{found.get(text, '')} {rest[0]}".strip()
    parameters = {parameter.name: parameter for parameter in known}
    names = "|".join(re.escape(name) for name in parameters)
    pattern = re.compile(
        rf'{_QUOTED}|(?:(?<=\s)|^)(?P<name>{names}):\s*(?P<value>{_QUOTED}|[^\s"]+)(?=\s|$)', re.IGNORECASE
    )

    def take(match: re.Match[str]) -> str:
        if match["name"] is None:
            return match[0]
        name = match["name"].lower()
        if name in found:
            raise BadInput(f"`{name}` is set twice. Set it once.")
        found[name] = parameters[name].parse(match["value"].strip('"'))
        return ""

    found[text] = pattern.sub(take, keyboard_ascii(str(found.get(text, "")))).strip()
    return found


def with_settings(options: Mapping[str, object], text: str) -> dict[str, object]:
    """Move what follows `set:` in the option `text` to `set`. Raises `BadInput` if that is there already."""
    before, settings = split(str(options.get(text, "")))
    if not settings:
        return dict(options)
    if options.get(SET):
        raise BadInput(f"`{SET}` is set twice. Set it once.")
    return {**options, text: before, SET: settings}
