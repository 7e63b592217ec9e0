"""Files that a command left, each in the bucket or named with the reason."""

import os
from collections.abc import Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tests.support.clock import Clock
from tests.support.memory_bucket import MemoryBucket
from trainer.keep_patterns import DEFAULT_KEEP, Patterns
from trainer.process.tools import Programs
from trainer.storage import artifacts as artifacts_module
from trainer.storage.artifacts import Artifacts
from trainer.storage.bucket import Bucket, BucketTrouble
from trainer.storage.left_files import CheckoutTree, OutputTree

REFUSED = BucketTrouble("AccessDenied", final=True)


@pytest.fixture
def output(tmp_path: Path) -> Path:
    for name in ("code", "output"):
        (tmp_path / name).mkdir()
    return tmp_path / "output"


@pytest.fixture
def code(output: Path) -> Path:
    return output.parent / "code"


def made(bucket: Bucket, output: Path, limit: float = 1000) -> Artifacts:
    checkout = CheckoutTree(output.parent / "code", output, Patterns(DEFAULT_KEEP), Programs())
    checkout.begin()
    return Artifacts(bucket, [OutputTree(output), checkout], limit)


@pytest.fixture
def artifacts(bucket: Bucket, output: Path) -> Artifacts:
    return made(bucket, output)


def body(bucket: Bucket, key: str) -> bytes | None:
    stored = bucket.get(key)
    return stored.body if stored else None


def write(path: Path, content: str = "x", at: float | None = None) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content)
    if at is not None:
        os.utime(path, (at, at))


def failing(monkeypatch: pytest.MonkeyPatch, bucket: Bucket, errors: Mapping[str, Exception]) -> list[str]:
    """Let uploads raise by file name. Returns the names in the order in which they were tried."""
    kind, tried = type(bucket), []
    upload = kind.upload

    def fail(self: Bucket, key: str, source: Path, **more: Any) -> None:
        tried.append(source.name)
        if source.name in errors:
            raise errors[source.name]
        upload(self, key, source, **more)

    monkeypatch.setattr(kind, "upload", fail)
    return tried


def test_files_are_stored_once_settled_and_when_changed(artifacts: Artifacts, bucket: Bucket, output: Path) -> None:
    for name in ("walk.mp4", "artifacts/plot.png", ".hidden", "model.pt"):
        write(output / name, name)
    artifacts.store(settled_seconds=60)
    assert body(bucket, "artifacts/walk.mp4") is None
    artifacts.store(settled_seconds=0)
    assert artifacts.store_last() == []
    assert body(bucket, "artifacts/walk.mp4") == b"walk.mp4"
    assert body(bucket, "artifacts/artifacts/plot.png") == b"artifacts/plot.png"
    assert body(bucket, "model.pt") == b"model.pt"
    assert body(bucket, "artifacts/.hidden") is None
    write(output / "walk.mp4", "longer than before")
    assert artifacts.store_last() == []
    assert body(bucket, "artifacts/walk.mp4") == b"longer than before"


def test_new_files_of_the_checkout_are_stored(artifacts: Artifacts, bucket: Bucket, code: Path) -> None:
    write(code / "checkpoints" / "last.ckpt", "weights")
    write(code / "model.pt", "model")
    assert artifacts.store_last() == []
    assert body(bucket, "artifacts/checkpoints/last.ckpt") == b"weights"
    assert body(bucket, "artifacts/model.pt") == b"model"
    [line] = artifacts.summary()
    assert line.startswith("kept 2 files that the command wrote in the checkout, 12 B; the largest: ")
    assert line.endswith("checkpoints/last.ckpt (7 B), model.pt (5 B)")


def test_two_files_with_one_path_have_two_keys(artifacts: Artifacts, bucket: Bucket, output: Path, code: Path) -> None:
    write(output / "plot.png", "of the output", at=2)
    write(output / "artifacts" / "plot.png", "deeper")
    write(code / "plot.png", "of the checkout", at=1)
    assert artifacts.store_last() == []
    assert body(bucket, "artifacts/plot.png") == b"of the output"
    assert body(bucket, "artifacts/artifacts/plot.png") == b"deeper"
    assert body(bucket, "artifacts/checkout/plot.png") == b"of the checkout"


def test_newest_files_fit_into_the_limit(
    bucket: Bucket, output: Path, code: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    artifacts = made(bucket, output, limit=10)
    write(output / "of any size.bin", "x" * 100)
    write(code / "old.pt", "x" * 4, at=1)
    write(code / "huge.pt", "x" * 11, at=2)
    write(code / "new.pt", "x" * 7, at=3)
    write(code / "small.txt", "x" * 3, at=0)
    problems = artifacts.store_last()
    assert [problem.name for problem in problems] == ["huge.pt", "old.pt"]
    assert all("over the limit" in problem.reason and not problem.by_s3 for problem in problems)
    assert body(bucket, "artifacts/new.pt") is not None
    assert body(bucket, "artifacts/small.txt") is not None
    assert body(bucket, "artifacts/of any size.bin") is not None
    assert "huge.pt is not stored: it is over the limit" in capfd.readouterr().out


def test_limit_holds_while_checkpoints_come_and_go(bucket: Bucket, output: Path, code: Path) -> None:
    artifacts = made(bucket, output, limit=10)
    for epoch in range(5):
        write(code / f"epoch={epoch}.ckpt", "x" * 4)
        artifacts.store(settled_seconds=0)
        (code / f"epoch={epoch}.ckpt").unlink()
    assert [epoch for epoch in range(5) if body(bucket, f"artifacts/epoch={epoch}.ckpt")] == [0, 1]
    write(code / "last.ckpt", "x" * 4)
    assert artifacts.store_last() == []
    assert body(bucket, "artifacts/last.ckpt") is not None


def test_a_problem_with_one_file_costs_that_one_alone(
    artifacts: Artifacts, bucket: Bucket, output: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    errors = {
        "closed.txt": PermissionError(13, "Permission denied"),
        "refused.txt": REFUSED,
        "odd.txt": UnicodeEncodeError("utf-8", "\udce9", 0, 1, "surrogates not allowed"),
        "gone.txt": FileNotFoundError(2, "No such file or directory"),
    }
    for n, name in enumerate((*errors, "fine.txt")):
        write(output / name, at=100.0 - n)
    failing(monkeypatch, bucket, errors)
    problems = {problem.name: problem for problem in artifacts.store_last()}
    assert body(bucket, "artifacts/fine.txt") == b"x"
    assert {name: problem.by_s3 for name, problem in problems.items()} == {
        "closed.txt": False,
        "refused.txt": True,
        "odd.txt": True,
    }
    assert problems["closed.txt"].reason == "Permission denied"
    assert not any(problem.again for problem in problems.values())


def test_file_with_too_long_a_path_is_named(
    artifacts: Artifacts, bucket: Bucket, output: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    write(output.joinpath(*["d" * 200] * 6) / "plot.png")
    write(output / "caf\udce9.png", "latin-1")
    for _ in range(2):
        [problem] = artifacts.store_last()
    assert "its key has 1,2" in problem.reason
    assert body(bucket, "artifacts/café.png") == b"latin-1"
    assert capfd.readouterr().out.count(" is not stored: its key has 1,2") == 1


def test_silent_s3_is_not_asked_for_every_file(
    artifacts: Artifacts, bucket: Bucket, output: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = [f"{n}.txt" for n in range(10)]
    for name in names:
        write(output / name)
    tried = failing(monkeypatch, bucket, dict.fromkeys(names, BucketTrouble("timed out", final=False)))
    with pytest.raises(BucketTrouble, match="timed out"):
        artifacts.store(settled_seconds=0)
    assert len(tried) == 3
    problems = artifacts.store_last()
    assert len(tried) == 6
    assert len(problems) == 10
    assert all(problem.again for problem in problems)


def test_failed_file_is_not_tried_at_every_pass(
    artifacts: Artifacts, bucket: Bucket, output: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(output / "closed.txt")
    tried = failing(monkeypatch, bucket, {"closed.txt": PermissionError(13, "Permission denied")})
    for _ in range(3):
        artifacts.store(settled_seconds=0)
    assert tried == ["closed.txt"]


def test_file_that_was_stored_in_the_end_is_no_problem(
    artifacts: Artifacts, bucket: Bucket, output: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(output / "walk.mp4")
    errors: dict[str, Exception] = {"walk.mp4": BucketTrouble("SlowDown", final=False)}
    failing(monkeypatch, bucket, errors)
    assert [problem.again for problem in artifacts.store_last()] == [True]
    errors.clear()
    assert artifacts.store_last() == []


def test_nothing_is_stored_after_close(artifacts: Artifacts, bucket: Bucket, output: Path) -> None:
    artifacts.close()
    write(output / "walk.mp4")
    artifacts.store(settled_seconds=0)
    assert body(bucket, "artifacts/walk.mp4") is None


def test_a_file_that_keeps_growing_is_stored_at_growing_pauses(output: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock()
    monkeypatch.setattr(artifacts_module, "time", SimpleNamespace(time=clock))
    memory: Any = MemoryBucket()
    artifacts, path = Artifacts(memory, [OutputTree(output)], 1000), output / "events"
    pauses, stored_at = [], clock.now
    for step in range(1, 721):
        clock.tick(10)
        write(path, "x" * step, at=clock.now - 5)
        before = len(memory.calls)
        artifacts.store()
        if len(memory.calls) > before:
            pauses, stored_at = [*pauses, clock.now - stored_at], clock.now
    assert pauses[:5] == [10] * 5
    assert max(pauses) == 30
    assert len(memory.calls) == len(pauses) < 300
    write(path, "the end", at=clock.now)
    assert artifacts.store_last() == []
    assert memory.get("artifacts/events").body == b"the end"


def test_a_large_file_waits_five_minutes_at_most(output: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock()
    monkeypatch.setattr(artifacts_module, "time", SimpleNamespace(time=clock))
    memory: Any = MemoryBucket()
    artifacts, path = Artifacts(memory, [OutputTree(output)], 1e9), output / "model.pt"
    stored = []
    for seconds in (1, 24 * 3600, 299, 2):
        clock.tick(seconds)
        write(path, "x" * 2_000_000, at=clock.now - 5)
        artifacts.store()
        stored.append(len(memory.calls))
    assert stored == [1, 2, 2, 3]
