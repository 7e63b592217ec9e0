"""Options that were typed into the text of another: `/sweep lr=0.1,0.01 trials:50`.

Typed as a line, Discord puts all that follows an option's name into that option, up to the next one that is picked.
"""

import re
from collections.abc import Mapping, Sequence

from bot.domain.parameters import Parameter
from bot.errors import BadInput

_QUOTED = r'"(?:[^"\\]|\\.)*"'


def unfolded(
    given: Mapping[str, object], text: str, words: Sequence[str], known: Sequence[Parameter]
) -> dict[str, object]:
    """`given` with each `name:value` of the `known` options taken out of the options `text` and `words`.

    One of `words` holds no space: what else follows its first word belongs to `text`. Raises `BadInput` for an option
    that is given twice, and for a value that does not fit.
    """
    found = dict(given)
    for name in words:
        first, *rest = str(found.get(name, "")).split(maxsplit=1)[:2] or [""]
        if rest:
            found[name] = first
            found[text] = f"{found.get(text, '')} {rest[0]}".strip()
    parameters = {parameter.name: parameter for parameter in known}
    names = "|".join(re.escape(name) for name in parameters)
    pattern = re.compile(rf'{_QUOTED}|(?:(?<=\s)|^)(?P<name>{names}):(?P<value>{_QUOTED}|[^\s"]+)(?=\s|$)')

    def take(match: re.Match[str]) -> str:
        if match["name"] is None:
            return match[0]
        if match["name"] in found:
            raise BadInput(f"`{match['name']}` is set twice. Set it once.")
        found[match["name"]] = parameters[match["name"]].parse(match["value"].strip('"'))
        return ""

    found[text] = pattern.sub(take, str(found.get(text, ""))).strip()
    return found
