"""An attempt that loses its claim to another attempt, or whose S3 stops answering."""

import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from tests.support.container import text
from tests.support.memory_bucket import MemoryBucket
from tests.support.waiting import PATIENCE, until
from tests.trainer.run.job import Job
from trainer.contract import ExitCode
from trainer.errors import Ended
from trainer.process.stopping import Stopping
from trainer.storage.bucket import Bucket
from trainer.storage.claim import Claim, Holder

LONG = """
epoch=0
while [ $epoch -lt 1000 ]; do
    epoch=$((epoch + 1))
    echo "@metrics {\\"epoch\\": $epoch, \\"train_loss\\": 0.5}"
    sleep 0.05
done
"""


@pytest.fixture
def bucket(either_bucket: Bucket | MemoryBucket) -> Bucket | MemoryBucket:
    return either_bucket


@dataclass(slots=True)
class Running:
    """An attempt in a thread, and how it ended."""

    stopping: Stopping
    thread: threading.Thread
    code: int | None = None
    ended: Ended | None = None


@pytest.fixture
def running(job: Job, bucket: Bucket) -> Iterator[Running]:
    """An attempt that has stored its first metrics."""
    stopping = Stopping(command_seconds=5, upload_seconds=0.2)
    made = job.attempt(LONG, stopping=stopping)

    def run() -> None:
        try:
            outcome.code = made.run()
        except Ended as error:
            outcome.ended = error

    outcome = Running(stopping, threading.Thread(target=run))
    outcome.thread.start()
    until(lambda: "metrics.csv" in bucket.names())
    yield outcome
    stopping.end_command()
    outcome.thread.join(PATIENCE)


def test_attempt_that_lost_its_claim_stores_nothing_more(running: Running, bucket: Bucket) -> None:
    later = Claim(bucket, Holder("later", "batch-1", 2, "host-2"))
    later.take()
    running.thread.join(PATIENCE)
    assert not running.thread.is_alive()
    assert running.ended is not None
    assert running.ended.trouble.code is ExitCode.CLAIM_LOST
    assert "taken over by attempt 2 on host-2" in running.ended.trouble.message
    bucket.put("metrics.csv", b"epoch,train_loss\n1,0.5\n")
    time.sleep(0.3)
    assert text(bucket, "metrics.csv") == "epoch,train_loss\n1,0.5\n"
    later.renew()


def test_stopped_attempt_does_not_wait_for_a_hanging_s3(
    running: Running, bucket: Bucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    answered = threading.Event()

    def hangs(*_: object, **__: object) -> str:
        answered.wait(300)
        return ""

    monkeypatch.setattr(type(bucket), "put", hangs)
    running.stopping.stop()
    running.thread.join(PATIENCE)
    late = running.thread.is_alive()
    answered.set()
    assert not late
    assert running.code == 143
