import os
import sys

import pytest

from trainer.process import console


@pytest.fixture(autouse=True)
def no_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(console, "_secrets", set())


def test_log_masks_secrets_and_marks_its_lines(capfd: pytest.CaptureFixture[str]) -> None:
    console.hide("secret-token")
    console.log("git says: secret-token is wrong")
    assert capfd.readouterr().out == "signalbox: git says: *** is wrong\n"


def test_empty_secret_masks_nothing() -> None:
    console.hide("")
    assert console.masked("text") == "text"


def test_output_of_the_command_is_masked() -> None:
    for secret in ("key-123", "key-123-long", "no", '{\n"private": 1\n}'):
        console.hide(secret)
    assert console.masked_output(b"no: key-123-long and key-123") == b"no: *** and ***"
    assert console.masked_output(b'"private": 1') == b"***"


def test_beginning_of_a_secret_is_held_back() -> None:
    console.hide("key-123")
    assert [console.held_back(text) for text in (b"", b"loss k", b"loss key-12", b"key-123", b"loss")] == [
        0,
        1,
        6,
        0,
        0,
    ]


def test_write_keeps_the_order_of_printed_text(capfd: pytest.CaptureFixture[str]) -> None:
    sys.stdout.write("printed before\n")
    console.write(b"written\n")
    assert capfd.readouterr().out == "printed before\nwritten\n"


def test_write_survives_a_reader_that_has_gone(monkeypatch: pytest.MonkeyPatch) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    with os.fdopen(writer, "w") as output:
        monkeypatch.setattr(sys, "stdout", output)
        console.write(b"text\n")
