import json
import os
from pathlib import Path

import pytest

from trainer.metrics.sources import Sources


def started(code: Path, output: Path, pattern: str = "") -> Sources:
    sources = Sources(code, output, pattern)
    sources.begin()
    return sources


def test_content_is_empty_at_first(code: Path, output: Path) -> None:
    assert started(code, output).content() == b""


def test_file_in_the_commit_counts_only_once_it_changes(code: Path, output: Path) -> None:
    (code / "metrics.csv").write_text("loss\n1\n")
    sources = started(code, output)
    assert sources.content() == b""
    (code / "metrics.csv").write_text("loss\n1\n2\n")
    assert sources.content() == b"loss\n1\n2\n"


def test_pattern_of_the_project_comes_first(code: Path, output: Path) -> None:
    sources = started(code, output, "result/*.csv")
    (output / "metrics.csv").write_text("loss\n1\n")
    assert sources.content() == b"loss\n1\n"
    (code / "result").mkdir()
    (code / "result" / "walk.csv").write_text("reward\n5\n")
    assert sources.content() == b"reward\n5\n"


def test_pattern_matches_in_output_folder_and_as_absolute_path(code: Path, output: Path, tmp_path: Path) -> None:
    sources = started(code, output, "walk-*.csv")
    (output / "walk-1.csv").write_text("reward\n1\n")
    assert sources.content() == b"reward\n1\n"
    sources = started(code, output, str(tmp_path / "else.csv"))
    (tmp_path / "else.csv").write_text("reward\n2\n")
    assert sources.content() == b"reward\n2\n"


def test_newest_of_several_files_counts(code: Path, output: Path) -> None:
    sources = started(code, output, "*.csv")
    for name, at in (("2.csv", 2_000_000_000), ("1.csv", 2_000_000_001), ("3.csv", 2_000_000_000)):
        (code / name).write_text(f"loss\n{name[0]}\n")
        os.utime(code / name, (at, at))
    assert sources.content() == b"loss\n1\n"


def test_last_row_counts_once_the_command_has_ended(code: Path, output: Path) -> None:
    sources = started(code, output, "*.csv")
    (code / "m.csv").write_text("epoch,val\n1,90.5\n2,9")
    assert sources.content() == b"epoch,val\n1,90.5\n"
    sources.end(complete=False)
    assert sources.content() == b"epoch,val\n1,90.5\n", "it looks torn"
    sources.end(complete=True)
    assert sources.content() == b"epoch,val\n1,90.5\n2,9\n"


def test_printed_lines_come_before_a_table_with_a_common_name(code: Path, output: Path) -> None:
    sources = started(code, output)
    sources.add_line(b'@metrics {"epoch": 1, "loss": 0.5}')
    sources.add_line(b"@other")
    sources.add_line(b"\xff\xfe")
    (code / "metrics_old.csv").write_text("loss\n9\n")
    assert sources.content() == b"epoch,loss\n1,0.5\n"


def test_printed_lines_continue_an_earlier_attempts_table(code: Path, output: Path) -> None:
    (output / "metrics.csv").write_text("epoch,loss\n1,0.5\n2,0.25\n")
    sources = started(code, output)
    assert sources.content() == b""
    sources.add_line(b'@metrics {"epoch": 2, "loss": 0.3}')
    assert sources.content() == b"epoch,loss\n1,0.5\n2,0.3\n"


@pytest.mark.parametrize(
    "line",
    [
        '\r 80%|########  | 4/5 [00:04<00:01]@metrics {"epoch": 1, "val_accuracy": 81}',
        '[rank0]: @metrics {"epoch": 1, "val_accuracy": 81}',
        '2026-01-02 03:04:05,678 INFO train: @metrics {"epoch": 1, "val_accuracy": 81} (train.py:7)',
    ],
)
def test_row_is_found_anywhere_in_a_line(code: Path, output: Path, line: str) -> None:
    sources = started(code, output)
    for each in line.encode().splitlines():
        sources.add_line(each)
    assert sources.content() == b"epoch,val_accuracy\n1,81\n"


@pytest.mark.parametrize(
    ("now", "told"),
    [
        ("epoch,loss\n1,3\n2,2\n", []),
        ("epoch,loss\n1,3\n", []),
        ("epoch,loss\n1,3\n2,2\n3,1\n", ['@metrics {"epoch": 3, "loss": 1}']),
    ],
    ids=["restored", "restored to an older checkpoint", "continued by the code itself"],
)
def test_rows_of_an_earlier_attempt_are_not_told_again(code: Path, output: Path, now: str, told: list[str]) -> None:
    """A resumed run restores its table and may train for hours before its first new row."""
    (output / "metrics.csv").write_text("epoch,loss\n1,3\n2,2\n")
    emitted: list[str] = []
    sources = Sources(code, output, emit=emitted.append)
    sources.begin()
    (output / "metrics.csv").write_text(now)
    os.utime(output / "metrics.csv", (2_000_000_000, 2_000_000_000))
    sources.content()
    sources.end(complete=True)
    assert sources.content() == now.encode()
    assert emitted == told


def test_rows_that_a_framework_restores_from_its_checkpoint_are_not_told_again(code: Path, output: Path) -> None:
    """Hugging Face's trainer_state.json holds the whole history again, in the folder of the next checkpoint."""
    (output / "metrics.csv").write_text("loss,epoch,step\n3,0.5,1\n2.5,1,2\n")
    emitted: list[str] = []
    sources = Sources(code, output, emit=emitted.append)
    sources.begin()
    history = [{"epoch": 0.5, "loss": 3, "step": 1}, {"epoch": 1, "loss": 2.5, "step": 2}]
    history.append({"epoch": 1.5, "loss": 2, "step": 3})
    (code / "checkpoint-3").mkdir()
    (code / "checkpoint-3" / "trainer_state.json").write_text(json.dumps({"log_history": history}))
    assert sources.content().count(b"\n") == 4
    assert emitted == ['@metrics {"epoch": 1.5, "loss": 2, "step": 3}']
