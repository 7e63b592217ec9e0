"""Secrets in headers, cookies, addresses and files for logins: their places give them away."""

import re
from collections.abc import Iterator

from trainer.redaction.assignments import PASSWORD
from trainer.redaction.views import Span

HEADER, URL, COOKIE = "authorization header", "password in a URL", "cookie"

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

_TEMPLATE = re.compile(r"\{[^}]*\}|\*+|\$\w+|\$\{\w+\}|%\(?\w*\)?s|pass(?:word)?", re.IGNORECASE)
"""A whole password in an address that stands for another one."""


def context_spans(text: str, words: str) -> Iterator[Span]:
    """Yield the secrets in a text. `words` has all its words, in any order."""
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
