import os
import sys

import pytest

from trainer.process import console
from trainer.redaction import known


@pytest.fixture(autouse=True)
def no_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(known, "_secrets", [])
    monkeypatch.setattr(known, "_groups", {})


def test_log_masks_secrets_and_marks_its_lines(capfd: pytest.CaptureFixture[str]) -> None:
    known.hide("secret-token")
    console.log("git says: secret-token is wrong")
    assert capfd.readouterr().out == "signalbox: git says: [redacted: known secret] is wrong\n"


def test_line_of_any_kind_is_written_without_secrets(capfd: pytest.CaptureFixture[str]) -> None:
    console.emit('@metrics {"loss of ghp_0123456789ABCDEFGHIJabcdefghij012345": 0.5}')
    assert capfd.readouterr().out == '@metrics {"loss of [redacted: GitHub token]": 0.5}\n'


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
