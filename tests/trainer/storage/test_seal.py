"""What somebody else put under a job's prefix counts for nothing, whichever file it is."""

import json
import os
from dataclasses import asdict
from pathlib import Path

import pytest

from tests.support.memory_bucket import MemoryBucket
from trainer.contract import CHECKPOINT, CLAIM_JSON, METRICS_CSV, PREVIOUS_CHECKPOINT, RESUME_JSON
from trainer.errors import Ended
from trainer.keep_patterns import Patterns
from trainer.storage.bucket import Bucket
from trainer.storage.claim import Claim, Holder
from trainer.storage.own_checkpoints import OwnCheckpoints
from trainer.storage.restore import Quality, restore
from trainer.storage.seal import Seal, sha256
from trainer.storage.upload import SHA256

OURS = Seal("key-of-k7q2mx", "k7q2mx")
FORGERS = [Seal("", "k7q2mx"), Seal("another-key", "k7q2mx"), Seal("key-of-k7q2mx", "k7q2mx.3")]
"""Without a key, with that of another job, and another trial of the same sweep."""
FIRST, SECOND = Holder("one", "batch-1", 1, "host-1"), Holder("two", "batch-1", 2, "host-2")


@pytest.fixture
def output(tmp_path: Path) -> Path:
    (tmp_path / "output").mkdir()
    return tmp_path / "output"


def _put(bucket: Bucket | MemoryBucket, seal: Seal, name: str, content: bytes) -> None:
    bucket.put(name, content, metadata={SHA256: sha256(content), **seal.on(name, content)})


@pytest.mark.parametrize("forger", FORGERS)
def test_a_forged_end_does_not_end_the_job(bucket: Bucket, forger: Seal) -> None:
    ended = json.dumps(asdict(Holder("evil", "batch-9", 7, "host", ended=0))).encode()
    bucket.put(CLAIM_JSON, ended, metadata=forger.on(CLAIM_JSON, ended))
    claim = Claim(bucket, FIRST, OURS)
    claim.take()
    assert claim.earlier is None
    claim.renew()


@pytest.mark.parametrize("forger", FORGERS)
def test_a_claim_overwritten_while_the_job_runs_is_put_back(bucket: Bucket, forger: Seal) -> None:
    claim = Claim(bucket, FIRST, OURS)
    claim.take()
    for ended in (None, 0):
        forged = json.dumps(asdict(Holder("evil", "batch-9", 7, "host", ended=ended))).encode()
        bucket.put(CLAIM_JSON, forged, metadata=forger.on(CLAIM_JSON, forged))
        claim.renew()
        stored = bucket.get(CLAIM_JSON)
        assert stored is not None
        assert json.loads(stored.body)["token"] == "one"


def test_the_jobs_own_claims_count(bucket: Bucket) -> None:
    Claim(bucket, FIRST, OURS).take()
    with pytest.raises(Ended, match="already running in Batch job batch-1"):
        Claim(bucket, Holder("three", "batch-3", 1, "host-3"), OURS).take()
    later = Claim(bucket, SECOND, OURS)
    later.take()
    assert later.earlier is not None
    assert later.earlier.holder == FIRST


@pytest.mark.parametrize("forger", FORGERS)
@pytest.mark.parametrize("name", [METRICS_CSV, CHECKPOINT])
def test_a_forged_file_is_not_restored(
    bucket: Bucket, output: Path, forger: Seal, name: str, capfd: pytest.CaptureFixture[str]
) -> None:
    _put(bucket, forger, name, b"forged")
    assert restore(bucket, output, OURS).checkpoint_at is None
    assert not list(output.iterdir())
    assert f"{name} was not stored by this job, so it counts for nothing" in capfd.readouterr().out


def test_a_seal_is_of_one_file_with_one_content(bucket: Bucket, output: Path) -> None:
    bucket.put(CHECKPOINT, b"forged", metadata=OURS.on(CHECKPOINT, b"other content"))
    bucket.put(METRICS_CSV, b"loss\n1\n", metadata=OURS.on(CLAIM_JSON, b"loss\n1\n"))
    restore(bucket, output, OURS)
    assert not list(output.iterdir())


def test_the_jobs_own_files_are_restored_and_the_one_before_a_forged_checkpoint(bucket: Bucket, output: Path) -> None:
    _put(bucket, OURS, METRICS_CSV, b"loss\n1\n")
    _put(bucket, OURS, CHECKPOINT, b"one")
    bucket.copy(CHECKPOINT, PREVIOUS_CHECKPOINT)
    assert restore(bucket, output, OURS).quality is Quality.GOOD
    _put(bucket, FORGERS[0], CHECKPOINT, b"forged")
    assert restore(bucket, output, OURS).checkpoint_at is not None
    assert {path.name: path.read_bytes() for path in output.iterdir()} == {
        METRICS_CSV: b"loss\n1\n",
        CHECKPOINT: b"one",
    }


def _own(bucket: Bucket, folder: Path, seal: Seal) -> tuple[OwnCheckpoints, Path]:
    folder.mkdir()
    return OwnCheckpoints(bucket, folder, folder / "output", Patterns(["*.ckpt"]), seal), folder


def _stored(bucket: Bucket, folder: Path, seal: Seal) -> None:
    checkpoints, code = _own(bucket, folder, seal)
    checkpoints.begin()
    (code / "last.ckpt").write_text("epoch 3")
    os.utime(code / "last.ckpt", (3, 3))
    checkpoints.store(now=True)


@pytest.mark.parametrize("forger", FORGERS)
def test_a_forged_checkpoint_of_the_codes_own_is_not_restored(bucket: Bucket, tmp_path: Path, forger: Seal) -> None:
    _stored(bucket, tmp_path / "forger", forger)
    checkpoints, code = _own(bucket, tmp_path / "ours", OURS)
    assert checkpoints.restore() is None
    assert not list(code.iterdir())


def test_a_file_exchanged_under_the_jobs_own_index_is_not_resumed_from(bucket: Bucket, tmp_path: Path) -> None:
    _stored(bucket, tmp_path / "first", OURS)
    second, code = _own(bucket, tmp_path / "second", OURS)
    assert second.restore() == code / "last.ckpt"
    index = bucket.get(RESUME_JSON)
    assert index is not None
    bucket.put(f"resume/{json.loads(index.body)['slot']}/last.ckpt", b"forged")
    third, code = _own(bucket, tmp_path / "third", OURS)
    assert third.restore() is None
    assert not (code / "last.ckpt").exists()


def test_without_a_key_everything_counts(bucket: Bucket, output: Path) -> None:
    """Jobs of a bot that gives none."""
    _put(bucket, OURS, CHECKPOINT, b"one")
    assert restore(bucket, output, Seal()).quality is Quality.GOOD
    assert Seal().on(CHECKPOINT, b"one") == {}


def test_the_key_is_not_shown() -> None:
    assert OURS.key not in repr(OURS)
