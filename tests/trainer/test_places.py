from pathlib import Path

import pytest

from trainer.contract import Env
from trainer.places import control_dir, output_dir, write_atomically


def test_output_folder_is_created(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(Env.OUTPUT_DIR, str(tmp_path / "a" / "b"))
    assert output_dir() == tmp_path / "a" / "b"
    assert output_dir().is_dir()


def test_script_run_by_hand_uses_a_local_output_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in (Env.OUTPUT_DIR, Env.CONTROL_DIR):
        monkeypatch.delenv(name, raising=False)
    assert output_dir() == Path("output")
    assert control_dir() is None


def test_file_is_replaced_as_a_whole(tmp_path: Path) -> None:
    path = tmp_path / "metrics.csv"
    path.write_bytes(b"old")
    with path.open("rb") as reader:
        write_atomically(path, b"new")
        assert reader.read() == b"old"
    assert path.read_bytes() == b"new"
    assert list(tmp_path.iterdir()) == [path]


def test_failed_write_keeps_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "metrics.csv"
    path.write_bytes(b"old")

    def fail(*_: object) -> None:
        raise OSError("No space left on device")

    monkeypatch.setattr(Path, "replace", fail)
    with pytest.raises(OSError, match="No space left"):
        write_atomically(path, b"new")
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]
