import json
from dataclasses import asdict
from pathlib import Path

import pytest

from trainer.fetch import assignment
from trainer.redaction import known
from trainer.storage.manifest import AttemptRecord, Manifest, earlier_attempts


@pytest.fixture
def manifest(tmp_path: Path) -> Manifest:
    environment = {
        "REPOSITORY_URL": "https://mika:secret@example.org/x.git",
        "BRANCH_NAME": "main",
        "COMMIT_ID": "a" * 40,
        "JOB_ID": "k7q2mx",
        "OUTPUT_URI": "s3://bucket/jobs/k7q2mx/",
        "PARAMETERS": '{"lr": 0.1, "seed": 7}',
        "WORK_DIR": str(tmp_path),
        "ASKER": "mika",
    }
    return Manifest(assignment.read(environment, ["python", "train.py"]), ["python", "train.py", "--lr", "0.1"])


def stored(*attempts: AttemptRecord) -> bytes:
    return json.dumps({"attempts": [asdict(attempt) for attempt in attempts]}).encode()


def test_manifest_describes_the_run(manifest: Manifest) -> None:
    manifest.attempts.append(AttemptRecord(1, "batch-1", "host-1", 100.0))
    manifest.change(ended=160.0, exit_code=0)
    document = json.loads(manifest.body())
    assert (document["job"], document["commit"], document["branch"]) == ("k7q2mx", "a" * 40, "main")
    assert (document["command"], document["seed"]) == (["python", "train.py", "--lr", "0.1"], 7)
    assert document["attempts"][0] == {
        "attempt": 1,
        "batch_job_id": "batch-1",
        "host": "host-1",
        "started": 100.0,
        "ended": 160.0,
        "exit_code": 0,
        "lost_minutes": None,
    }
    assert {"python", "torch"} <= set(document["versions"])


def test_manifest_shows_no_secrets(manifest: Manifest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(known, "_secrets", ["0.1"])
    document = json.loads(manifest.body())
    assert document["command"][-1] == "[redacted: known secret]"
    assert document["repository"] == "https://example.org/x.git"


@pytest.mark.parametrize(
    ("ended", "seen_at", "checkpoint_at", "minutes"),
    [
        (None, 400.0, 280.0, 2.0),
        (None, 400.0, None, 5.0),
        (160.0, 400.0, None, 1.0),
        (None, 400.0, 50.0, 5.0),
        (None, 400.0, 500.0, 0.0),
    ],
    ids=["since its checkpoint", "since its start", "until its end", "old checkpoint", "newer checkpoint"],
)
def test_lost_minutes_of_the_last_attempt(
    ended: float | None, seen_at: float, checkpoint_at: float | None, minutes: float
) -> None:
    body = stored(AttemptRecord(1, "b", "h", 0.0, 50.0, 1, 0.5), AttemptRecord(2, "b", "h", 100.0, ended))
    first, second = earlier_attempts(body, seen_at, checkpoint_at)
    assert first.lost_minutes == 0.5
    assert second.lost_minutes == minutes


@pytest.mark.parametrize("body", [None, b"", b"{}", b"garbage", b"[]", b'{"attempts": [{"unknown": 1}]}'])
def test_unreadable_manifest_has_no_attempts(body: bytes | None) -> None:
    assert earlier_attempts(body, 0.0, None) == []
