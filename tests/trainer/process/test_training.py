import os
import signal
import subprocess
import threading
from pathlib import Path

import pytest

from tests.support.waiting import PATIENCE
from trainer.contract import ExitCode
from trainer.errors import Ended
from trainer.process.training import Command
from trainer.redaction import known


def run(script: str, folder: Path) -> tuple[int, list[bytes]]:
    lines: list[bytes] = []
    return Command(["sh", "-c", script], folder, os.environ, lines.append).wait(PATIENCE), lines


def test_output_of_both_streams_is_forwarded_in_order(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    code, lines = run("echo one; echo two >&2; printf three; exit 3", tmp_path)
    assert (code, lines) == (3, [b"one", b"two", b"three"])
    assert capfd.readouterr().out == "one\ntwo\nthree"


def test_secret_that_comes_in_two_parts_is_masked(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(known, "_secrets", [])
    monkeypatch.setattr(known, "_groups", {})
    known.hide("key-123")
    assert run("printf 'the key-'; sleep 0.3; printf '123 is it, the key'", tmp_path)[0] == 0
    assert capfd.readouterr().out == "the [redacted: known secret] is it, the key"


def test_command_runs_in_its_folder_without_input(tmp_path: Path) -> None:
    assert run("pwd; cat", tmp_path) == (0, [str(tmp_path).encode()])


def test_carriage_returns_end_lines(tmp_path: Path) -> None:
    assert run(r"printf '10%%\r20%%\r'", tmp_path)[1] == [b"10%", b"20%"]


def test_unfinished_line_is_forwarded_after_a_pause(tmp_path: Path) -> None:
    seen, lines = threading.Event(), []

    def on_line(line: bytes) -> None:
        lines.append(line)
        seen.set()

    command = Command(["sh", "-c", "printf 'epoch 1 ...'; exec sleep 60"], tmp_path, os.environ, on_line)
    assert seen.wait(PATIENCE)
    command.signal(signal.SIGTERM)
    assert (command.wait(PATIENCE), lines) == (143, [b"epoch 1 ..."])


def test_signal_reaches_the_whole_process_group(tmp_path: Path) -> None:
    script = "sleep 60 & echo $!; wait"
    started, lines = threading.Event(), []

    def on_line(line: bytes) -> None:
        lines.append(line)
        started.set()

    command = Command(["sh", "-c", script], tmp_path, os.environ, on_line)
    assert started.wait(PATIENCE)
    command.signal(signal.SIGKILL)
    assert command.wait(PATIENCE) == 137
    stat = Path(f"/proc/{int(lines[0])}/stat")
    assert not stat.exists() or stat.read_text().rpartition(")")[2].split()[0] == "Z"
    command.signal(signal.SIGTERM)


def test_wait_raises_when_its_time_is_over(tmp_path: Path) -> None:
    command = Command(["sleep", "60"], tmp_path, os.environ, lambda _: None)
    with pytest.raises(subprocess.TimeoutExpired):
        command.wait(0.01)
    command.signal(signal.SIGKILL)
    assert command.wait(PATIENCE) == 137


def test_missing_program_is_named(tmp_path: Path) -> None:
    with pytest.raises(Ended, match="Can't run 'pyhton': No such file or directory") as caught:
        Command(["pyhton"], tmp_path, os.environ, lambda _: None)
    assert caught.value.trouble.code is ExitCode.COMMAND_NOT_FOUND
