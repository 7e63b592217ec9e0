"""An attempt in this process, with shell commands in place of git and Python."""

from pathlib import Path

import pytest

from tests.support.memory_bucket import MemoryBucket
from tests.trainer.run.job import Job
from trainer.run import attempt
from trainer.storage import claim, upload
from trainer.storage.bucket import Bucket


@pytest.fixture
def job(either_bucket: Bucket | MemoryBucket, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Job:
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setattr(claim, "RENEW_SECONDS", 0.1)
    monkeypatch.setattr(attempt, "RELEASE_SECONDS", 0.1)
    monkeypatch.setattr(upload, "METRICS_SECONDS", 0.02)
    return Job(tmp_path, either_bucket)
