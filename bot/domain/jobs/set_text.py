"""What people type into `set`: `warmup=3 note="two words"`, values for parameters of any number.

text  = item { space item }          a comma or a semicolon may stand before the space
item  = name ("=" | ":") value       spaces around "=" and ":" do not count
value = characters except spaces and quotes; or anything in quotes, where \\ escapes the next character

A comma inside a value belongs to it (`layers=64,64`), unless a parameter of another kind than text follows another
parameter without a space: `lr=0.1,epochs=3` are two. Text in single angle quotes is the hint of a suggestion, and
ignored.
"""

import re
from collections.abc import Collection, Mapping, Sequence

from bot.domain.parameters import Kind, Parameter, Value, find, typed_text
from bot.domain.sweeps.grammar.ranges import DOTS, value_of
from bot.domain.sweeps.grammar.tokens import GrammarError, Word, plain, quoted, shortened
from bot.domain.text import as_spelled, straight_quotes
from bot.domain.texts.command_names import plain as command_text
from bot.errors import BadInput, UnknownName

SET = "set"
"""The option's name."""
LONGEST = 6_000
"""Characters. "max_length: the maximum allowed length (minimum of 1, maximum of 6000)", of an option that takes text:
https://docs.discord.com/developers/interactions/application-commands#application-command-object."""
FIELDS = ("project", "branch", "commit")
"""No parameter has one of these names."""
OTHER_OPTIONS = ("job", "space", "search", "trials", "parallel", "folds", "stop_losers")
"""Options of the commands that have `set`."""
EXAMPLE = "lr=0.1 epochs=20"
BEGIN_HINT, END_HINT = "\u2039", "\u203a"

QUOTED = r'"(?:[^"\\]|\\.)*"'
_HINT = re.compile(rf"{QUOTED}|\s*{BEGIN_HINT}[^{END_HINT}]*{END_HINT}")
_BETWEEN = re.compile(r"[\s,;]*")
_NAME = re.compile(r'([^\s=:,;"]+)\s*[=:]\s*')
_VALUE = re.compile(rf'{QUOTED}|[^\s"]*')
_FIELD = re.compile(
    rf"""{QUOTED}|(?:(?<=[\s,;])|^)(?P<name>{"|".join(FIELDS)})\s*[=:]\s*(?P<value>[^\s,;"]+)[,;]*(?=\s|$)""",
    re.IGNORECASE,
)
_SET = re.compile(
    rf'{QUOTED}|(?<![^\s,;\u3001\uff0c\uff1b])(?P<set>[s\uff53][e\uff45][t\uff54]\s*[:\uff1a]\s*)(?P<text>{QUOTED}|[^"].*|$)',
    re.IGNORECASE | re.DOTALL,
)


def read(text: str, parameters: Sequence[Parameter]) -> dict[str, Value]:
    """Each named parameter's value, by its own name. Raises `GrammarError` for the first mistake."""
    text = _cleaned(text)
    names = {name for each in parameters for name in (each.name, *each.aliases)}
    values: dict[str, Value] = {}
    at = _after(_BETWEEN, text, 0)
    while at < len(text):
        name, at = _name(text, at)
        parameter = _parameter(name, parameters)
        if parameter.name in values:
            also = "" if parameter.name == name.text else f" (as {name.text})"
            raise name.wrong(f"`{parameter.name}` appears twice{also}. Write it once.")
        word = _word(text, at, parameter, names)
        values[parameter.name] = _value(word, parameter)
        at = _after(_BETWEEN, text, word.end)
    return values


def merged(parameters: Sequence[Parameter], options: Mapping[str, object], text: str) -> dict[str, object]:
    """The values of the options and those of `text`.

    Raises `GrammarError`, `UnknownName`, and `BadInput` for a name in both.
    """
    values = read(text, parameters)
    given: dict[str, object] = {}
    for name, value in options.items():
        parameter = find(parameters, name)
        if parameter.name in values:
            raise BadInput(f"`{name}` is set twice, as an option and in `{SET}`. Set it once.")
        hinted = isinstance(value, str) and parameter.kind is not Kind.STRING
        given[name] = without_hints(str(value)).strip() if hinted else value
    return {**given, **values}


def fields_in(text: str) -> tuple[dict[str, str], str]:
    """The branch, commit and project named in the text, and the rest of it. Raises `BadInput` for one named twice."""
    found: dict[str, str] = {}

    def take(match: re.Match[str]) -> str:
        if match["name"] is None:
            return match[0]
        name = match["name"].lower()
        if name in found:
            raise BadInput(f"`{name}` is set a second time. Set it once.")
        found[name] = match["value"]
        return ""

    return found, _FIELD.sub(take, plain(without_hints(_unquoted(text)))).strip()


def split(text: str) -> tuple[str, str]:
    """Text of another option, and what was typed after `set:` in it: the rest of the line, or the text in quotes."""
    text = straight_quotes(text)
    for match in _SET.finditer(text):
        if match["set"] is not None:
            rest = match["text"].strip()
            return f"{text[: match.start()].rstrip()} {text[match.end() :].lstrip()}".strip(), _unquoted(rest)
    return text, ""


def written(values: Mapping[str, Value]) -> str:
    """The text that `read` reads as these values."""
    return " ".join(f"{name}={typed_text(value)}" for name, value in values.items())


def without_hints(text: str) -> str:
    """Discord's app sometimes sends the name of a suggestion instead of its value, and always starts from the name if
    one types on: https://github.com/discord/discord-api-docs/issues/7206 and 7916."""
    return _HINT.sub(lambda match: match[0] if match[0].startswith('"') else " ", straight_quotes(text))


def _cleaned(text: str) -> str:
    if len(text) > LONGEST:
        raise GrammarError(f"`{SET}` has {len(text):,} characters; at most {LONGEST:,} fit. Use shorter values.")
    return plain(without_hints(_unquoted(text))).strip()


def _unquoted(text: str) -> str:
    """The text, which may be in quotes as a whole, before a hint."""
    text = without_hints(text).strip()
    return re.sub(r"\\(.)", r"\1", text[1:-1]) if re.fullmatch(QUOTED, text) else text


def _name(text: str, at: int) -> tuple[Word, int]:
    """The name, and where its value begins."""
    found = _NAME.match(text, at)
    if found is not None:
        return Word(found[1], text, *found.span(1)), found.end()
    end = max(at + 1, _after(re.compile(r"\S*"), text, at))
    if text.startswith(BEGIN_HINT, at):
        raise GrammarError("Remove this: it is the rest of a suggestion.", text, at, end)
    hint = " Put quotes around a value that contains a space." if at else ""
    raise GrammarError(f'Write "=" and a value after {quoted(text[at:end])}, as in {EXAMPLE}.{hint}', text, at, end)


def _parameter(name: Word, parameters: Sequence[Parameter]) -> Parameter:
    try:
        return find(parameters, name.text)
    except UnknownName as error:
        if (option := as_spelled(name.text, OTHER_OPTIONS)) in OTHER_OPTIONS:
            raise name.wrong(f"`{option}` is an option of the command. Write it outside `{SET}`.") from None
        inert = UnknownName("parameter", given=shortened(name.text), near=error.near, valid=error.valid)
        raise name.wrong(str(inert)) from None


def _word(text: str, start: int, parameter: Parameter, names: Collection[str]) -> Word:
    """The value that begins there."""
    end = _after(_VALUE, text, start)
    raw = text[start:end]
    if raw.startswith('"'):
        if not re.match(r"[\s,;]|$", text[end:]):
            raise GrammarError("Put quotes around the whole value, then a space.", text, end, end + 1)
        return Word(re.sub(r"\\(.)", r"\1", raw[1:-1]), text, start, end, quoted=True)
    if text[end : end + 1] == '"':
        message = (
            "Put quotes around the whole value." if raw else "These quotes are never closed. Add a quote at the end."
        )
        raise GrammarError(message, text, end, len(text))
    if parameter.kind is not Kind.STRING and raw not in parameter.choices:
        raw = re.split(r'[,;](?=[^\s=:,;"]+[=:])', raw, maxsplit=1)[0]
    word = Word(raw.rstrip(",;"), text, start, start + len(raw.rstrip(",;")))
    _check_next(word, parameter, names)
    return word


def _check_next(word: Word, parameter: Parameter, names: Collection[str]) -> None:
    """Find a missing value, and a next parameter that a stray comma made part of this value."""
    following = [part for part in re.findall(r'(?:^|[,;])([^\s=:,;"]+)[=:]', word.text) if part in names]
    if following and parameter.kind is Kind.STRING:
        advice = "Separate parameters with spaces, or put quotes around this value."
        raise word.wrong(f"`{parameter.name}`: {quoted(word.text)} looks like the next parameter. {advice}")
    if following or not word.text:
        raise word.wrong(f'`{parameter.name}` needs {parameter.expected} after "=".')


def _value(word: Word, parameter: Parameter) -> Value:
    try:
        return value_of(parameter, word)
    except GrammarError:
        if not word.quoted and ("," in word.text or DOTS in word.text):
            advice = f"{command_text('sweep')} takes several, in `space`"
            raise word.wrong(
                f"`{parameter.name}` takes one value here, {parameter.expected}, not {quoted(word.text)}. {advice}."
            ) from None
        raise


def _after(pattern: re.Pattern[str], text: str, start: int) -> int:
    found = pattern.match(text, start)
    return found.end() if found else start
