import threading
from pathlib import Path
from typing import Any

import pytest

from trainer import checkpoint
from trainer.metrics.sources import Sources
from trainer.storage.bucket import LARGE, Bucket, BucketTrouble
from trainer.storage.upload import Uploads, digest_of

pytestmark = pytest.mark.slow


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
    """As the helper does: under another name, then in its place."""
    (output / ".next").write_bytes(content)
    (output / ".next").replace(output / "checkpoint.pt")


def test_a_checkpoint_is_stored_with_its_digest_and_said_to_be_safe(
    uploads: Uploads, bucket: Bucket, output: Path
) -> None:
    save(output, b"one")
    uploads.live()
    stored = bucket.get("checkpoint.pt")
    assert stored is not None
    assert (stored.body, stored.metadata) == (b"one", {"sha256": digest_of(output / "checkpoint.pt")})
    assert (output.parent / "control" / "safe").read_text() == checkpoint.print_of(output / "checkpoint.pt")


def test_the_one_before_is_kept(uploads: Uploads, bucket: Bucket, output: Path) -> None:
    for content in (b"one", b"two", b"three"):
        save(output, content)
        uploads.live()
        uploads.live()
    assert (body(bucket, "checkpoint.pt"), body(bucket, "checkpoint.previous.pt")) == (b"three", b"two")


def test_a_torn_archive_is_not_stored(uploads: Uploads, bucket: Bucket, output: Path) -> None:
    save(output, b"PK\x03\x04 half of what torch writes")
    uploads.live()
    assert body(bucket, "checkpoint.pt") is None


def test_metrics_come_before_the_checkpoint_that_goes_with_them(
    uploads: Uploads, bucket: Bucket, output: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    order: list[str] = []
    put = Bucket.put

    def watched(self: Bucket, key: str, *arguments: Any, **more: Any) -> str:
        order.append(key)
        return put(self, key, *arguments, **more)

    monkeypatch.setattr(Bucket, "put", watched)
    uploads.live(now=True)
    (output / "metrics.csv").write_text("epoch,loss\n1,0.5\n")
    save(output, b"one")
    uploads.live()
    assert order == ["metrics.csv", "checkpoint.pt"], "also within the second after the last look"


def test_a_checkpoint_that_changes_while_it_is_stored_is_stored_again(
    uploads: Uploads, bucket: Bucket, output: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = output / "checkpoint.pt"
    path.write_bytes(b"one")
    upload = Bucket.upload

    def and_then_written_over(self: Bucket, key: str, source: Path, **more: Any) -> None:
        upload(self, key, source, **more)
        monkeypatch.setattr(Bucket, "upload", upload)
        path.write_bytes(b"two, in place")

    monkeypatch.setattr(Bucket, "upload", and_then_written_over)
    uploads.live()
    assert not (output.parent / "control" / "safe").exists()
    uploads.live()
    assert body(bucket, "checkpoint.pt") == b"two, in place"


def test_artifacts_are_stored_once_settled_and_again_when_they_change(
    uploads: Uploads, bucket: Bucket, output: Path
) -> None:
    (output / "artifacts").mkdir()
    for name in ("walk.mp4", "artifacts/plot.png", ".hidden"):
        (output / name).write_text(name)
    (output / "link").symlink_to("/etc/hostname")
    uploads.artifacts(settled=60)
    assert uploads.missing() != []
    uploads.artifacts(settled=0)
    assert uploads.missing() == []
    assert (body(bucket, "artifacts/walk.mp4"), body(bucket, "artifacts/plot.png")) == (
        b"walk.mp4",
        b"artifacts/plot.png",
    )
    assert body(bucket, "artifacts/.hidden") is None
    assert body(bucket, "artifacts/link") is None
    (output / "walk.mp4").write_text("longer than before")
    uploads.artifacts(settled=0)
    assert body(bucket, "artifacts/walk.mp4") == b"longer than before"


def test_once_closed_nothing_is_stored(uploads: Uploads, bucket: Bucket, output: Path) -> None:
    uploads.close()
    save(output, b"one")
    (output / "walk.mp4").write_text("walk")
    uploads.live(now=True)
    uploads.artifacts(settled=0)
    assert bucket.names() == {}
    assert body(bucket, "artifacts/walk.mp4") is None


def test_a_large_file_goes_in_parts_and_appears_whole(bucket: Bucket, tmp_path: Path) -> None:
    path = tmp_path / "large.pt"
    with path.open("wb") as file:
        file.truncate(LARGE)
        file.write(b"end")
    threads = threading.active_count()
    bucket.upload("checkpoint.pt", path, metadata={"sha256": "x"})
    assert bucket.download("checkpoint.pt", tmp_path / "back.pt")["sha256"] == "x"
    assert digest_of(tmp_path / "back.pt") == digest_of(path)
    assert threading.active_count() <= threads + 1


def test_a_bucket_that_is_not_there_is_final(bucket: Bucket) -> None:
    with pytest.raises(BucketTrouble, match="NoSuchBucket") as caught:
        Bucket("s3://there-is-none/jobs/x/").put("metrics.csv", b"x")
    assert caught.value.final


def test_a_file_that_vanishes_between_two_looks_does_no_harm(
    uploads: Uploads, bucket: Bucket, output: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (output / "gone.txt").write_text("x")
    (output / "here.txt").write_text("x")
    waiting = uploads._waiting()
    (output / "gone.txt").unlink()
    monkeypatch.setattr(uploads, "_waiting", lambda: waiting)
    uploads.artifacts(settled=0)
    assert (body(bucket, "artifacts/gone.txt"), body(bucket, "artifacts/here.txt")) == (None, b"x")
