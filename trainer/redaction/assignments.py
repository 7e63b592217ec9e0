"""Secrets that the name before them gives away: assignments, flags, rows of tables, pairs of a name and a value.

What is assigned counts if it looks random, so that `token: the`, `max_tokens=4096` and `password: required` stay. Names
and values are read as programs print them: shell, YAML, TOML, JSON, Python, XML, tables and command lines.
"""

import re
from collections.abc import Iterator, Mapping

from trainer.redaction.values import falls_apart, looks_secret
from trainer.redaction.views import Span

PASSWORD, SECRET = "password", "secret value"

_NAMES: Mapping[str, bool] = {
    **dict.fromkeys(("password", "passwd", "passphrase", "pwd", "pass"), True),
    **dict.fromkeys(("secret", "token", "credential", "key", "auth", "creds", "pat"), False),
}
"""What a name contains, in small letters, and whether it is a password, which people make up."""
_SERVICES = r"aws|azure|cohere|comet|datadog|dd|github|gitlab|hf|kaggle|mistral|openai|sentry|stripe|wandb"
_BEFORE: Mapping[str, re.Pattern[str]] = {
    "key": re.compile(
        r"(?:api|access|account|secret|private|auth|encryption|signing|client|master|service|subscription|licen[cs]e"
        r"|storage|shared|session|consumer|deploy|admin|write|hmac|fernet|app|jwt|cipher|bot"
        rf"|(?<![a-z])(?:{_SERVICES}))[ _-]?\Z"
    ),
    "pass": re.compile(
        r"(?<![a-z])(?:admin|amqp|basic|db|database|ftp|http|ldap|mail|mongo|mysql|pg|postgres|proxy|rabbitmq|redis|root"
        r"|smtp|ssh|sudo|user)[_-]?\Z"
    ),
    "auth": re.compile(r"(?<!o)\Z"),
    "pat": re.compile(rf"(?<![a-z])(?:git|gh|ado|azure_devops|personal|{_SERVICES})[_-]\Z"),
}
"""What a name must say before a word that stands for more than secrets: `cache_key`, `forward_pass`, `pattern`."""
_REACH = 24
_SUFFIX = r"(?i:(?:[_-]?(?:key|value|prod|dev|test|staging|b64|base64|str|string|hash|plain|text))?s?(?:_?\d{1,2})?)"
_OPENED = r"[bru]?\\{0,3}[\"'`]"
_CLOSED = r"\\{0,3}[\"'\])]{0,2}"
_SEPARATOR = _CLOSED + r"[ \t]{0,40}(?:=>|:=|==|->|[=:>]| is:?(?= ))[ \t]{0,4}"
_CELL = r"[ \t]{0,60}(?:[|\u2502\u2503\u2551]|\xe2\x94[\x82\x83]|\xe2\x95\x91|\t)[ \t]{0,60}"
"""Between the columns of a table, also as UTF-8 that is read byte by byte."""
_NEXT = r"\\{0,3}[\"']?[,;]?\s{1,60}\\{0,3}[\"']?(?i:value|secret_?string)\\{0,3}[\"']?\s{0,4}[:=]\s{0,4}"
"""Between `"name": "X_TOKEN"` and its value, as Kubernetes, ECS and Secrets Manager list them."""
_PAIR_BEGINS = re.compile(
    r"[Nn]ame\\{0,3}[\"']?\s{0,4}[:=]\s{0,4}\\{0,3}[\"']?(?P<name>[\w./-]{3,200})\\{0,3}[\"']?,?\s*\Z"
)
_INSIDE = r"[^\s\"'`,;<>(){}\[\]&|\\=:]"
_PREFIX = r"(?:base64:)?"

_QUOTED = re.compile(_SUFFIX + _SEPARATOR + _OPENED + rf"(?P<secret>{_PREFIX}[^\s\"'`\\]{{6,400}})")
_LISTED = re.compile(
    _SUFFIX + rf"\\{{0,3}}[\"'][)\]]?[ \t]{{0,4}},[ \t]{{0,4}}{_OPENED}(?P<secret>[^\s\"'`\\]{{6,400}})"
)
_PAIRED = re.compile(_SUFFIX + _NEXT + rf"(?:{_OPENED})?(?P<secret>[^\s\"'`\\]{{6,400}})")
_IN_CELL = re.compile(
    _SUFFIX
    + _CELL
    + r"(?P<secret>[^\s\"'`|\u2502\u2503\u2551]{6,400})(?=[ \t]{0,60}(?:[|\u2502\u2503\u2551\xe2\n]|\Z))"
)
_OF_SHELL = re.compile(_SUFFIX + r"=(?P<secret>(?:(?![&,;]\s?[\w.-]{1,40}[=:])[^\s\"'`\\]){6,400})")
"""`NAME=value`, where only white space or another name ends the value."""
_SIGN_INSIDE = rf"(?![&,;]\s?[\w.-]{{1,40}}[=:])[&,;:=|)\]}}](?=[&:=|]{{0,2}}{_INSIDE})"
_PLAIN = re.compile(_SUFFIX + _SEPARATOR + rf"(?P<secret>{_PREFIX}(?:{_INSIDE}|{_SIGN_INSIDE}){{6,400}})")
"""With signs inside that end a value elsewhere: passwords have signs of all kinds."""
_FLAG = re.compile(_SUFFIX + r"[ \t]+[\"']?(?P<secret>[^\s\"'`,;<>(){}\[\]&|\\-][^\s\"'`<>\\]{5,400})")
_FLAG_BEGINS = re.compile(r"(?<![\w-])--?[\w-]{0,40}\Z")
_SPACED = re.compile(_SUFFIX + r"[ \t]{1,40}(?P<secret>[^\s\"'`,;<>(){}\[\]|\\]{8,400})")
_GOES_ON = re.compile(r"[^\s\"'`<>,;&)\]}\\]{0,400}")
_ROW_BEGINS = re.compile(r"(?:^|[|\u2502\u2503\u2551\x82\x83\x91\t\n])[ \t]{0,40}[\w.-]{0,40}\Z")
_VARIABLE = re.compile(r"(?:[A-Z0-9]+_[A-Z0-9_]*|[A-Z]{2,}PASS(?:WORD)?)\Z")


def assigned_spans(text: str, lowered: str, words: str) -> Iterator[Span]:
    """Yield what is assigned to the names of secrets. `words` has all words of the text, in any order."""
    for name, password in _NAMES.items():
        if name in words:
            yield from _assigned(text, lowered, name, password=password)


def begins_pair(line: str) -> bool:
    """True for `name: X_TOKEN`, whose value comes with the next line."""
    match = _PAIR_BEGINS.search(line) if "ame" in line else None
    if match is None:
        return False
    lowered = match["name"].lower()
    return any(
        _is_name(name, lowered, at) and re.fullmatch(_SUFFIX, lowered[at + len(name) :]) is not None
        for name in _NAMES
        if (at := lowered.rfind(name)) >= 0
    )


def _assigned(text: str, lowered: str, name: str, *, password: bool) -> Iterator[Span]:
    at = lowered.find(name)
    while at >= 0:
        after = at + len(name)
        if _is_name(name, lowered, at):
            for match in _matches(text, at, after):
                begin, end = match.span("secret")
                if looks_secret(match["secret"].removeprefix("base64:"), password=password):
                    after = _GOES_ON.match(text, end).end()  # type: ignore[union-attr]  # it matches the empty string
                    yield begin, after, PASSWORD if password else SECRET
                    break
        at = lowered.find(name, after)


def _is_name(name: str, lowered: str, at: int) -> bool:
    before = _BEFORE.get(name)
    return before is None or before.search(lowered, max(0, at - _REACH), at) is not None


def _matches(text: str, at: int, after: int) -> Iterator[re.Match[str]]:
    """What may be the value, the likeliest first."""
    upper = text[at:after].isupper()
    for pattern in (_QUOTED, *([_OF_SHELL] if upper else []), _PLAIN, _LISTED, _PAIRED):
        if match := pattern.match(text, after):
            yield match
    if (match := _IN_CELL.match(text, after)) and _ROW_BEGINS.search(text, max(0, at - 80), at):
        yield match
    if _FLAG_BEGINS.search(text, max(0, at - 44), at) and (match := _FLAG.match(text, after)):
        yield match
    if (match := _SPACED.match(text, after)) and (
        falls_apart(match["secret"]) or (upper and _VARIABLE.search(text, max(0, at - 40), after))
    ):
        yield match
