"""Secrets that only their surroundings give away: assignments, flags, headers, addresses.

What is assigned counts if it looks random, so that `token: the`, `max_tokens=4096` and `password: required` stay. Names
and values are read as programs print them: shell, YAML, JSON, Python, XML, netrc and command lines.
"""

import re
from collections.abc import Iterator, Mapping
from math import log2

from trainer.redaction.rule import changes
from trainer.redaction.views import Span
from trainer.redaction.wording import falls_by_chance, reads_like_words

PASSWORD, SECRET, HEADER, URL, COOKIE = (
    "password",
    "secret value",
    "authorization header",
    "password in a URL",
    "cookie",
)

_NAMES: Mapping[str, bool] = {
    **dict.fromkeys(("password", "passwd", "passphrase", "pwd"), True),
    **dict.fromkeys(("secret", "token", "credential", "key", "auth"), False),
}
"""What a name contains, in small letters, and whether it is a password, which people make up."""
_KEY_OF = re.compile(
    r"(?:api|access|account|secret|private|auth|encryption|signing|client|master|service|subscription|licen[cs]e|storage"
    r"|kaggle|shared|session|consumer|deploy|admin|write|license)[ _-]?\Z"
)
_SUFFIX = r"(?:[_-]?(?:key|value|prod|dev|test|staging|b64|base64|str|string))?s?_?\d{0,2}"
_SEPARATOR = r"\\{0,3}[\"'\])]{0,2}[ \t]{0,4}(?:=>|:=|==|[=:>]| is:?(?= ))[ \t]{0,4}"
_QUOTED = re.compile(_SUFFIX + _SEPARATOR + r"[bru]?\\{0,3}[\"'`](?P<secret>[^\s\"'`\\]{6,400})")
_PLAIN = re.compile(_SUFFIX + _SEPARATOR + r"(?P<secret>[^\s\"'`,;<>(){}\[\]&|\\=:]{6,400}={0,2})")
_FLAG = re.compile(_SUFFIX + r"[ \t]+[\"']?(?P<secret>[^\s\"'`,;<>(){}\[\]&|\\-][^\s\"'`,;<>(){}\[\]&|\\]{5,400})")
_FLAG_BEGINS = re.compile(r"(?<![\w-])--?[\w-]{0,40}\Z")
_GOES_ON = re.compile(r"[^\s\"'`<>,;&)\]}\\]{0,400}")
_NETRC = re.compile(
    r"login[ \t]{1,4}[^\s]{1,100}[ \t]{1,4}password[ \t]{1,4}(?P<secret>[^\s\"']{4,200})", re.IGNORECASE
)

# RFC 9110, 11.4: a scheme, a space, the credentials. https://www.rfc-editor.org/rfc/rfc9110#section-11.4
_HEADER = re.compile(
    r"(?:Proxy-)?Authorization\\{0,3}[\"'\]]{0,2}[ \t]{0,3}[:=,][ \t]{0,3}[bru]?\\{0,3}[\"'`]?(?:"
    r"(?:Bearer|Basic|Token|Bot|ApiKey|Negotiate|NTLM)[ \t]{1,3}(?P<secret>[^\s\"'`\\,]{4,4000})"
    r"|(?:Digest|AWS4-HMAC-SHA256)[ \t]{1,3}(?P<fields>[^\n\"'`\\]{4,2000}))",
    re.IGNORECASE,
)
_BEARER = re.compile(r"bearer[ \t:]{1,3}(?P<secret>[A-Za-z0-9._~+/-]{16,4000}={0,2})", re.IGNORECASE)
_COOKIE = re.compile(
    r"cookie\\{0,3}[\"']?[ \t]?:[ \t]{0,3}\\{0,3}[\"']?(?P<secret>[\w.-]{1,100}=[^\n\"'\\]{6,4000})", re.IGNORECASE
)
# RFC 3986, 3.2.1: the user's name and the password end at the last @ before the path.
# https://www.rfc-editor.org/rfc/rfc3986#section-3.2.1
_IN_URL = re.compile(
    r"://(?:[^\s/:@\[\"'<>]{0,200}:(?!\d{1,5}[/?#\s])(?P<secret>[^\s/\"'<>]{1,300}|[^\s@\"'<>]{1,300})@"
    r"|(?P<user>[A-Za-z0-9_.~%-]{20,300})@)"
)

_PLACEHOLDER = re.compile(
    r"[*xX.•]{4,}|\$|%[(\w]|\{|<|\[redacted|your[_-]|example|changeme|none\b|null\b|true\b|false\b", re.IGNORECASE
)
_TEMPLATE = re.compile(r"\{[^}]*\}|\*+|\$\w+|\$\{\w+\}|%\(?\w*\)?s|pass(?:word)?", re.IGNORECASE)
"""A whole password in an address that stands for another one."""
_PATH = re.compile(r"(?:[A-Za-z]:|~|\.{1,2})?[/\\][\w. -]*[/\\]|\.{1,2}/|~/")
_CODE = re.compile(r"[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)+\Z|[A-Za-z_-]+\Z")

_RUN = re.compile(r"[A-Za-z0-9]+")
_SHORTEST_FILE = 15
"""Characters of a name with a dot that may be a token and a suffix: `os.environ` and `a1.b2` are code."""
_HEXADECIMAL = re.compile(r"(?=[0-9]*[a-f])(?=[a-f]*[0-9])[0-9a-f]{20,}|(?=[0-9]*[A-F])(?=[A-F]*[0-9])[0-9A-F]{20,}")


def context_spans(text: str, lowered: str, words: str) -> Iterator[Span]:
    """Yield the secrets in a text. `lowered` is the text in small letters; `words` has all its words, in any order."""
    if "@" in text and "://" in text:
        yield from _found(_IN_URL, text, URL)
    for word, pattern, kind in (
        ("authorization", _HEADER, HEADER),
        ("bearer", _BEARER, HEADER),
        ("cookie", _COOKIE, COOKIE),
        ("login", _NETRC, PASSWORD),
    ):
        if word in words:
            yield from _found(pattern, text, kind)
    for name, password in _NAMES.items():
        if name in words:
            yield from _assigned(text, lowered, name, password=password)


def _found(pattern: re.Pattern[str], text: str, kind: str) -> Iterator[Span]:
    for match in pattern.finditer(text):
        for group in pattern.groupindex:
            if match[group] is None or _TEMPLATE.fullmatch(match[group]):
                continue
            if kind != HEADER or _plausible(pattern, match[group]):
                yield (*match.span(group), kind)


def _plausible(pattern: re.Pattern[str], secret: str) -> bool:
    """After `bearer` alone, anything may follow."""
    return pattern is _HEADER or any(map(str.isdigit, secret))


def _assigned(text: str, lowered: str, name: str, *, password: bool) -> Iterator[Span]:
    at = lowered.find(name)
    while at >= 0:
        after = at + len(name)
        if name != "key" or _KEY_OF.search(lowered, max(0, at - 14), at):
            match = _QUOTED.match(text, after) or _PLAIN.match(text, after) or _flag(text, at, after)
            if match is not None:
                begin, end = match.span("secret")
                if looks_secret(match["secret"], password=password):
                    after = _GOES_ON.match(text, end).end()  # type: ignore[union-attr]  # it matches the empty string
                    yield begin, after, PASSWORD if password else SECRET
                elif match.re is not _QUOTED:
                    after = end
        at = lowered.find(name, after)


def _flag(text: str, at: int, after: int) -> re.Match[str] | None:
    """`--api-key VALUE`."""
    return _FLAG.match(text, after) if _FLAG_BEGINS.search(text, max(0, at - 44), at) else None


def looks_secret(value: str, *, password: bool) -> bool:
    """True for what is no placeholder, path or name, and is mixed enough: people's passwords less than keys."""
    value = value.rstrip(".,;:!?")
    if _PLACEHOLDER.match(value) or value.endswith("/aws4_request") or _is_path(value) or _is_name(value):
        return False
    digits = any(map(str.isdigit, value))
    if password:
        return len(value) >= 6 and (digits or not value.replace("_", "").isalnum()) and not _is_number(value)
    if len(value) < 8 or _entropy(value) < 2.8:
        return False
    return changes(value) >= max(3, len(value) // 8) or falls_by_chance(value) or bool(_HEXADECIMAL.match(value))


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
    by_chance = len(value) >= 20 and changes(value) > len(value) // 3
    digits = len(run) >= 20 and sum(map(str.isdigit, run)) > len(run) // 4
    return not (by_chance or digits) and reads_like_words(value)


def _is_number(value: str) -> bool:
    return re.fullmatch(r"[\d.,:/%eE+-]+", value) is not None


def _entropy(value: str) -> float:
    """Bits per character."""
    counts = [value.count(character) for character in set(value)]
    return -sum(count / len(value) * log2(count / len(value)) for count in counts)
