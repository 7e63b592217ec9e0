"""Setbacks of a job: corrupt checkpoints, a bucket that disappears, a full disk, large files at the end."""

import shutil
import signal
import subprocess
import time
from pathlib import Path

import pytest

from tests.support.container import KILLED_AFTER, Container, text, trouble_in
from tests.support.git import Repository
from tests.support.waiting import PATIENCE, until
from trainer.contract import CHECKPOINT, PREVIOUS_CHECKPOINT, ExitCode
from trainer.storage.bucket import Bucket

pytestmark = pytest.mark.slow

RESUMES = """
import trainer
state = trainer.checkpoint.load() or {"epoch": 0}
print("resumes after", state["epoch"])
for epoch in range(state["epoch"] + 1, state["epoch"] + 4):
    trainer.report(epoch=epoch, train_loss=1 / epoch)
    trainer.checkpoint.save({"epoch": epoch})
raise SystemExit(1)
"""


@pytest.mark.parametrize("how", ["torn", "replaced", "foreign"])
def test_attempt_resumes_from_checkpoint_before_a_corrupt_one(
    container: Container, repository: Repository, bucket: Bucket, how: str
) -> None:
    commit = repository.commit({"train.py": RESUMES})
    assert container.run("python", "train.py", COMMIT_ID=commit, AWS_BATCH_JOB_ID="b")[0] == 1
    stored = bucket.get(CHECKPOINT)
    assert stored is not None
    if how == "foreign":
        bucket.put(CHECKPOINT, b"put there by hand")
    else:
        torn = stored.body[:-7] if how == "torn" else b"PK something else"
        bucket.put(CHECKPOINT, torn, metadata=stored.metadata)
    code, log = container.run("python", "train.py", COMMIT_ID=commit, AWS_BATCH_JOB_ID="b", AWS_BATCH_JOB_ATTEMPT="2")
    assert code == 1
    assert "resumes after 2\n" in log
    message = "checkpoint.pt cannot be read" if how == "foreign" else "checkpoint.pt is corrupt, resuming from the one"
    assert message in log
    expected = "".join(f"{epoch},{1 / epoch}\n" for epoch in range(1, 6))
    assert text(bucket, "metrics.csv") == "epoch,train_loss\n" + expected


def test_attempt_starts_over_if_both_checkpoints_are_corrupt(
    container: Container, repository: Repository, bucket: Bucket
) -> None:
    commit = repository.commit({"train.py": RESUMES})
    assert container.run("python", "train.py", COMMIT_ID=commit, AWS_BATCH_JOB_ID="b")[0] == 1
    for name in (CHECKPOINT, PREVIOUS_CHECKPOINT):
        stored = bucket.get(name)
        assert stored is not None
        bucket.put(name, b"PK", metadata=stored.metadata)
    code, log = container.run("python", "train.py", COMMIT_ID=commit, AWS_BATCH_JOB_ID="b", AWS_BATCH_JOB_ATTEMPT="2")
    assert "checkpoint.pt is corrupt and there is none before it, starting from the beginning" in log
    assert "resumes after 0\n" in log
    assert code == 1


WAITS = """
import os, time, trainer
trainer.report(epoch=1, train_loss=1.0)
print("ready", flush=True)
while not os.path.exists({go!r}):
    time.sleep(0.02)
trainer.report(epoch=2, train_loss=0.5)
"""


def test_run_whose_results_are_not_stored_fails(container: Container, repository: Repository, tmp_path: Path) -> None:
    go = tmp_path / "go"
    commit = repository.commit({"train.py": WAITS.format(go=str(go))})
    bucket = Bucket("s3://soon-to-be-gone/jobs/x/")
    bucket._s3.create_bucket(Bucket="soon-to-be-gone")
    process = container.start("python", "train.py", COMMIT_ID=commit, OUTPUT_URI=bucket.uri)
    until(lambda: "ready" in container.log(process) and "manifest.json" in bucket.names())
    for key in bucket.names():
        bucket._s3.delete_object(Bucket="soon-to-be-gone", Key=f"jobs/x/{key}")
    bucket._s3.delete_bucket(Bucket="soon-to-be-gone")
    go.touch()
    assert process.wait(PATIENCE) == ExitCode.RESULTS_NOT_STORED
    trouble = trouble_in(container.log(process))
    assert "Can't store the results in s3://soon-to-be-gone/jobs/x/" in trouble.message
    assert "NoSuchBucket" in trouble.message


FILLS = """
import os, trainer
trainer.report(epoch=1, train_loss=1.0)
with open(os.environ["OUTPUT_DIR"] + "/large.bin", "wb") as file:
    while True:
        file.write(bytes(65536))
"""


def on_a_small_disk(size: str, command: list[str], **options: object) -> subprocess.CompletedProcess[str]:
    """Run a command with its first argument mounted as a disk of that size, in its own mount namespace."""
    mount = f'mount -t tmpfs -o size={size} tmpfs "$1" && shift && exec "$@"'
    return subprocess.run(
        ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c", mount, "sh", *command],
        check=False,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        **options,  # type: ignore[call-overload]
    )


@pytest.fixture
def small(tmp_path: Path) -> Path:
    folder = tmp_path / "small"
    folder.mkdir()
    if shutil.which("unshare") is None or on_a_small_disk("1m", [str(folder), "true"]).returncode:
        pytest.skip("a small disk needs unshare and permission to mount")
    return folder


@pytest.mark.parametrize(
    ("size", "code", "words"),
    [
        ("16k", ExitCode.DISK_FULL, "The disk is full"),
        ("2m", 1, "No space left on device"),
    ],
)
def test_full_disk_is_reported_and_existing_files_are_stored(
    container: Container, repository: Repository, bucket: Bucket, small: Path, size: str, code: int, words: str
) -> None:
    commit = repository.commit({"train.py": FILLS, "large.txt": "".join(map(str, range(9000)))})
    command = ["python", "-m", "trainer.entrypoint", "--", "python", "train.py"]
    environment = {**container.environment, "COMMIT_ID": commit, "WORK_DIR": f"{small}/work", "TMPDIR": "/tmp"}
    done = on_a_small_disk(size, [str(small), *command], env=environment)
    assert done.returncode == code, done.stdout + done.stderr
    if code == ExitCode.DISK_FULL:
        assert words in trouble_in(done.stdout).message
    else:
        assert words in done.stdout
        assert text(bucket, "metrics.csv") == "epoch,train_loss\n1,1.0\n"


def test_large_artifacts_do_not_delay_a_stopped_job(
    container: Container, repository: Repository, bucket: Bucket
) -> None:
    many = 'open(os.environ["OUTPUT_DIR"] + f"/{n}.bin", "wb").write(os.urandom(1_000_000))'
    script = f"import os, time\nprint('ready', flush=True)\nfor n in range(20): {many}\ntime.sleep(60)\n"
    process = container.start("python", "train.py", COMMIT_ID=repository.commit({"train.py": script}))
    until(lambda: "ready" in container.log(process))
    began = time.monotonic()
    process.send_signal(signal.SIGTERM)
    assert process.wait(PATIENCE) == 143
    assert time.monotonic() - began < KILLED_AFTER
