"""Checkpoints in the manner of Lightning (a file), and of Hugging Face (a folder for each)."""

import json
import os
from pathlib import Path
from typing import Any

import pytest

from trainer.contract import RESUME_JSON
from trainer.keep_patterns import Patterns
from trainer.storage.bucket import Bucket, BucketTrouble
from trainer.storage.own_checkpoints import OwnCheckpoints


class Host:
    """A machine with its own folders."""

    def __init__(self, bucket: Bucket, folder: Path, *patterns: str) -> None:
        self.code, self.output = folder / "code", folder / "output"
        for each in (self.code, self.output):
            each.mkdir(parents=True)
        self.checkpoints = OwnCheckpoints(bucket, self.code, self.output, Patterns(patterns))

    def start(self) -> Path | None:
        restored = self.checkpoints.restore()
        self.checkpoints.begin()
        return restored


def write(path: Path, content: str, at: float) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content)
    os.utime(path, (at, at))


def test_newest_file_comes_back_in_its_place(bucket: Bucket, tmp_path: Path) -> None:
    first = Host(bucket, tmp_path / "1", "*.ckpt")
    assert first.start() is None
    assert not first.checkpoints.stored_earlier()
    for epoch in (1, 2, 3):
        write(first.code / f"lightning_logs/version_0/checkpoints/epoch={epoch}.ckpt", f"epoch {epoch}", at=epoch)
        first.checkpoints.store(now=True)
    second = Host(bucket, tmp_path / "2", "*.ckpt")
    assert second.checkpoints.stored_earlier()
    restored = second.start()
    assert restored == second.code / "lightning_logs/version_0/checkpoints/epoch=3.ckpt"
    assert (restored.read_text(), restored.stat().st_mtime) == ("epoch 3", 3)
    assert not (restored.parent / "epoch=2.ckpt").exists()


def test_newest_folder_comes_back_whole(bucket: Bucket, tmp_path: Path) -> None:
    first = Host(bucket, tmp_path / "1", "checkpoint-*/")
    first.start()
    for step in (500, 1000):
        for name in ("model.safetensors", "trainer_state.json", "deep/optimizer.pt"):
            write(first.output / f"results/checkpoint-{step}" / name, f"{name} {step}", at=step)
        first.checkpoints.store(now=True)
    second = Host(bucket, tmp_path / "2", "checkpoint-*/")
    restored = second.start()
    assert restored == second.output / "results/checkpoint-1000"
    assert (restored / "deep/optimizer.pt").read_text() == "deep/optimizer.pt 1000"
    assert [path.name for path in restored.parent.iterdir()] == ["checkpoint-1000"]


def test_checkpoint_of_the_commit_is_nothing_to_resume_from(bucket: Bucket, tmp_path: Path) -> None:
    host = Host(bucket, tmp_path / "1", "*.ckpt")
    write(host.code / "pretrained.ckpt", "weights", at=1)
    host.start()
    host.checkpoints.store(now=True)
    assert bucket.get(RESUME_JSON) is None


def test_file_that_is_still_written_is_not_stored(bucket: Bucket, tmp_path: Path) -> None:
    host = Host(bucket, tmp_path / "1", "*.ckpt")
    host.start()
    (host.code / "last.ckpt").write_text("half")
    host.checkpoints.store()
    (host.code / "torn.ckpt").write_bytes(b"PK\x03\x04 half of what torch writes")
    host.checkpoints.store(now=True)
    assert bucket.get(RESUME_JSON) is None


def test_failed_upload_leaves_the_one_before_it(
    bucket: Bucket, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    host = Host(bucket, tmp_path / "1", "ckpt/")
    host.start()
    write(host.code / "ckpt/a", "old a", at=1)
    write(host.code / "ckpt/b", "old b", at=1)
    host.checkpoints.store(now=True)
    write(host.code / "ckpt/a", "new a!", at=2)
    write(host.code / "ckpt/b", "new b!", at=2)
    kind = type(bucket)
    upload = kind.upload

    def fail(self: Bucket, key: str, source: Path, **more: Any) -> None:
        if source.name == "b":
            raise BucketTrouble("the host is gone", final=False)
        upload(self, key, source, **more)

    monkeypatch.setattr(kind, "upload", fail)
    with pytest.raises(BucketTrouble):
        host.checkpoints.store(now=True)
    again = Host(bucket, tmp_path / "2", "ckpt/")
    again.start()
    assert [(again.code / "ckpt" / name).read_text() for name in "ab"] == ["old a", "old b"]


def test_third_attempt_resumes_where_the_second_got_to(bucket: Bucket, tmp_path: Path) -> None:
    for attempt in range(1, 5):
        host = Host(bucket, tmp_path / str(attempt), "last.ckpt")
        restored = host.start()
        assert (restored.read_text() if restored else "") == (f"attempt {attempt - 1}" if attempt > 1 else "")
        write(host.code / "last.ckpt", f"attempt {attempt}", at=attempt)
        host.checkpoints.store(now=True)


@pytest.mark.parametrize(
    "body", [b"", b"[]", b'{"tree": "x"}', json.dumps({"tree": "output", "slot": 0, "files": [{"name": "x"}]}).encode()]
)
def test_index_that_cannot_be_read_starts_from_the_beginning(
    bucket: Bucket, tmp_path: Path, capfd: pytest.CaptureFixture[str], body: bytes
) -> None:
    bucket.put(RESUME_JSON, body)
    assert Host(bucket, tmp_path / "1", "*.ckpt").start() is None
    assert "starting from the beginning" in capfd.readouterr().out


def test_without_patterns_the_bucket_is_not_asked(bucket: Bucket, tmp_path: Path) -> None:
    bucket.put(RESUME_JSON, b"{}")
    host = Host(bucket, tmp_path / "1")
    assert host.start() is None
    write(host.code / "x.ckpt", "x", at=1)
    host.checkpoints.store(now=True)
    assert bucket.names().keys() == {RESUME_JSON}


def test_nothing_is_stored_after_close(bucket: Bucket, tmp_path: Path) -> None:
    host = Host(bucket, tmp_path / "1", "*.ckpt")
    host.start()
    host.checkpoints.close()
    write(host.code / "x.ckpt", "x", at=1)
    host.checkpoints.store(now=True)
    assert bucket.get(RESUME_JSON) is None


def test_metrics_are_stored_before_the_checkpoint_counts(bucket: Bucket, tmp_path: Path) -> None:
    """Whoever resumes from it never reports the rows before it again."""
    counted: list[bool] = []
    for name in ("code", "output"):
        (tmp_path / name).mkdir()
    checkpoints = OwnCheckpoints(
        bucket,
        tmp_path / "code",
        tmp_path / "output",
        Patterns(["*.ckpt"]),
        store_metrics=lambda: counted.append(bucket.get(RESUME_JSON) is not None),
    )
    checkpoints.begin()
    checkpoints.store(now=True)
    assert counted == []
    write(tmp_path / "code/last.ckpt", "one", at=1)
    checkpoints.store(now=True)
    assert counted == [False]
    assert bucket.get(RESUME_JSON) is not None
