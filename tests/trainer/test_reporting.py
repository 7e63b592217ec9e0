import io
import pickle
import subprocess
import sys
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

import trainer
from trainer import reporting
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


@pytest.mark.parametrize("value", ["much", None, [1.0, 2.0], np.array([1.0, 2.0]), 1j, 10**400, {}, object()])
def test_value_that_is_no_number_is_left_out_and_said_once(
    output: Path, value: object, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """thunder 48, optuna-integration 119: one None ended a training of hours."""
    monkeypatch.setattr(reporting, "_left_out", set[str]())
    for epoch in (1, 2):
        trainer.report(epoch=epoch, val_accuracy=81.0, grad_norm=value)  # type: ignore[arg-type]
    trainer.report(grad_norm=value)  # type: ignore[arg-type]
    assert (output / "metrics.csv").read_text() == "epoch,val_accuracy\n1,81.0\n2,81.0\n"
    assert capsys.readouterr().out.count("signalbox: report(grad_norm=…): ") == 1


@pytest.mark.parametrize(
    ("value", "cell"), [(np.array([[0.5]]), "0.5"), (np.bool_(True), "1"), ("0.5", "0.5"), (float("nan"), "nan")]
)
def test_one_number_in_any_shape_is_reported(output: Path, value: object, cell: str) -> None:
    trainer.report(loss=value)  # type: ignore[arg-type]
    assert (output / "metrics.csv").read_text() == f"loss\n{cell}\n"


def test_tensors_with_one_element_are_reported(output: Path) -> None:
    torch = pytest.importorskip("torch")
    trainer.report(loss=torch.tensor([0.5], requires_grad=True), part=torch.tensor(2, dtype=torch.int8))
    assert (output / "metrics.csv").read_text() == "loss,part\n0.5,2\n"


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


def test_row_begins_a_line_of_its_own_below_an_open_progress_bar(
    output: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """skypilot 281: behind a bar the mark was not at the start of its line, and the row was lost."""
    with pytest.importorskip("tqdm").tqdm(total=2, file=io.StringIO()):
        trainer.report(epoch=1, loss=0.5)
    trainer.report(epoch=2, loss=0.25)
    assert capsys.readouterr().out == '\n@metrics {"epoch": 1, "loss": 0.5}\n@metrics {"epoch": 2, "loss": 0.25}\n'
