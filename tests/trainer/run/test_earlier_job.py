"""A retry goes on from the checkpoint of the job that failed, and leaves that job's files as they are."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.support.container import text
from tests.support.memory_bucket import MemoryBucket
from tests.trainer.run.job import Job
from trainer.contract import MANIFEST_JSON
from trainer.run import attempt
from trainer.storage import own_checkpoints

OLD, NEW = "s3://memory/jobs/c5d6f7/", "s3://memory/jobs/k7q2mx/"
FIRST = """
echo '@metrics {"epoch": 1, "loss": 0.5}'
echo state-1 > "$OUTPUT_DIR/checkpoint.pt"
exit 1
"""
GOES_ON = """
cat "$OUTPUT_DIR/checkpoint.pt" > "$OUTPUT_DIR/seen.txt" || echo nothing > "$OUTPUT_DIR/seen.txt"
echo '@metrics {"epoch": 2, "loss": 0.25}'
env > "$OUTPUT_DIR/environment.txt"
"""
SAVES = GOES_ON + """echo state-2 > "$OUTPUT_DIR/checkpoint.pt"; exit 1"""


class Buckets:
    """The files of both jobs, and attempts of either."""

    def __init__(self, folder: Path) -> None:
        self.old, self.new = MemoryBucket(OLD), MemoryBucket(NEW)
        self._folder = folder

    def open(self, uri: str) -> MemoryBucket:
        return {OLD: self.old, NEW: self.new}[uri]

    def earlier(self, **more: str) -> Job:
        return Job(self._folder, self.old, {"JOB_ID": "c5d6f7", "JOB_KEY": "old", **more})

    def retry(self, key: str = "old", **more: str) -> Job:
        origin = {"job": "c5d6f7", "uri": OLD, "key": key}
        remedy = {"kind": "memory", "of": "c5d6f7", "before": 12_288, "after": 18_432, "by_bot": False}
        changed = {"SIGNALBOX_RESUME_FROM": json.dumps(origin), "SIGNALBOX_REMEDY": json.dumps(remedy)}
        return Job(self._folder, self.new, {"JOB_ID": "k7q2mx", "JOB_KEY": "new", **changed, **more})


@pytest.fixture
def buckets(job: Job, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Buckets:
    made = Buckets(tmp_path)
    monkeypatch.setattr(attempt, "open_bucket", made.open)
    return made


pytestmark = pytest.mark.parametrize("either_bucket", ["memory"], indirect=True)


def seen(buckets: Buckets) -> str:
    return text(buckets.new, "artifacts/seen.txt").strip()  # type: ignore[arg-type]


def versions(bucket: MemoryBucket) -> dict[str, str]:
    return {name: stored.etag for name in bucket.names() if (stored := bucket.get(name)) is not None}


def manifest(buckets: Buckets) -> Any:
    return json.loads(text(buckets.new, MANIFEST_JSON))  # type: ignore[arg-type]


def test_the_retry_has_the_checkpoint_and_the_metrics(buckets: Buckets, capfd: pytest.CaptureFixture[str]) -> None:
    buckets.earlier().attempt(FIRST).run()
    before = versions(buckets.old)
    assert buckets.retry().attempt(GOES_ON).run() == 0
    assert seen(buckets) == "state-1"
    assert text(buckets.new, "metrics.csv") == "epoch,loss\n1,0.5\n2,0.25\n"  # type: ignore[arg-type]
    assert text(buckets.new, "checkpoint.pt") == "state-1\n", "its own from the start"  # type: ignore[arg-type]
    assert "signalbox: going on from the checkpoint of c5d6f7" in capfd.readouterr().out
    assert versions(buckets.old) == before


def test_the_manifest_says_what_was_changed_and_the_command_gets_no_key(
    buckets: Buckets, monkeypatch: pytest.MonkeyPatch
) -> None:
    buckets.earlier().attempt(FIRST).run()
    retry = buckets.retry()
    for name, value in retry.environment.items():
        monkeypatch.setenv(name, value)  # as in a container
    retry.attempt(GOES_ON).run()
    written = manifest(buckets)
    assert (written["remedy"]["before"], written["remedy"]["after"]) == (12_288, 18_432)
    assert written["resumed_from"] == "c5d6f7"
    assert '"key"' not in json.dumps(written)
    seen_by_command = text(buckets.new, "artifacts/environment.txt")  # type: ignore[arg-type]
    assert "SIGNALBOX_REMEDY" in seen_by_command
    assert "SIGNALBOX_RESUME_FROM" not in seen_by_command


def test_what_another_job_has_sealed_counts_for_nothing(buckets: Buckets, capfd: pytest.CaptureFixture[str]) -> None:
    buckets.earlier().attempt(FIRST).run()
    buckets.retry(key="guessed").attempt(GOES_ON).run()
    assert seen(buckets) in ("nothing", "")
    assert "starting from the beginning: there is no checkpoint of c5d6f7" in capfd.readouterr().out


def test_a_later_attempt_goes_on_from_its_own_checkpoint(buckets: Buckets) -> None:
    buckets.earlier().attempt(FIRST).run()
    buckets.retry().attempt(SAVES).run()
    buckets.retry().attempt(GOES_ON, number=2).run()
    assert seen(buckets) == "state-2"


def test_a_later_attempt_without_one_begins_where_the_first_did(buckets: Buckets) -> None:
    buckets.earlier().attempt(FIRST).run()
    retry = buckets.retry().attempt("exit 1")
    retry.run()
    for name in ("checkpoint.pt", "metrics.csv"):
        buckets.new._objects.pop(name, None)  # as if the host had been lost before it stored anything
    buckets.retry().attempt(GOES_ON, number=2).run()
    assert seen(buckets) == "state-1"


def test_a_checkpoint_of_the_codes_own_is_put_in_its_place(buckets: Buckets, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(own_checkpoints, "_SETTLED_SECONDS", 0.0)
    monkeypatch.setattr(attempt, "ARTIFACTS_SECONDS", 0.05)
    own = {"CHECKPOINTS": '["runs/"]', "RESUME_ARGUMENTS": '["--resume", "{checkpoint}"]'}
    buckets.earlier(**own).attempt("mkdir -p runs && echo own-1 > runs/last.ckpt; sleep 1; exit 1").run()
    script = 'cat runs/last.ckpt > "$OUTPUT_DIR/seen.txt"; echo "$@" >> "$OUTPUT_DIR/seen.txt"'
    assert buckets.retry(**own).attempt(script).run() == 0
    assert seen(buckets).startswith("own-1")
    assert "--resume" in seen(buckets)
