import html
import json
import random
from collections.abc import Callable
from urllib.parse import quote

import pytest

from trainer.redaction.redact import redact
from trainer.redaction.views import View, unescaped, unhidden

TOKEN = "ghp_0123456789ABCDEFGHIJabcdefghij012345"
MARK = "[redacted: GitHub token]"
PASSWORD = "tr0ub4dor/3"


@pytest.mark.parametrize(
    "between",
    ["\x1b[1m", "\x1b[38;5;1m", "\\u001b[31m", "\x1b]8;;\x07", "\u200b", "\u2066", "\x00", "\b", "\xad", "\ufeff"],
)
def test_token_with_something_invisible_inside_is_replaced_with_it(between: str) -> None:
    assert redact(f"a {TOKEN[:9]}{between}{TOKEN[9:]} b") == f"a {MARK} b"
    as_bytes = f"a {TOKEN[:9]}{between}{TOKEN[9:]} b".encode().decode("latin-1")
    assert redact(as_bytes) == f"a {MARK} b", "as the entrypoint reads it"


@pytest.mark.parametrize(
    "write",
    [
        json.dumps,
        lambda text: json.dumps(json.dumps(text)),
        lambda text: json.dumps(text).replace("/", "\\/"),
        lambda text: json.dumps(text).replace("=", "\\u003d").replace('\\"', "\\u0022"),
        repr,
        lambda text: repr(repr(text)),
        lambda text: quote(text, safe=""),
        lambda text: quote(quote(text, safe=""), safe=""),
        html.escape,
        lambda text: html.escape(html.escape(text)),
    ],
)
@pytest.mark.parametrize(
    "text", [f'{{"password": "{PASSWORD}"}}', f"https://mika:{PASSWORD}@host/x", f"DB_PASSWORD={PASSWORD} LANG=C"]
)
def test_secret_is_replaced_however_other_programs_write_the_text(text: str, write: Callable[[str], str]) -> None:
    shown = redact(write(text))
    assert "tr0ub4dor" not in shown
    assert "[redacted: password" in shown


def test_an_escaped_backslash_belongs_to_the_password() -> None:
    assert redact(r'{"password": "ab\\cd!1xyz", "x": 1}') == '{"password": "[redacted: password]", "x": 1}'


@pytest.mark.parametrize(
    "line",
    [
        "Preparing to unpack .../passwd_1%3a4.13+dfsg1-1+deb12u2_amd64.deb ...",
        "C:\\new\\table\\token.py",
        "100%|##########| 20/20 [00:01<00:00, 9.8it/s]",
        "a &amp; b &lt;c&gt; %20 \\u00e9",
    ],
)
def test_escapes_without_a_secret_stay(line: str) -> None:
    assert redact(line) == line


def test_text_without_escapes_has_no_other_view() -> None:
    assert unhidden("epoch 1\tloss 0.5\r\n") is None
    assert unescaped("epoch 1 12%| a & b") is None


def test_place_in_a_view_leads_back_to_the_same_characters() -> None:
    numbers = random.Random(7)
    for _ in range(300):
        pieces = numbers.choices(["a", "bc", "\x1b[1m", "\u200b", '\\"', "\\\\\\/", "%3D", "&amp;quot;", "\\n"], k=12)
        text = "".join(pieces)
        for make in (unhidden, unescaped):
            view = make(text)
            for index, character in enumerate(view.text if view else ""):
                assert isinstance(view, View)
                [(begin, end, _)] = view.original([(index, index + 1, "x")])
                assert text[begin:end] == character or len(text[begin:end]) > 1
                assert begin < end <= len(text)
            if view:
                assert view.original([(0, len(view.text), "x")])[0][1] <= len(text)
