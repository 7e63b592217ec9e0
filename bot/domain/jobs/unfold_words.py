"""Read the words that were typed into one option, such as `branch`, `commit` and `job`.

Of `branch:main warmup:3`, typed as one line, Discord puts all of `main warmup:3` into the branch.
"""

import re
from collections.abc import Collection, Mapping, Sequence

from bot.domain.jobs.set_text import FIELDS, SET, fields_in, split
from bot.domain.text import as_spelled, ascii_word, straight_quotes
from bot.errors import BadInput, any_of

_WORD = re.compile(r'(?P<name>[\w-]+)[:\uff1a]\s*(?:"(?P<quoted>(?:[^"\\]|\\.)*)"|(?P<value>[^\s"]\S*))|(?P<plain>\S+)')
_BETWEEN = ",;\u3001\uff0c\uff1b"
"""What people put between options; git's names end otherwise."""


def unfold_words(fields: Mapping[str, str], values: Mapping[str, object]) -> tuple[dict[str, str], dict[str, object]]:
    """Move each `name:value` out of the branch and the commit, to the fields or to the parameters' values.

    Git allows neither a space nor a colon in a name, so one word is the name and all others are parameters. `set` is a
    field, too; a branch, commit or project in its text moves to its own. Raises `BadInput` for words that are left
    over and for a name that is set twice.
    """
    found = {name: text for name, text in fields.items() if text}
    taken = dict(values)
    pairs: list[tuple[str, str]] = []
    for field in ("branch", "commit"):
        text, settings = split(found.pop(field, ""))
        if settings:
            _add(found, SET, settings)
        plain, more = _split(text)
        _refuse_rest(field, plain)
        if plain:
            found[field] = plain[0]
        pairs += more
    for name, value in pairs:
        _set(found, taken, name, value)
    named, found[SET] = fields_in(found.get(SET, ""))
    for name, value in named.items():
        _add(found, name, value)
    return {name: text for name, text in found.items() if text}, taken


def unfold_job(text: str, known: Collection[str] = (), *, several: bool = False) -> tuple[list[str], dict[str, str]]:
    """The ids in a required option, and the options typed behind them: `k7q2mx lines:50`.

    A required option's field opens with the command, so it takes the whole line. `known` are the options that the
    command has besides; without any, all are taken. Raises `BadInput` for words that are left over.
    """
    text, settings = (text, "") if known else split(text)
    ids, pairs = _split(text)
    if not several:
        _refuse_rest("job", ids)
    options = {SET: settings} if settings else {}
    for name, value in pairs:
        spelled = as_spelled(name, known) if known else name
        if known and spelled not in known:
            valid = any_of([f"`{each}`" for each in known])
            raise BadInput(f"There is no option `{name}` here. Write {valid}, as in `{next(iter(known))}:value`.")
        if spelled.casefold() in map(str.casefold, options):
            raise BadInput(f"`{spelled}` is set a second time. Set it once.")
        options[spelled] = value
    return ids or [""], options


def _split(text: str) -> tuple[list[str], list[tuple[str, str]]]:
    """Words by themselves, and each `name:value`."""
    words = list(_WORD.finditer(straight_quotes(text)))
    plain = [ascii_word(word["plain"]).strip('"').rstrip(_BETWEEN) for word in words if word["plain"]]
    pairs = [(ascii_word(word["name"]), _value(word)) for word in words if word["name"]]
    return [word for word in plain if word], pairs


def _refuse_rest(field: str, words: Sequence[str]) -> None:
    if len(words) > 1:
        what = "options" if field == "job" else "parameters"
        raise BadInput(
            f'`{field}` takes one word. After "{words[0]}", "{" ".join(words[1:])}" is left over. '
            f"Write {what} as `name:value`, such as `lr:0.1`."
        )


def _value(word: re.Match[str]) -> str:
    if word["quoted"] is not None:
        return re.sub(r"\\(.)", r"\1", word["quoted"])
    return ascii_word(word["value"].rstrip(_BETWEEN))


def _set(fields: dict[str, str], values: dict[str, object], name: str, value: str) -> None:
    field = name.casefold()
    if field in FIELDS:
        _add(fields, field, value)
        return
    if field in {other.casefold() for other in values}:
        raise BadInput(f"`{name}` is set a second time. Set each parameter once.")
    values[name] = value


def _add(fields: dict[str, str], field: str, value: str) -> None:
    if fields.get(field):
        raise BadInput(f"`{field}` is set a second time. Set it once.")
    fields[field] = value
