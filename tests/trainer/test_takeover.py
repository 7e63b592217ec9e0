"""An attempt that was cut off while Batch started the next one stops, and stores nothing more."""

import os
import sys
import threading
import time
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.trainer.conftest import Repository
from tests.trainer.test_entrypoint import text, until
from trainer import assignment, attempt
from trainer.attempt import Attempt
from trainer.bucket import Bucket
from trainer.checkout import Source, fetch
from trainer.claim import Claim, Holder
from trainer.contract import ExitCode
from trainer.errors import Ended
from trainer.programs import Programs
from trainer.stopping import Stopping

pytestmark = pytest.mark.slow

LONG = """
import time, trainer
for epoch in range(1, 1000):
    trainer.report(epoch=epoch, train_loss=1 / epoch)
    time.sleep(0.05)
"""


def test_it_stops_and_leaves_the_other_ones_results_alone(
    bucket: Bucket, repository: Repository, aws: Mapping[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(attempt, "RENEW_SECONDS", 0.1)
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
    programs, caught = Programs(), list[Ended]()

    def run() -> None:
        fetched = fetch(Source(job.repository, job.commit, "", ""), job.code, programs)
        try:
            Attempt(job, lambda: fetched, programs, Stopping()).run()
        except Ended as error:
            caught.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    until(lambda: "metrics.csv" in bucket.names())
    later = Claim(bucket, Holder("later", "batch-1", 2, "host-2"))
    later.take()
    thread.join(20)
    assert not thread.is_alive()
    assert [error.trouble.code for error in caught] == [ExitCode.CLAIM_LOST]
    assert "taken over by attempt 2 on host-2" in caught[0].trouble.message
    bucket.put("metrics.csv", b"epoch,train_loss\n1,0.5\n")
    time.sleep(0.3)
    assert text(bucket, "metrics.csv") == "epoch,train_loss\n1,0.5\n"
    later.renew()
