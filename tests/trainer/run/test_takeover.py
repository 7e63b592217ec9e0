"""An attempt that is cut off: from its job, which another has taken over, or from S3, which no longer answers."""

import os
import signal
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.support.container import text
from tests.support.git import Repository
from tests.support.waiting import until
from trainer.contract import ExitCode
from trainer.errors import Ended
from trainer.fetch import assignment
from trainer.fetch.checkout import Source, fetch
from trainer.process.stopping import Stopping
from trainer.process.tools import Programs
from trainer.run import attempt
from trainer.run.attempt import Attempt
from trainer.storage.bucket import Bucket
from trainer.storage.claim import Claim, Holder

pytestmark = pytest.mark.slow

LONG = """
import time, trainer
for epoch in range(1, 1000):
    trainer.report(epoch=epoch, train_loss=1 / epoch)
    time.sleep(0.05)
"""


@dataclass(slots=True)
class Running:
    """An attempt in a thread, with what became of it."""

    stopping: Stopping
    thread: threading.Thread
    code: int | None = None
    ended: Ended | None = None


@pytest.fixture
def running(
    bucket: Bucket, repository: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Running]:
    """One that has stored its first metrics."""
    monkeypatch.setattr(attempt, "RENEW_SECONDS", 0.1)
    monkeypatch.setattr(attempt, "RELEASE_SECONDS", 0.1)
    monkeypatch.setenv("PATH", f"{Path(sys.executable).parent}:{os.environ['PATH']}")
    environment = {
        "REPOSITORY_URL": repository.url,
        "COMMIT_ID": repository.commit({"train.py": LONG}),
        "JOB_ID": "k7q2mx",
        "OUTPUT_URI": bucket.uri,
        "WORK_DIR": str(tmp_path / "work"),
        "AWS_BATCH_JOB_ID": "batch-1",
    }
    job = assignment.read(environment, ["python", "train.py"])
    programs = Programs()

    def run() -> None:
        fetched = fetch(Source(job.repository, job.commit, "", ""), job.code, programs)
        try:
            made.code = Attempt(job, lambda: fetched, programs, made.stopping).run()
        except Ended as error:
            made.ended = error

    made = Running(Stopping(command_seconds=5, upload_seconds=1), threading.Thread(target=run))
    made.thread.start()
    until(lambda: "metrics.csv" in bucket.names())
    yield made
    made.stopping.end_command()
    made.thread.join(30)


def test_one_that_has_lost_its_job_leaves_the_other_ones_results_alone(running: Running, bucket: Bucket) -> None:
    later = Claim(bucket, Holder("later", "batch-1", 2, "host-2"))
    later.take()
    running.thread.join(20)
    assert not running.thread.is_alive()
    assert running.ended is not None
    assert running.ended.trouble.code is ExitCode.CLAIM_LOST
    assert "taken over by attempt 2 on host-2" in running.ended.trouble.message
    bucket.put("metrics.csv", b"epoch,train_loss\n1,0.5\n")
    time.sleep(0.3)
    assert text(bucket, "metrics.csv") == "epoch,train_loss\n1,0.5\n"
    later.renew()


def test_one_that_is_told_to_end_does_not_wait_for_an_s3_that_does_not_answer(
    running: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    answered = threading.Event()

    def hangs(*_: object, **__: object) -> str:
        answered.wait(30)
        return ""

    monkeypatch.setattr(Bucket, "put", hangs)
    began = time.monotonic()
    running.stopping._told(signal.SIGTERM, None)
    running.thread.join(20)
    answered.set()
    assert time.monotonic() - began < 10
    assert running.code == 143
