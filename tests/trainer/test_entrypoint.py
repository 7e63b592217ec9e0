"""The entrypoint from outside: a process, a repository, a bucket."""

import json
import signal
import time
from pathlib import Path

import pytest

from tests.support.container import KILLED_AFTER, Container, text, trouble_in
from tests.support.git import Repository
from tests.support.waiting import PATIENCE, until
from trainer.contract import ExitCode
from trainer.storage.bucket import Bucket

pytestmark = pytest.mark.slow

THREE_EPOCHS = """
import os, sys, trainer
print("arguments", *sys.argv[1:])
for epoch in (1, 2, 3):
    trainer.report(epoch=epoch, epochs=3, train_loss=1 / epoch)
    trainer.checkpoint.save({"epoch": epoch})
folder = os.environ["OUTPUT_DIR"]
os.makedirs(f"{folder}/pictures")
open(f"{folder}/pictures/walk.png", "w").write("picture")
open(f"{folder}/model.pt", "w").write("weights")
"""
SLOW = """
import signal, sys, time, trainer
def end(*_):
    print("got it", flush=True)
    trainer.report(epoch=2, epochs=9, train_loss=0.5)
    open("late.csv", "w")
    sys.exit(7)
signal.signal(signal.SIGTERM, end)
trainer.report(epoch=1, epochs=9, train_loss=1.0)
print("ready", flush=True)
time.sleep(60)
"""


def test_successful_run_stores_all_its_files(container: Container, repository: Repository, bucket: Bucket) -> None:
    commit = repository.commit({"train.py": THREE_EPOCHS}, "Warm up the learning rate")
    code, log = container.run(
        "python", "train.py", COMMIT_ID=commit, PARAMETERS='{"lr": 0.1, "nesterov": true}', ASKER="mika"
    )
    assert code == 0, log
    assert f'signalbox: fetched {commit[:7]} "Warm up the learning rate" in ' in log
    assert "arguments --lr 0.1 --nesterov\n" in log
    assert text(bucket, "metrics.csv") == "epoch,train_loss\n1,1.0\n2,0.5\n3,0.3333333333333333\n"
    assert text(bucket, "artifacts/pictures/walk.png") == "picture"
    assert text(bucket, "model.pt") == "weights"
    assert set(bucket.names()) == {
        "checkpoint.previous.pt",
        "checkpoint.pt",
        "claim.json",
        "manifest.json",
        "metrics.csv",
        "model.pt",
    }
    manifest = json.loads(text(bucket, "manifest.json"))
    assert manifest["command"] == ["python", "train.py", "--lr", "0.1", "--nesterov"]
    assert (manifest["commit"], manifest["asker"], manifest["branch"]) == (commit, "mika", "main")
    assert [attempt["exit_code"] for attempt in manifest["attempts"]] == [0]


def test_code_of_the_given_commit_runs(container: Container, repository: Repository) -> None:
    first = repository.commit({"train.py": "print('the first')"})
    repository.commit({"train.py": "print('the second')"})
    code, log = container.run("python", "train.py", COMMIT_ID=first)
    assert code == 0
    assert "the first" in log
    assert "the second" not in log


def test_failing_command_stores_its_files_and_exit_code(
    container: Container, repository: Repository, bucket: Bucket
) -> None:
    commit = repository.commit({"train.py": THREE_EPOCHS + "raise SystemExit(3)"})
    code, log = container.run("python", "train.py", COMMIT_ID=commit)
    assert code == 3
    assert "@signalbox" not in log
    assert text(bucket, "metrics.csv").count("\n") == 4
    assert json.loads(text(bucket, "manifest.json"))["attempts"][0]["exit_code"] == 3


def test_command_killed_by_signal_ends_with_128_plus_signal(container: Container, repository: Repository) -> None:
    commit = repository.commit({"train.py": "import os; os.kill(os.getpid(), 9)"})
    code, log = container.run("python", "train.py", COMMIT_ID=commit)
    assert code == 137
    assert "137 (SIGKILL)" in log


def test_trial_runs_its_own_point_under_its_own_prefix(
    container: Container, repository: Repository, bucket: Bucket
) -> None:
    commit = repository.commit({"train.py": THREE_EPOCHS})
    space = '{"axes": [["lr", [0.1, 0.01]], ["momentum", [0.5, 0.1]]]}'
    code, log = container.run(
        "python",
        "train.py",
        COMMIT_ID=commit,
        SWEEP_SPACE=space,
        AWS_BATCH_JOB_ARRAY_INDEX="2",
        PARAMETERS='{"epochs": 3, "lr": 1}',
    )
    assert code == 0
    assert "arguments --epochs 3 --lr 0.01 --momentum 0.5" in log
    assert text(bucket, "2/metrics.csv").count("\n") == 4


def test_sigterm_is_forwarded_and_everything_is_stored(
    container: Container, repository: Repository, bucket: Bucket
) -> None:
    commit = repository.commit({"train.py": SLOW})
    process = container.start("python", "train.py", COMMIT_ID=commit)
    until(lambda: "ready" in container.log(process))
    began = time.monotonic()
    process.send_signal(signal.SIGTERM)
    assert process.wait(PATIENCE) == 7
    assert time.monotonic() - began < KILLED_AFTER
    assert "got it" in container.log(process)
    assert text(bucket, "metrics.csv") == "epoch,train_loss\n1,1.0\n2,0.5\n"


IMPATIENT = """
import sys
from trainer.entrypoint import main
from trainer.process.stopping import Stopping
sys.exit(main(sys.argv[1:], Stopping(command_seconds=1)))
"""
"""The entrypoint, which kills the command after 1 s instead of 12."""


def test_deaf_command_is_killed_and_its_files_are_stored(
    container: Container, repository: Repository, bucket: Bucket
) -> None:
    deaf = SLOW.replace("signal.signal(signal.SIGTERM, end)", "signal.signal(signal.SIGTERM, signal.SIG_IGN)")
    commit = repository.commit({"train.py": deaf})
    container.entrypoint = ("-c", IMPATIENT)
    process = container.start("python", "train.py", COMMIT_ID=commit)
    until(lambda: "ready" in container.log(process))
    began = time.monotonic()
    process.send_signal(signal.SIGTERM)
    assert process.wait(PATIENCE) == 137
    assert 1 <= time.monotonic() - began < KILLED_AFTER
    assert text(bucket, "metrics.csv") == "epoch,train_loss\n1,1.0\n"


def test_sigterm_during_checkout_ends_the_attempt(container: Container, repository: Repository) -> None:
    commit = repository.commit({"train.py": THREE_EPOCHS})
    fetching = container.folder / "slow-git"
    fetching.mkdir()
    git = fetching / "git"
    git.write_text(f"#!/bin/sh\ntouch {fetching}/began\nsleep 60\n")
    git.chmod(0o755)
    process = container.start(
        "python", "train.py", COMMIT_ID=commit, PATH=f"{fetching}:{container.environment['PATH']}"
    )
    until((fetching / "began").exists)
    process.send_signal(signal.SIGTERM)
    assert process.wait(PATIENCE) == 143
    assert "stopped before the command started" in container.log(process)


def test_second_live_attempt_stops_by_itself(container: Container, repository: Repository, bucket: Bucket) -> None:
    commit = repository.commit({"train.py": SLOW})
    first = container.start("python", "train.py", COMMIT_ID=commit, AWS_BATCH_JOB_ID="batch-1")
    until(lambda: "ready" in container.log(first))
    code, log = container.run("python", "train.py", COMMIT_ID=commit, AWS_BATCH_JOB_ID="batch-2")
    trouble = trouble_in(log)
    assert code == trouble.code == ExitCode.ALREADY_RUNNING
    assert "Batch job batch-1" in trouble.message
    assert first.poll() is None
    assert "signalbox: running" not in log


def test_printed_metrics_become_a_table(container: Container, repository: Repository, bucket: Bucket) -> None:
    lines = "\n".join(f"""print('@metrics {{"epoch": {n}, "loss": {1 / n}}}')""" for n in (1, 2))
    commit = repository.commit({"train.py": lines})
    assert container.run("python", "train.py", COMMIT_ID=commit)[0] == 0
    assert text(bucket, "metrics.csv") == "epoch,loss\n1,1.0\n2,0.5\n"


BASELINE = """
import argparse
flags = argparse.ArgumentParser()
for name, kind in (("lr", float), ("momentum", float), ("epochs", int)):
    flags.add_argument(f"--{name}", type=kind)
given = flags.parse_args()
rows = "".join(f"{1 / n},{2 / n},{90 + n}\\n" for n in range(1, given.epochs + 1))
open(f"metrics_lr{given.lr:0.4f}_m{given.momentum:0.4f}.csv", "w").write("train_loss,val_loss,val_accuracy\\n" + rows)
"""
WALKING = """
import os
os.makedirs("monitor")
open("monitor/progress.csv", "w").write("num_timesteps, reward_sum\\n100, -2.5\\n200, 3.5\\n")
"""


@pytest.mark.parametrize(
    ("script", "metrics_file", "table"),
    [
        (BASELINE, "", "train_loss,val_loss,val_accuracy\n1,2,91\n0.5,1,92\n"),
        (BASELINE, "metrics_lr*.csv", "train_loss,val_loss,val_accuracy\n1,2,91\n0.5,1,92\n"),
        (WALKING, "", "num_timesteps,reward_sum\n100,-2.5\n200,3.5\n"),
        (WALKING, "monitor/*.csv", "num_timesteps,reward_sum\n100,-2.5\n200,3.5\n"),
    ],
)
def test_table_of_foreign_code_is_stored(
    container: Container, repository: Repository, bucket: Bucket, script: str, metrics_file: str, table: str
) -> None:
    commit = repository.commit({"main.py": script, "metrics_old.csv": "train_loss\n9.0\n"})
    parameters = '{"lr": 0.1, "momentum": 0.5, "epochs": 2}'
    code, log = container.run("python", "main.py", COMMIT_ID=commit, PARAMETERS=parameters, METRICS_FILE=metrics_file)
    assert code == 0, log
    assert text(bucket, "metrics.csv") == table


GROWING = """
import os, time
with open("results.csv", "w", buffering=1) as table:
    table.write("epoch,val_accuracy\\n")
    for epoch in (1, 2, 3):
        table.write(f"{epoch},{90 + epoch}\\n")
        while not os.path.exists(f"FOLDER/seen-{epoch}"):
            time.sleep(0.02)
"""
"""It writes its next row when somebody has seen the one before."""


def test_rows_of_foreign_code_are_in_the_log_while_it_runs(
    container: Container, repository: Repository, bucket: Bucket
) -> None:
    commit = repository.commit({"main.py": GROWING.replace("FOLDER", str(container.folder))})
    process = container.start("python", "main.py", COMMIT_ID=commit, METRIC="val_accuracy")
    for epoch in (1, 2, 3):
        row = f'@metrics {{"epoch": {epoch}, "val_accuracy": {90 + epoch}}}'
        until(lambda row=row: row in container.log(process))  # type: ignore[misc]
        (container.folder / f"seen-{epoch}").touch()
    assert process.wait(PATIENCE) == 0
    log = container.log(process)
    assert log.count("@metrics") == 3
    assert log.count("signalbox: metrics come from results.csv") == 1
    assert text(bucket, "metrics.csv") == "epoch,val_accuracy\n1,91\n2,92\n3,93\n"


@pytest.mark.parametrize(
    ("change", "code", "words"),
    [
        ({"REPOSITORY_URL": "file:///nowhere.git"}, ExitCode.REPOSITORY_UNREACHABLE, "can't be fetched"),
        ({"REPOSITORY_URL": "http://127.0.0.1:1/x.git"}, ExitCode.REPOSITORY_UNREACHABLE, "can't be fetched"),
        ({"COMMIT_ID": "f" * 40}, ExitCode.COMMIT_NOT_FOUND, f"has no commit {'f' * 40}"),
        ({"COMMIT_ID": "main"}, ExitCode.BAD_CONTRACT, "must be a full commit id"),
        ({"JOB_ID": "", "OUTPUT_URI": ""}, ExitCode.BAD_CONTRACT, "JOB_ID is not set; OUTPUT_URI is not set"),
        ({"PARAMETERS": "[1]"}, ExitCode.BAD_CONTRACT, "must be a JSON object"),
        ({"INSTALL": "requirements.txt"}, ExitCode.INSTALL_FAILED, "nothing-like-this"),
        ({"INSTALL": "missing.txt"}, ExitCode.INSTALL_FAILED, "INSTALL names missing.txt, but"),
        ({"OUTPUT_URI": "s3://no-such-bucket/jobs/x/"}, ExitCode.BUCKET_NOT_WRITABLE, "NoSuchBucket"),
        ({"AWS_ENDPOINT_URL": "http://127.0.0.1:1"}, ExitCode.BUCKET_NOT_WRITABLE, "Could not connect"),
    ],
)
def test_bad_input_ends_with_its_exit_code_and_one_clear_line(
    container: Container, repository: Repository, change: dict[str, str], code: ExitCode, words: str
) -> None:
    files = {"train.py": THREE_EPOCHS, "requirements.txt": "./nothing-like-this-1.0-py3-none-any.whl\n"}
    commit = repository.commit(files)
    found, log = container.run("python", "train.py", **{"COMMIT_ID": commit, **change})
    trouble = trouble_in(log)
    assert found == trouble.code == code
    assert words in trouble.message
    assert "Traceback" not in log


def test_missing_command_is_named(container: Container, repository: Repository) -> None:
    commit = repository.commit({"train.py": THREE_EPOCHS})
    code, log = container.run("pyhton", "train.py", COMMIT_ID=commit)
    assert code == ExitCode.COMMAND_NOT_FOUND
    assert trouble_in(log).message.startswith("Can't run 'pyhton': No such file or directory.")


def test_token_appears_nowhere(container: Container, repository: Repository, bucket: Bucket) -> None:
    commit = repository.commit({"train.py": "import os; print(sorted(os.environ))"})
    code, log = container.run("python", "train.py", "secret-token", COMMIT_ID=commit, GIT_TOKEN="secret-token")
    assert code == 0
    assert "GIT_TOKEN" not in log
    assert "secret-token" not in log
    assert "secret-token" not in text(bucket, "manifest.json")
    written = [path for path in Path(container.folder).rglob("*") if path.is_file() and "repository" not in path.parts]
    assert not [path for path in written if b"secret-token" in path.read_bytes()]
