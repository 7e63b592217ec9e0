from pathlib import Path

import typer
from typer.testing import CliRunner

from bench.redaction.__main__ import main


def test_changed_lines_are_counted_and_shown(tmp_path: Path) -> None:
    log = tmp_path / "train.log"
    log.write_text("epoch 1\n" * 9_999 + "token ghp_0123456789ABCDEFGHIJabcdefghij012345\n")
    app = typer.Typer()
    app.command()(main)
    printed = CliRunner().invoke(app, [str(log)]).output
    assert "10,000 lines      1 changed" in printed
    assert "10.00 in 100,000" in printed
    assert "-> token [redacted: GitHub token]" in printed
    assert "GitHub token: 1" in printed
