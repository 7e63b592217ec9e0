"""The bot's own log, as it comes out."""

import json
import logging
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
import structlog

from bot import logging_setup
from trainer.redaction import known

TOKEN = "ghp_0123456789ABCDEFGHIJabcdefghij012345"
OWN = "a-value-that-only-the-bot-knows-1"


@pytest.fixture(autouse=True)
def as_before(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(known, "_secrets", [])
    monkeypatch.setattr(known, "_groups", {})
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.reset_defaults()


@dataclass
class Holder:
    secret: str


def _logged(capsys: pytest.CaptureFixture[str], form: str, *arguments: object, **values: object) -> str:
    logging_setup.configure("info", form)  # type: ignore[arg-type]
    structlog.get_logger().error(*arguments, **values)
    return capsys.readouterr().err


def _fail(words: str) -> None:
    raise ValueError(words)


@pytest.mark.parametrize("form", ["json", "console"])
@pytest.mark.parametrize("secret", [TOKEN, OWN])
def test_secret_is_in_no_part_of_an_event(form: str, secret: str, capsys: pytest.CaptureFixture[str]) -> None:
    known.hide(OWN, shortest=known.OWN)
    deep: object = secret
    for _ in range(40):
        deep = {"x": [deep]}
    text = _logged(
        *(capsys, form, f"event {secret}"),
        **{
            f"key {secret}": 1,
            "nested": {"list": [{"t": (secret, {secret})}], secret: secret, 3: secret},
            "raw": b"bytes " + secret.encode(),
            "error": ValueError(f"not {secret}"),
            "object": Holder(secret),
            "deep": deep,
            "type": type(secret, (), {}),
        },
    )
    assert secret not in text
    assert text.count("[redacted: ") >= 10
    if form == "json":
        json.loads(text)


@pytest.mark.parametrize("form", ["json", "console"])
def test_value_is_replaced_if_its_key_names_a_secret(form: str, capsys: pytest.CaptureFixture[str]) -> None:
    key = "3f2a9c0d7b1e48565a0c9d8e7f6b5a4c3d2e1f00"
    deep = {"x": [{"wandb_api_key": key}, {"token": (key.encode(),)}]}
    assert key not in _logged(capsys, form, "event", api_key=key, options=deep)
    assert key in _logged(capsys, form, "event", commit=key)


@pytest.mark.parametrize("form", ["json", "console"])
def test_secret_is_in_no_traceback_and_no_line_of_a_library(form: str, capsys: pytest.CaptureFixture[str]) -> None:
    logging_setup.configure("info", form)  # type: ignore[arg-type]
    try:
        _fail(TOKEN)
    except ValueError as error:
        structlog.get_logger().exception("failed", why=error)
        logging.getLogger("library").exception("%s failed", TOKEN)
    logging.getLogger("library").warning("got %s", TOKEN, stack_info=True)
    text = capsys.readouterr().err
    assert TOKEN not in text
    assert text.count("[redacted: GitHub token]") == 5


def test_plain_values_stay_as_they_are(capsys: pytest.CaptureFixture[str]) -> None:
    event = json.loads(_logged(capsys, "json", "event", count=3, ratio=0.5, none=None, yes=True, names=["a", "b"]))
    assert [event[key] for key in ("count", "ratio", "none", "yes", "names")] == [3, 0.5, None, True, ["a", "b"]]


def test_console_shows_control_characters_instead_of_obeying_them(capsys: pytest.CaptureFixture[str]) -> None:
    text = _logged(capsys, "console", "a\x1b[2Jb\nforged", value="\x9b31m\r\u202etext", **{"k\x1b": 1})
    assert not set(text[:-1]) & set("\x1b\x9b\r\n\u202e")
    assert r"a\x1b[2Jb\nforged" in text


def test_console_keeps_the_lines_of_a_traceback(capsys: pytest.CaptureFixture[str]) -> None:
    logging_setup.configure("info", "console")
    try:
        _fail("\x1b[31mred")
    except ValueError:
        structlog.get_logger().exception("failed")
    text = capsys.readouterr().err
    assert "\x1b" not in text
    assert "\nTraceback (most recent call last):\n" in text
