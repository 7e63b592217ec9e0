from pathlib import Path

import pytest

from trainer.contract import Env
from trainer.metrics import live


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv(Env.OUTPUT_DIR, str(tmp_path))
    return tmp_path / "metrics.csv"


def test_file_and_table_agree_after_each_row(file: Path) -> None:
    for row in ({"epoch": 1, "loss": 0.5}, {"epoch": 1, "val_loss": 0.6}, {"epoch": 2, "loss": 0.4}):
        live.add(row)
        assert file.read_text() == live.text()
    assert live.text() == "epoch,loss,val_loss\n1,0.5,0.6\n2,0.4,\n"


def test_complete_row_is_appended_without_rewriting_the_file(file: Path) -> None:
    live.add({"epoch": 1, "loss": 0.5})
    inode = file.stat().st_ino
    live.add({"epoch": 2, "loss": 0.4})
    assert file.stat().st_ino == inode


def test_restored_table_replaces_the_file(file: Path) -> None:
    live.add({"epoch": 1, "loss": 9.0})
    live.restore("epoch,loss\n1,0.5\n")
    live.add({"epoch": 2, "loss": 0.4})
    assert file.read_text() == "epoch,loss\n1,0.5\n2,0.4\n"
