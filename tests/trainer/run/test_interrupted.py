"""A job that is interrupted at any moment ends with the same result."""

import hashlib
import json
import random
import signal
import subprocess
import time
from contextlib import suppress
from dataclasses import dataclass
from itertools import pairwise

import pytest

from deploy.sandbox.aws.containers.kill import kill_marked
from tests.support.container import Container
from tests.support.git import Repository
from tests.support.waiting import PATIENCE
from trainer.contract import parse_metrics
from trainer.storage.bucket import Bucket

pytestmark = pytest.mark.slow

EPOCHS = 12
# In a random walk each step depends on all those before it, so a lost or repeated epoch changes the result.
WALK = f"""
import os, random, time, trainer
walk = random.Random(7)
saved = trainer.checkpoint.load()
epoch, weights = 0, [0.0] * 50
if saved:
    epoch, weights = saved["epoch"], saved["weights"]
    walk.setstate(saved["random"])
while epoch < {EPOCHS}:
    epoch += 1
    for _ in range(8):
        weights = [weight + walk.gauss(0, 1) for weight in weights]
        time.sleep(0.005)
    trainer.report(epoch=epoch, epochs={EPOCHS}, train_loss=sum(weights))
    trainer.checkpoint.save({{"epoch": epoch, "weights": weights, "random": walk.getstate()}})
with open(os.environ["OUTPUT_DIR"] + "/model.pt", "w") as file:
    file.write(repr(weights))
"""


@dataclass(frozen=True, slots=True)
class Outcome:
    """The stored result of a job, and the epochs that each attempt reported."""

    metrics: bytes
    model: bytes
    reported: tuple[tuple[int, ...], ...]


def interrupt(kind: str, process: subprocess.Popen[str], container: Container) -> None:
    """Interrupt by SIGTERM to the entrypoint, or by SIGKILL to the whole container, as when its host is lost."""
    if kind == "SIGTERM":
        process.send_signal(signal.SIGTERM)
        process.wait(PATIENCE)
        return
    place = str(container.folder / f"container-{container.running.index(process)}")
    process.kill()
    process.wait(PATIENCE)
    kill_marked(f"TMPDIR={place}")


def run_until_done(
    container: Container, bucket: Bucket, command: tuple[str, ...], kind: str, moments: list[float], **more: str
) -> Outcome:
    """Run attempts of one Batch job. Each but the last is interrupted `moments` seconds after its first epoch."""
    logs = []
    for attempt, moment in enumerate([*moments, None], start=1):
        identity = {"AWS_BATCH_JOB_ID": "batch-1", "AWS_BATCH_JOB_ATTEMPT": str(attempt)}
        process = container.start(*command, **identity, **more)
        if moment is None:
            assert process.wait(PATIENCE) == 0, container.log(process)
        else:
            while process.poll() is None and "@metrics" not in container.log(process):
                time.sleep(0.01)
            with suppress(subprocess.TimeoutExpired):
                process.wait(moment)
            interrupt(kind, process, container)
        logs.append(container.log(process))
        if process.returncode == 0:
            break
    metrics, model = bucket.get("metrics.csv"), bucket.get("model.pt")
    assert metrics is not None
    assert model is not None
    return Outcome(metrics.body, model.body, tuple(map(reported_epochs, logs)))


def reported_epochs(log: str) -> tuple[int, ...]:
    rows = [parse_metrics(line) for line in log.splitlines()]
    return tuple(int(row["epoch"]) for row in rows if row)


def check(outcome: Outcome, whole: Outcome) -> None:
    assert outcome.metrics == whole.metrics
    assert hashlib.sha256(outcome.model).digest() == hashlib.sha256(whole.model).digest()
    interrupted = [epochs for epochs in outcome.reported if epochs]
    for before, after in pairwise(interrupted):
        lost = before[-1] - after[0] + 1
        assert 0 <= lost <= 1, f"{lost} epochs were reported twice or not at all: {outcome.reported}"


@pytest.mark.parametrize("kind", ["SIGTERM", "SIGKILL"])
def test_interrupted_reference_training_ends_with_the_same_bits(
    container: Container, repository: Repository, bucket: Bucket, kind: str
) -> None:
    commit = repository.commit({"README": "nothing to see"})
    command = ("python", "-m", "trainer.mnist", "--lr", "0.1", "--epochs", "6", "--deterministic")
    one_thread = {"OMP_NUM_THREADS": "1", "COMMIT_ID": commit}
    outcome = run_until_done(container, bucket, command, kind, [0.05, 0.2, 0.1], **one_thread)
    uri = f"{bucket.uri}whole/"
    whole = run_until_done(container, Bucket(uri), command, kind, [], OUTPUT_URI=uri, **one_thread)
    check(outcome, whole)
    assert whole.reported == (tuple(range(1, 7)),)
    assert len(outcome.reported) > 1


@pytest.mark.parametrize("kind", ["SIGTERM", "SIGKILL"])
@pytest.mark.parametrize("seed", [1, 2])
def test_interruptions_cost_at_most_an_epoch_and_no_bits(
    container: Container, repository: Repository, bucket: Bucket, kind: str, seed: int
) -> None:
    commit = repository.commit({"train.py": WALK})
    moments = [random.Random(f"{kind}{seed}{n}").uniform(0, 0.15) for n in range(5)]
    command = ("python", "train.py")
    outcome = run_until_done(container, bucket, command, kind, moments, COMMIT_ID=commit)
    uri = f"{bucket.uri}whole/"
    whole = run_until_done(container, Bucket(uri), command, kind, [], COMMIT_ID=commit, OUTPUT_URI=uri)
    check(outcome, whole)
    assert whole.reported == (tuple(range(1, EPOCHS + 1)),)
    stored = bucket.get("manifest.json")
    assert stored is not None
    attempts = json.loads(stored.body)["attempts"]
    assert [attempt["attempt"] for attempt in attempts] == list(range(1, len(outcome.reported) + 1))
    assert all(attempt["lost_minutes"] is not None for attempt in attempts[:-1])
    assert attempts[-1]["exit_code"] == 0
