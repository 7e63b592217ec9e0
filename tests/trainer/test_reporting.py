import pickle
import subprocess
import sys
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

import trainer
from trainer.contract import Env, parse_metrics


@pytest.fixture(autouse=True)
def output(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv(Env.OUTPUT_DIR, str(tmp_path / "output"))
    monkeypatch.delenv(Env.CONTROL_DIR, raising=False)
    return tmp_path / "output"


def test_report_writes_a_line_and_a_row(output: Path, capsys: pytest.CaptureFixture[str]) -> None:
    trainer.report(epoch=1, epochs=2, train_loss=0.5)
    trainer.report(epoch=2, epochs=2, train_loss=0.25)
    lines = capsys.readouterr().out.splitlines()
    assert [parse_metrics(line) for line in lines] == [
        {"epoch": 1, "epochs": 2, "train_loss": 0.5},
        {"epoch": 2, "epochs": 2, "train_loss": 0.25},
    ]
    assert (output / "metrics.csv").read_text() == "epoch,train_loss\n1,0.5\n2,0.25\n"


def test_all_kinds_of_numbers_are_accepted(output: Path) -> None:
    trainer.report(epoch=np.int64(1), loss=np.float32(0.5), part=Fraction(1, 4), yes=True)
    assert (output / "metrics.csv").read_text() == "epoch,loss,part,yes\n1,0.5,0.25,1\n"


@pytest.mark.parametrize("value", ["much", None, [1.0, 2.0]])
def test_value_that_is_no_number_is_refused_by_name(value: object) -> None:
    with pytest.raises(TypeError, match=r"report\(loss=.*must be a number"):
        trainer.report(loss=value)  # type: ignore[arg-type]


def test_loading_a_checkpoint_restores_its_table(output: Path) -> None:
    for epoch in (1, 2):
        trainer.report(epoch=epoch, loss=1 / epoch)
        trainer.checkpoint.save({"epoch": epoch})
    trainer.report(epoch=3, loss=0.1)

    assert trainer.checkpoint.load() == {"epoch": 2}
    assert (output / "metrics.csv").read_text() == "epoch,loss\n1,1.0\n2,0.5\n"
    trainer.report(epoch=3, loss=0.25)
    assert (output / "metrics.csv").read_text() == "epoch,loss\n1,1.0\n2,0.5\n3,0.25\n"


def test_new_process_that_starts_over_replaces_the_table(output: Path) -> None:
    output.mkdir()
    (output / "metrics.csv").write_text("epoch,loss\n1,9.0\n2,8.0\n")
    trainer.report(epoch=1, loss=0.5)
    assert (output / "metrics.csv").read_text() == "epoch,loss\n1,0.5\n"


def test_load_without_a_checkpoint_is_none() -> None:
    assert trainer.checkpoint.load() is None


@pytest.mark.parametrize("garbage", [b"", b"garbage", b"PK garbage", pickle.dumps({"foreign": 1})])
def test_unreadable_checkpoint_falls_back_to_the_one_before(
    output: Path, garbage: bytes, capsys: pytest.CaptureFixture[str]
) -> None:
    trainer.report(epoch=1, loss=0.5)
    trainer.checkpoint.save({"epoch": 1})
    (output / "checkpoint.pt").rename(output / "checkpoint.previous.pt")
    (output / "checkpoint.pt").write_bytes(garbage)
    assert trainer.checkpoint.load() == {"epoch": 1}
    assert "checkpoint.pt cannot be read" in capsys.readouterr().out


def test_checkpoint_is_wanted_after_the_notice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert not trainer.checkpoint.wanted()
    monkeypatch.setenv(Env.CONTROL_DIR, str(tmp_path))
    assert not trainer.checkpoint.wanted()
    (tmp_path / "notice").touch()
    assert trainer.checkpoint.wanted()


def test_report_waits_until_the_checkpoint_is_stored(
    tmp_path: Path, output: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(Env.CONTROL_DIR, str(tmp_path))
    trainer.checkpoint.save({"epoch": 1})
    waits = []

    def store(seconds: float) -> None:
        waits.append(seconds)
        if len(waits) == 3:
            (tmp_path / "safe").write_text(trainer.checkpoint.fingerprint(output / "checkpoint.pt"))

    monkeypatch.setattr("trainer.checkpoint.time.sleep", store)
    trainer.report(epoch=2, loss=0.5)
    assert len(waits) == 3
    trainer.report(epoch=3, loss=0.5)
    assert len(waits) == 3


def test_import_is_cheap() -> None:
    code = "import sys, trainer, trainer.contract; print({'torch', 'numpy', 'boto3', 'botocore'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
