import subprocess
import threading
from pathlib import Path

import pytest

from tests.support.waiting import PATIENCE
from trainer.process.tools import Output, Programs


def test_output_and_exit_code_are_returned(tmp_path: Path) -> None:
    script = "pwd; echo $NAME; echo problem >&2; exit 3"
    output = Programs().run(["sh", "-c", script], cwd=tmp_path, environment={"NAME": "value"})
    assert output == Output(3, f"{tmp_path}\nvalue\n", "problem\n")


def test_program_killed_by_signal_has_code_128_plus_signal() -> None:
    assert Programs().run(["sh", "-c", "kill -9 $$"]).code == 137


def test_missing_program_raises_file_not_found() -> None:
    with pytest.raises(FileNotFoundError):
        Programs().run(["no-such-program"])


def test_program_that_takes_too_long_is_killed() -> None:
    with pytest.raises(subprocess.TimeoutExpired):
        Programs().run(["sleep", "60"], timeout=0.01)


def test_end_kills_running_programs_and_all_later_ones(tmp_path: Path) -> None:
    programs, codes = Programs(), []
    script = f"echo > {tmp_path}/started; sleep 60"
    thread = threading.Thread(target=lambda: codes.append(programs.run(["sh", "-c", script]).code))
    thread.start()
    while not (tmp_path / "started").exists():
        thread.join(0.01)
    programs.end()
    thread.join(PATIENCE)
    assert codes == [137]
    assert programs.run(["sleep", "60"]).code == 137
