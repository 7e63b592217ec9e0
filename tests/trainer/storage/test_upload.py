import zipfile
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from tests.support.memory_bucket import MemoryBucket
from trainer import checkpoint
from trainer.metrics.sources import Sources
from trainer.storage import upload
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


def test_torn_archive_is_not_stored(uploads: Uploads, bucket: Bucket, output: Path) -> None:
    save(output, b"PK\x03\x04 half of what torch writes")
    uploads.store_live()
    assert body(bucket, "checkpoint.pt") is None


def test_checkpoint_that_stays_torn_is_reported_at_the_end(uploads: Uploads, bucket: Bucket, output: Path) -> None:
    save(output, b"PK\x03\x04 half of what torch writes")
    [problem] = uploads.store_last()
    assert (problem.name, problem.by_s3) == ("checkpoint.pt", False)
    assert "it is torn" in problem.reason


def test_unreadable_checkpoint_costs_itself_alone(
    uploads: Uploads, bucket: Bucket, output: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    save(output, b"one")
    (output / "metrics.csv").write_text("epoch,loss\n1,0.5\n")

    def deny(_: Path) -> str:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("trainer.storage.upload.sha256_of", deny)
    [problem] = uploads.store_last()
    assert (problem.name, problem.reason, problem.again) == ("checkpoint.pt", "Permission denied", False)
    assert body(bucket, "metrics.csv") == b"epoch,loss\n1,0.5\n"


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


def test_nothing_is_stored_after_close(uploads: Uploads, bucket: Bucket, output: Path) -> None:
    uploads.close()
    save(output, b"one")
    uploads.store_live(now=True)
    assert bucket.names() == {}


def test_torn_zip_file_is_not_intact(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "whole.pt", "w") as archive:
        archive.writestr("data", bytes(1000))
    content = (tmp_path / "whole.pt").read_bytes()
    assert is_intact(tmp_path / "whole.pt")
    for cut in (3, 100, len(content) - 1):
        (tmp_path / "torn.pt").write_bytes(content[:cut])
        assert not is_intact(tmp_path / "torn.pt")


class SlowSources:
    """Each reading takes as long as `seconds` says next."""

    def __init__(self, clock: "Clock", *seconds: float) -> None:
        self._clock, self._seconds = clock, iter(seconds)
        self.read_at: list[float] = []

    def content(self) -> bytes:
        self.read_at.append(self._clock.now)
        self._clock.now += next(self._seconds, 0)
        return b"epoch,loss\n%d,1\n" % len(self.read_at)


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def monotonic(self) -> float:
        return self.now


def _readings(monkeypatch: pytest.MonkeyPatch, bucket: Bucket, output: Path, *seconds: float) -> list[float]:
    """How long after the first each reading began, in 30 s; each takes as long as `seconds` says."""
    clock = Clock()
    monkeypatch.setattr(upload, "time", clock)
    monkeypatch.setattr(upload, "METRICS_SECONDS", 1.0)
    sources: Any = SlowSources(clock, *seconds)
    uploads = Uploads(bucket, output, output.parent / "control", sources)
    while clock.now < 1030:
        uploads.store_live()
        clock.now += 0.25
    return [at - 1000 for at in sources.read_at]


def test_one_slow_reading_does_not_put_off_the_next(
    monkeypatch: pytest.MonkeyPatch, bucket: Bucket, output: Path
) -> None:
    """The first reading of a thousand files takes a second or more, the next ones milliseconds."""
    assert _readings(monkeypatch, bucket, output, 2.0)[:4] == [0, 2.25, 3.25, 4.25]


def test_large_table_is_read_for_a_quarter_of_the_time(
    monkeypatch: pytest.MonkeyPatch, bucket: Bucket, output: Path
) -> None:
    begun = _readings(monkeypatch, bucket, output, *[2.0] * 99)
    assert [after - before for before, after in pairwise(begun[1:])] == [8.0] * (len(begun) - 2)


class Report:
    """A job that adds a row each second, on a clock that is set. `read` counts the readings, which print new rows."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, output: Path) -> None:
        self._clock, self.read, self.rows = Clock(), 0, 0
        monkeypatch.setattr(upload, "time", self._clock)
        self._bucket: Any = MemoryBucket()
        sources: Any = self
        self.uploads = Uploads(self._bucket, output, output.parent / "control", sources)

    def content(self) -> bytes:
        self.read += 1
        return b"step\n" + b"".join(b"%d\n" % row for row in range(self.rows))

    def go_on(self, seconds: int) -> list[int]:
        """Rows that S3 lacks after each second."""
        missing = []
        for _ in range(seconds):
            self._clock.now += 1
            self.rows += 1
            self.uploads.store_live()
            missing.append(self.missing())
        return missing

    def missing(self) -> int:
        return self.rows - (body(self._bucket, "metrics.csv") or b"\n").count(b"\n") + 1


@pytest.fixture
def report(monkeypatch: pytest.MonkeyPatch, output: Path) -> Report:
    return Report(monkeypatch, output)


def test_metrics_are_stored_at_once_at_first_and_then_at_growing_pauses(report: Report) -> None:
    assert report.go_on(20) == [0] * 20
    missing = report.go_on(1800)
    assert missing.count(0) < 200
    assert 20 < max(missing) <= 30


def test_rows_for_the_card_are_read_each_second_meanwhile(report: Report) -> None:
    report.go_on(1000)
    before = report.read
    report.go_on(60)
    assert report.read == before + 60


def test_the_last_rows_are_stored_at_once_when_the_command_ends(report: Report) -> None:
    while not report.go_on(1)[0]:
        report.go_on(100)
    assert report.uploads.store_last() == []
    assert report.missing() == 0


def test_the_metrics_of_a_new_checkpoint_are_stored_at_once(report: Report, output: Path) -> None:
    while not report.go_on(1)[0]:
        report.go_on(100)
    save(output, b"one")
    report.uploads.store_live()
    assert report.missing() == 0
