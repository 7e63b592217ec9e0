import os
import zipfile
from pathlib import Path
from typing import Any

import pytest

from trainer import checkpoint
from trainer.metrics.sources import Sources
from trainer.storage.bucket import Bucket, BucketTrouble
from trainer.storage.upload import Uploads, is_intact, sha256_of


@pytest.fixture
def output(tmp_path: Path) -> Path:
    for name in ("code", "output", "control"):
        (tmp_path / name).mkdir()
    return tmp_path / "output"


@pytest.fixture
def uploads(bucket: Bucket, output: Path) -> Uploads:
    sources = Sources(output.parent / "code", output)
    sources.begin()
    made = Uploads(bucket, output, output.parent / "control", sources)
    made.begin(good=False)
    return made


def body(bucket: Bucket, key: str) -> bytes | None:
    stored = bucket.get(key)
    return stored.body if stored else None


def save(output: Path, content: bytes) -> None:
    """Save as `trainer.checkpoint` does: under another name, then in place of the last one."""
    (output / ".next").write_bytes(content)
    (output / ".next").replace(output / "checkpoint.pt")


def test_checkpoint_is_stored_with_its_digest_and_reported_safe(uploads: Uploads, bucket: Bucket, output: Path) -> None:
    save(output, b"one")
    uploads.store_live()
    stored = bucket.get("checkpoint.pt")
    assert stored is not None
    assert (stored.body, stored.metadata) == (b"one", {"sha256": sha256_of(output / "checkpoint.pt")})
    assert (output.parent / "control" / "safe").read_text() == checkpoint.fingerprint(output / "checkpoint.pt")


def test_previous_checkpoint_is_kept(uploads: Uploads, bucket: Bucket, output: Path) -> None:
    for content in (b"one", b"two", b"three"):
        save(output, content)
        uploads.store_live()
        uploads.store_live()
    assert (body(bucket, "checkpoint.pt"), body(bucket, "checkpoint.previous.pt")) == (b"three", b"two")


@pytest.mark.parametrize("error", [BucketTrouble("InvalidRequest: too large", final=False), KeyError("gone")])
def test_new_checkpoint_is_stored_although_the_previous_one_cannot_be_copied(
    uploads: Uploads,
    bucket: Bucket,
    output: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
    error: Exception,
) -> None:
    def refuse(*_: object) -> None:
        raise error

    monkeypatch.setattr(type(bucket), "copy", refuse)
    for content in (b"one", b"two", b"three"):
        save(output, content)
        uploads.store_live()
    assert body(bucket, "checkpoint.pt") == b"three"
    assert capfd.readouterr().out.count("checkpoint.previous.pt is not kept: ") == 1


def test_file_that_s3_cannot_name_is_left_out_and_the_others_are_stored(
    uploads: Uploads, bucket: Bucket, output: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    deep = output.joinpath(*["d" * 200] * 6)
    deep.mkdir(parents=True)
    (deep / "plot.png").write_text("deep")
    (output / "caf\udce9.png").write_text("latin-1")
    (output / "walk.mp4").write_text("walk")
    for _ in range(2):
        uploads.store_artifacts(settled_seconds=0)
    assert (body(bucket, "artifacts/walk.mp4"), uploads.missing(), len(uploads.left_out())) == (b"walk", [], 2)
    log = capfd.readouterr().out
    assert log.count(" is not stored: its key has 1,2") == 1
    assert log.count("caf\\udce9.png is not stored: its name is not valid UTF-8.") == 1


def test_unreadable_file_does_not_keep_others_from_being_stored(
    uploads: Uploads, bucket: Bucket, output: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, at in (("secret.txt", 1_000_000_001), ("older.txt", 1_000_000_000)):
        (output / name).write_text("x")
        os.utime(output / name, (at, at))
    kind = type(bucket)
    upload = kind.upload

    def deny(self: Bucket, key: str, source: Path, **more: Any) -> None:
        if source.name == "secret.txt":
            raise PermissionError(13, "Permission denied", str(source))
        upload(self, key, source, **more)

    monkeypatch.setattr(kind, "upload", deny)
    with pytest.raises(PermissionError):
        uploads.store_artifacts(settled_seconds=0)
    assert body(bucket, "artifacts/older.txt") == b"x"


def test_torn_archive_is_not_stored(uploads: Uploads, bucket: Bucket, output: Path) -> None:
    save(output, b"PK\x03\x04 half of what torch writes")
    uploads.store_live()
    assert body(bucket, "checkpoint.pt") is None


def test_metrics_are_stored_before_their_checkpoint(
    uploads: Uploads, bucket: Bucket, output: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    order: list[str] = []
    kind = type(bucket)
    put = kind.put

    def watched(self: Bucket, key: str, *arguments: Any, **more: Any) -> str:
        order.append(key)
        return put(self, key, *arguments, **more)

    monkeypatch.setattr(kind, "put", watched)
    uploads.store_live(now=True)
    (output / "metrics.csv").write_text("epoch,loss\n1,0.5\n")
    save(output, b"one")
    uploads.store_live()
    assert order == ["metrics.csv", "checkpoint.pt"], "even within a second of the last pass"


def test_checkpoint_changed_during_the_upload_is_stored_again(
    uploads: Uploads, bucket: Bucket, output: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = output / "checkpoint.pt"
    path.write_bytes(b"one")
    kind = type(bucket)
    upload = kind.upload

    def upload_then_overwrite(self: Bucket, key: str, source: Path, **more: Any) -> None:
        upload(self, key, source, **more)
        monkeypatch.setattr(kind, "upload", upload)
        path.write_bytes(b"two, in place")

    monkeypatch.setattr(kind, "upload", upload_then_overwrite)
    uploads.store_live()
    assert not (output.parent / "control" / "safe").exists()
    uploads.store_live()
    assert body(bucket, "checkpoint.pt") == b"two, in place"


def test_artifacts_are_stored_once_settled_and_when_changed(uploads: Uploads, bucket: Bucket, output: Path) -> None:
    (output / "artifacts").mkdir()
    for name in ("walk.mp4", "artifacts/plot.png", ".hidden"):
        (output / name).write_text(name)
    (output / "link").symlink_to("/etc/hostname")
    uploads.store_artifacts(settled_seconds=60)
    assert uploads.missing() != []
    uploads.store_artifacts(settled_seconds=0)
    assert uploads.missing() == []
    assert (body(bucket, "artifacts/walk.mp4"), body(bucket, "artifacts/plot.png")) == (
        b"walk.mp4",
        b"artifacts/plot.png",
    )
    assert body(bucket, "artifacts/.hidden") is None
    assert body(bucket, "artifacts/link") is None
    (output / "walk.mp4").write_text("longer than before")
    uploads.store_artifacts(settled_seconds=0)
    assert body(bucket, "artifacts/walk.mp4") == b"longer than before"


def test_nothing_is_stored_after_close(uploads: Uploads, bucket: Bucket, output: Path) -> None:
    uploads.close()
    save(output, b"one")
    (output / "walk.mp4").write_text("walk")
    uploads.store_live(now=True)
    uploads.store_artifacts(settled_seconds=0)
    assert bucket.names() == {}
    assert body(bucket, "artifacts/walk.mp4") is None


def test_file_that_vanishes_before_its_upload_is_skipped(
    uploads: Uploads, bucket: Bucket, output: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, at in (("gone.txt", 1_000_000_000), ("here.txt", 1_000_000_001)):
        (output / name).write_text("x")
        os.utime(output / name, (at, at))
    kind = type(bucket)
    upload = kind.upload

    def remove_and_upload(self: Bucket, key: str, source: Path, **more: Any) -> None:
        (output / "gone.txt").unlink(missing_ok=True)
        upload(self, key, source, **more)

    monkeypatch.setattr(kind, "upload", remove_and_upload)
    uploads.store_artifacts(settled_seconds=0)
    assert (body(bucket, "artifacts/gone.txt"), body(bucket, "artifacts/here.txt")) == (None, b"x")


def test_torn_zip_file_is_not_intact(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "whole.pt", "w") as archive:
        archive.writestr("data", bytes(1000))
    content = (tmp_path / "whole.pt").read_bytes()
    assert is_intact(tmp_path / "whole.pt")
    for cut in (3, 100, len(content) - 1):
        (tmp_path / "torn.pt").write_bytes(content[:cut])
        assert not is_intact(tmp_path / "torn.pt")
