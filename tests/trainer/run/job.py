"""Attempts in this process, with shell commands in place of git and Python."""

import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from tests.support.memory_bucket import MemoryBucket
from trainer.fetch import assignment
from trainer.fetch.checkout import Fetched
from trainer.process.stopping import Stopping
from trainer.process.tools import Programs
from trainer.run.attempt import Attempt
from trainer.storage.bucket import Bucket


@dataclass(slots=True)
class Job:
    """Makes attempts of one job, each in a folder of its own, as on a new host."""

    folder: Path
    bucket: Bucket | MemoryBucket
    environment: dict[str, str] = field(default_factory=dict)

    def attempt(
        self,
        script: str,
        *,
        number: int = 1,
        stopping: Stopping | None = None,
        fetch: Callable[[], Fetched] = lambda: Fetched("Warm up the learning rate", 0.1),
    ) -> Attempt:
        """`script` is run by sh."""
        environment = {
            "REPOSITORY_URL": "https://example.org/x.git",
            "COMMIT_ID": "a" * 40,
            "JOB_ID": "k7q2mx",
            "OUTPUT_URI": self.bucket.uri,
            "WORK_DIR": str(self.folder / uuid.uuid4().hex),
            "AWS_BATCH_JOB_ID": "batch-1",
            "AWS_BATCH_JOB_ATTEMPT": str(number),
            **self.environment,
        }
        job = assignment.read(environment, ["sh", "-c", script, "sh"])
        job.code.mkdir(parents=True)
        return Attempt(job, self.bucket, fetch, Programs(), stopping or Stopping(command_seconds=5, upload_seconds=1))
