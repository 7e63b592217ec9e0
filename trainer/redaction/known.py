"""Secrets that this process knows by value: a job's own, the bot's token. Also as other programs write them."""

import base64
import json
import re
from urllib.parse import quote, quote_plus

KIND = "known secret"
_MARK = f"[redacted: {KIND}]"
_SHORTEST = 4
"""Characters. Shorter texts, such as the braces of a JSON key, are everywhere: masking them would spoil the log."""
_SHORTEST_ENCODED = 8
OWN = 16
"""Characters of a bot's own secrets: its token has about 70, AWS's keys 40. Those of stand-ins are words, as `test`."""
_groups: dict[str, set[str]] = {}
_secrets: list[str] = []
"""All forms of all groups, the longest first. A process has one set of secrets, whoever prints them."""


def hide(secret: str, *, name: str = "", shortest: int = _SHORTEST) -> None:
    """Replace this text from now on, each of its lines, and its usual encodings, unless it is shorter.

    Of those with a `name`, the last two are known: the credentials of a role change every few hours.
    Output is read as Latin-1, one character for each byte, so the text is known in that form, too.
    """
    forms = set[str]()
    for text in (secret, *secret.splitlines()):
        if len(text) >= shortest:
            forms |= {text, text.encode(errors="surrogateescape").decode("latin-1"), *_encoded(text)}
    if name in _groups:
        _groups[f"{name}, before"] = _groups[name]
    _groups[name or secret] = forms
    _secrets[:] = sorted(set[str]().union(*_groups.values()), key=len, reverse=True)


def knows(secret: str) -> bool:
    return secret in _secrets


def redact(text: str) -> str:
    """Replace the known secrets."""
    for secret in _secrets:
        if secret in text:
            text = text.replace(secret, _MARK)
    return text


def spans(text: str) -> list[tuple[int, int, str]]:
    """Where the known secrets are in a view of a text, which is not that text itself."""
    return [
        (match.start(), match.end(), KIND) for s in _secrets if s in text for match in re.finditer(re.escape(s), text)
    ]


def begun(text: str) -> int:
    """Count the characters at the end that may be the beginning of a known secret, whose rest has not arrived yet."""
    most = 0
    for secret in _secrets:
        for size in range(min(len(secret) - 1, len(text)), most, -1):
            if text.endswith(secret[:size]):
                most = size
                break
    return most


def _encoded(text: str) -> set[str]:
    """The text in JSON, in a URL, in hexadecimal digits and in base64.

    Inside a longer text it begins at one of three places of base64; what depends on its neighbours is left out.
    """
    if len(text) < _SHORTEST_ENCODED:
        return set()
    data = text.encode(errors="surrogateescape")
    forms = {quote(data, safe=""), quote(data), quote_plus(data), json.dumps(text)[1:-1], repr(text)[1:-1], data.hex()}
    for before in range(3):
        after = -(before + len(data)) % 3
        for encode in (base64.b64encode, base64.urlsafe_b64encode):
            whole = encode(b"\0" * before + data + b"\0" * after).decode()
            forms.add(whole[(0, 2, 3)[before] : len(whole) - (0, 2, 3)[after] or None])
    return forms
