from pathlib import Path

import pytest

from trainer.contract import CHECKPOINT, METRICS_CSV, PREVIOUS_CHECKPOINT
from trainer.storage.bucket import Bucket
from trainer.storage.restore import Quality, Restored, restore
from trainer.storage.upload import SHA256, sha256_of


def put(bucket: Bucket, name: str, content: bytes, tmp_path: Path) -> None:
    """Store a checkpoint as the entrypoint does, with its digest."""
    (tmp_path / "source").write_bytes(content)
    bucket.put(name, content, metadata={SHA256: sha256_of(tmp_path / "source")})


@pytest.fixture
def output(tmp_path: Path) -> Path:
    (tmp_path / "output").mkdir()
    return tmp_path / "output"


def test_nothing_is_restored_from_an_empty_prefix(bucket: Bucket, output: Path) -> None:
    assert restore(bucket, output) == Restored(Quality.ABSENT)
    assert not list(output.iterdir())


def test_metrics_and_checkpoint_are_restored(bucket: Bucket, output: Path, tmp_path: Path) -> None:
    bucket.put(METRICS_CSV, b"loss\n1\n")
    put(bucket, CHECKPOINT, b"two", tmp_path)
    put(bucket, PREVIOUS_CHECKPOINT, b"one", tmp_path)
    restored = restore(bucket, output)
    assert restored.quality is Quality.GOOD
    assert restored.checkpoint_at == bucket.names()[CHECKPOINT].timestamp()
    assert {path.name: path.read_bytes() for path in output.iterdir()} == {
        METRICS_CSV: b"loss\n1\n",
        CHECKPOINT: b"two",
    }


@pytest.mark.parametrize("content", [b"tw", b"PK torn archive"])
def test_checkpoint_before_a_corrupt_one_is_restored(
    bucket: Bucket, output: Path, tmp_path: Path, content: bytes, capfd: pytest.CaptureFixture[str]
) -> None:
    put(bucket, PREVIOUS_CHECKPOINT, b"one", tmp_path)
    bucket.put(CHECKPOINT, content, metadata={SHA256: "0"})
    restored = restore(bucket, output)
    assert restored == Restored(Quality.CORRUPT, bucket.names()[PREVIOUS_CHECKPOINT].timestamp())
    assert {path.name: path.read_bytes() for path in output.iterdir()} == {CHECKPOINT: b"one"}
    assert "checkpoint.pt is corrupt, resuming from the one before it" in capfd.readouterr().out


@pytest.mark.parametrize("previous", [True, False])
def test_no_checkpoint_is_left_if_all_are_corrupt(
    bucket: Bucket, output: Path, previous: bool, capfd: pytest.CaptureFixture[str]
) -> None:
    for name in (CHECKPOINT, PREVIOUS_CHECKPOINT) if previous else (CHECKPOINT,):
        bucket.put(name, b"PK", metadata={SHA256: "0"})
    assert restore(bucket, output) == Restored(Quality.CORRUPT)
    assert not list(output.iterdir())
    assert "there is none before it, starting from the beginning" in capfd.readouterr().out


def test_checkpoint_without_a_digest_is_unverified(bucket: Bucket, output: Path, tmp_path: Path) -> None:
    bucket.put(CHECKPOINT, b"put there by hand")
    put(bucket, PREVIOUS_CHECKPOINT, b"one", tmp_path)
    restored = restore(bucket, output)
    assert restored == Restored(Quality.UNVERIFIED, bucket.names()[CHECKPOINT].timestamp())
    assert (output / CHECKPOINT).read_bytes() == b"put there by hand"
    assert (output / PREVIOUS_CHECKPOINT).read_bytes() == b"one", "load() falls back to it"
