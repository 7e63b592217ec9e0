"""One attempt in this process, from the claim to the last upload."""

import json
import re
from typing import Any

import pytest

from tests.support.container import text
from tests.support.memory_bucket import MemoryBucket
from tests.trainer.run.job import Job
from trainer.contract import CLAIM_JSON, MANIFEST_JSON, STOPPED, ExitCode
from trainer.errors import Ended, Stopped
from trainer.fetch.checkout import Fetched
from trainer.storage.bucket import Bucket, BucketTrouble

METRICS = """echo '@metrics {"epoch": 1, "loss": 0.5}'"""
LEAVE_FILES = f"""
{METRICS}
echo weights > "$OUTPUT_DIR/model.pt"
echo state > "$OUTPUT_DIR/checkpoint.pt"
echo picture > "$OUTPUT_DIR/walk.png"
"""


ON_THE_FAKE = pytest.mark.parametrize("either_bucket", ["memory"], indirect=True)


@pytest.fixture
def bucket(either_bucket: Bucket | MemoryBucket) -> Bucket | MemoryBucket:
    return either_bucket


def document(bucket: Bucket, key: str) -> Any:
    return json.loads(text(bucket, key))


def test_successful_attempt_stores_everything(job: Job, bucket: Bucket, capfd: pytest.CaptureFixture[str]) -> None:
    assert job.attempt(LEAVE_FILES).run() == 0
    assert text(bucket, "metrics.csv") == "epoch,loss\n1,0.5\n"
    assert (text(bucket, "model.pt"), text(bucket, "artifacts/walk.png")) == ("weights\n", "picture\n")
    assert text(bucket, "checkpoint.pt") == "state\n"
    manifest = document(bucket, MANIFEST_JSON)
    assert manifest["subject"] == "Warm up the learning rate"
    assert [(each["attempt"], each["exit_code"]) for each in manifest["attempts"]] == [(1, 0)]
    assert document(bucket, CLAIM_JSON)["ended"] == 0
    log = capfd.readouterr().out.splitlines()
    assert log[0] == 'signalbox: fetched aaaaaaa "Warm up the learning rate" in 0.1 s'
    assert log[1].startswith("signalbox: running sh -c ")
    assert log[-1] == f"signalbox: stored everything in {bucket.uri}"


def test_refused_copy_of_a_checkpoint_does_not_fail_the_job(
    job: Job, bucket: Bucket, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    def refuse(*_: object) -> None:
        raise BucketTrouble("InvalidRequest: The specified copy source is larger than", final=False)

    monkeypatch.setattr(type(bucket), "copy", refuse)
    save = 'echo %s > "$OUTPUT_DIR/.next"; mv "$OUTPUT_DIR/.next" "$OUTPUT_DIR/checkpoint.pt"; sleep 0.3;'
    assert job.attempt(save % "one" + save % "two").run() == 0
    assert text(bucket, "checkpoint.pt") == "two\n"
    assert f"stored everything in {bucket.uri}" in capfd.readouterr().out


def test_everything_stored_is_not_claimed_after_an_unexpected_error(
    job: Job, bucket: Bucket, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    def break_down(*_: object, **__: object) -> None:
        raise RuntimeError("cannot schedule new futures after shutdown")

    monkeypatch.setattr("threading.excepthook", lambda _: None)
    monkeypatch.setattr(type(bucket), "upload", break_down)
    with pytest.raises(Ended) as ended:
        job.attempt('echo weights > "$OUTPUT_DIR/model.pt"').run()
    assert ended.value.trouble.code == ExitCode.RESULTS_NOT_STORED
    assert "stored everything" not in capfd.readouterr().out


def test_file_with_a_latin_1_name_is_stored(job: Job, bucket: Bucket, capfd: pytest.CaptureFixture[str]) -> None:
    assert job.attempt("""cd "$OUTPUT_DIR"; echo x > "$(printf 'caf\\351.png')" """).run() == 0
    assert text(bucket, "artifacts/café.png") == "x\n"
    assert f"stored everything in {bucket.uri}" in capfd.readouterr().out


def test_file_that_cannot_be_stored_is_named_in_log_and_manifest(
    job: Job, bucket: Bucket, capfd: pytest.CaptureFixture[str]
) -> None:
    assert job.attempt('ln -s missing "$OUTPUT_DIR/model.pt"; echo x > "$OUTPUT_DIR/walk.png"').run() == 0
    log = capfd.readouterr().out
    assert f"stored the results in {bucket.uri}, except 1 file: model.pt" in log
    assert "stored everything" not in log
    manifest = document(bucket, MANIFEST_JSON)
    reason = "it is a link to missing, which does not exist"
    assert (manifest["not_stored"], manifest["not_stored_count"]) == ([{"name": "model.pt", "reason": reason}], 1)
    assert text(bucket, "artifacts/walk.png") == "x\n"


def test_new_files_of_the_checkout_are_kept(job: Job, bucket: Bucket, capfd: pytest.CaptureFixture[str]) -> None:
    script = "mkdir -p runs data; echo weights > last.ckpt; echo 1 > runs/events; echo x > data/raw.bin; echo k > .env"
    assert job.attempt(script).run() == 0
    assert (text(bucket, "artifacts/last.ckpt"), text(bucket, "artifacts/runs/events")) == ("weights\n", "1\n")
    assert bucket.get("artifacts/data/raw.bin") is None
    assert bucket.get("artifacts/.env") is None
    log = capfd.readouterr().out
    assert "left out: .env (it may hold secrets), data/ (`keep` leaves it out)" in log
    assert f"stored everything else in {bucket.uri}" in log


def test_keep_and_its_limit_come_from_the_environment(job: Job, bucket: Bucket) -> None:
    job.environment |= {"KEEP": '["*.ckpt"]', "KEEP_LIMIT_GIB": "1e-8"}
    assert job.attempt("echo 1 > a.ckpt; echo 1 > a.log; echo 12345678901234 > huge.ckpt").run() == 0
    assert [each["name"] for each in document(bucket, MANIFEST_JSON)["not_stored"]] == ["huge.ckpt"]
    assert text(bucket, "artifacts/a.ckpt") == "1\n"
    assert bucket.get("artifacts/a.log") is None


@pytest.mark.parametrize(("script", "code", "words"), [("exit 3", 3, "3"), ("kill -9 $$", 137, "137 (SIGKILL)")])
def test_failed_command_ends_with_its_exit_code(
    job: Job, bucket: Bucket, capfd: pytest.CaptureFixture[str], script: str, code: int, words: str
) -> None:
    assert job.attempt(f"{METRICS}; {script}").run() == code
    assert text(bucket, "metrics.csv") == "epoch,loss\n1,0.5\n"
    assert document(bucket, MANIFEST_JSON)["attempts"][0]["exit_code"] == code
    assert document(bucket, CLAIM_JSON)["ended"] == code
    assert f"signalbox: the command ended with {words} after " in capfd.readouterr().out


def test_command_gets_the_jobs_environment_without_the_token(
    job: Job, bucket: Bucket, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GIT_TOKEN", "secret-token")
    job.environment |= {"PARAMETERS": '{"lr": 0.1}', "JOB_ID": "hx372f"}
    assert job.attempt('echo "$JOB_ID $PARAMETERS $OUTPUT_URI [$GIT_TOKEN] $@"; ls -d "$OUTPUT_DIR"').run() == 0
    assert f'hx372f {{"lr": 0.1}} {bucket.uri} [] --lr 0.1\n' in capfd.readouterr().out


def test_command_gets_a_free_port(job: Job, capfd: pytest.CaptureFixture[str]) -> None:
    assert job.attempt('echo "port $MASTER_PORT $PET_MASTER_PORT"').run() == 0
    assert re.search(r"^port (\d+) \1$", capfd.readouterr().out, flags=re.M)


def test_command_runs_in_its_working_directory(job: Job, capfd: pytest.CaptureFixture[str]) -> None:
    job.environment["WORKING_DIRECTORY"] = "examples/mnist"
    attempt = job.attempt("pwd")
    (attempt._job.code / "examples" / "mnist").mkdir(parents=True)
    assert attempt.run() == 0
    assert str(attempt._job.code / "examples" / "mnist") in capfd.readouterr().out.splitlines()


@pytest.mark.parametrize("folder", ["missing", "../outside", "link"])
def test_working_directory_that_the_commit_lacks(job: Job, folder: str) -> None:
    job.environment["WORKING_DIRECTORY"] = folder
    attempt = job.attempt("true")
    (attempt._job.work / "outside").mkdir()
    (attempt._job.code / "link").symlink_to(attempt._job.work / "outside")
    with pytest.raises(Ended) as caught:
        attempt.run()
    assert caught.value.trouble.code is ExitCode.COMMAND_NOT_FOUND
    assert f"This commit has no folder '{folder}' to run the command in." in caught.value.trouble.message


def test_flags_are_written_as_the_code_takes_them(job: Job, capfd: pytest.CaptureFixture[str]) -> None:
    job.environment |= {"PARAMETERS": '{"lr": 0.1, "fast": true}', "PARAMETER_FLAGS": '{"style":"name=value"}'}
    assert job.attempt('echo "got $@"').run() == 0
    assert "got lr=0.1 fast=True" in capfd.readouterr().out.splitlines()


def test_later_attempt_resumes_and_lists_the_earlier_one(
    job: Job, bucket: Bucket, capfd: pytest.CaptureFixture[str]
) -> None:
    assert job.attempt(f"{LEAVE_FILES}exit 1").run() == 1
    second = job.attempt('cat "$OUTPUT_DIR/checkpoint.pt" "$OUTPUT_DIR/metrics.csv"', number=2)
    assert second.run() == 0
    log = capfd.readouterr().out
    assert "signalbox: attempt 2, resuming from its checkpoint after attempt 1 on " in log
    assert "state\nepoch,loss\n1,0.5\n" in log
    first, last = document(bucket, MANIFEST_JSON)["attempts"]
    assert (first["attempt"], first["exit_code"], last["attempt"], last["exit_code"]) == (1, 1, 2, 0)
    assert 0 <= first["lost_minutes"] < 1


def test_later_attempt_resumes_from_the_codes_own_checkpoint(
    job: Job, bucket: Bucket, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("trainer.run.attempt.ARTIFACTS_SECONDS", 0.05)
    monkeypatch.setattr("trainer.storage.own_checkpoints._SETTLED_SECONDS", 0.0)
    job.environment |= {"CHECKPOINTS": '["*.ckpt"]', "RESUME_ARGUMENTS": '["--ckpt_path", "{checkpoint}"]'}
    script = 'echo "got $@ [$RESUME_CHECKPOINT]"; mkdir -p logs; echo "$#" > logs/last.ckpt; sleep 0.5; exit 1'
    assert job.attempt(script).run() == 1
    second = job.attempt(script, number=2)
    assert second.run() == 1
    path = second._job.code / "logs" / "last.ckpt"
    lines = capfd.readouterr().out.splitlines()
    assert any("attempt 2, resuming from its checkpoint after attempt 1" in line for line in lines)
    assert [line for line in lines if line.startswith("got")] == ["got  []", f"got --ckpt_path {path} [{path}]"]
    assert document(bucket, MANIFEST_JSON)["command"][-2:] == ["--ckpt_path", str(path)]


def test_secrets_reach_the_command(job: Job, bucket: Bucket, monkeypatch: pytest.MonkeyPatch) -> None:
    job.environment |= {"SECRETS": "WANDB_API_KEY,NOT_SET", "WANDB_API_KEY": "key-123"}
    attempt = job.attempt('test "$WANDB_API_KEY" = key-$((100 + 23)) && test -z "${NOT_SET+x}"')
    assert "key-123" not in repr(attempt._job)
    assert attempt.run() == 0
    assert "key-123" not in text(bucket, MANIFEST_JSON)


def test_attempt_of_a_finished_job_does_not_run(job: Job, capfd: pytest.CaptureFixture[str]) -> None:
    assert job.attempt("true").run() == 0
    job.environment["AWS_BATCH_JOB_ID"] = "batch-2"
    capfd.readouterr()
    with pytest.raises(Ended, match="already succeeded, in Batch job batch-1") as caught:
        job.attempt("echo again").run()
    assert caught.value.trouble.code is ExitCode.ALREADY_RUNNING
    assert capfd.readouterr().out == ""


@pytest.mark.parametrize(
    ("error", "code"),
    [(Ended(ExitCode.COMMIT_NOT_FOUND, "x"), ExitCode.COMMIT_NOT_FOUND), (Stopped(), STOPPED)],
    ids=["commit not found", "stopped"],
)
def test_end_before_the_command_is_recorded_in_the_claim(
    job: Job, bucket: Bucket, error: BaseException, code: int
) -> None:
    def fail() -> Fetched:
        raise error

    with pytest.raises(type(error)):
        job.attempt("true", fetch=fail).run()
    assert document(bucket, CLAIM_JSON)["ended"] == code


@ON_THE_FAKE
def test_refused_bucket_ends_the_attempt_before_the_command(job: Job, capfd: pytest.CaptureFixture[str]) -> None:
    job.bucket = MemoryBucket(trouble=BucketTrouble("AccessDenied", final=True))
    with pytest.raises(Ended, match="Can't use the bucket: AccessDenied") as caught:
        job.attempt("echo ran").run()
    assert caught.value.trouble.code is ExitCode.BUCKET_NOT_WRITABLE
    assert "ran" not in capfd.readouterr().out


class WithoutArtifacts(MemoryBucket):
    """Refuses artifacts, and nothing else."""

    def upload(self, key: str, *arguments: Any, **more: Any) -> None:
        raise BucketTrouble("AccessDenied", final=True)


@ON_THE_FAKE
def test_success_without_stored_results_is_a_failure(job: Job) -> None:
    job.bucket = WithoutArtifacts()
    with pytest.raises(Ended, match=r"Can't store the results in .*: AccessDenied \(missing: walk.png\)") as caught:
        job.attempt('echo picture > "$OUTPUT_DIR/walk.png"').run()
    assert caught.value.trouble.code is ExitCode.RESULTS_NOT_STORED
    assert document(job.bucket, CLAIM_JSON)["ended"] == ExitCode.RESULTS_NOT_STORED


@ON_THE_FAKE
def test_failed_command_keeps_its_code_without_stored_results(job: Job, capfd: pytest.CaptureFixture[str]) -> None:
    job.bucket = WithoutArtifacts()
    assert job.attempt('echo picture > "$OUTPUT_DIR/walk.png"; exit 3').run() == 3
    assert "Can't store the results in s3://memory/jobs/k7q2mx/: AccessDenied" in capfd.readouterr().out


@ON_THE_FAKE
def test_last_upload_is_retried_after_a_passing_failure(
    job: Job, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("trainer.run.finish.time.sleep", lambda _: None)
    failures = [BucketTrouble("SlowDown", final=False), BucketTrouble("SlowDown", final=False)]

    class Flaky(MemoryBucket):
        def upload(self, key: str, *arguments: Any, **more: Any) -> None:
            if failures:
                raise failures.pop()
            super().upload(key, *arguments, **more)

    job.bucket = Flaky()
    assert job.attempt('echo picture > "$OUTPUT_DIR/walk.png"').run() == 0
    assert text(job.bucket, "artifacts/walk.png") == "picture\n"
    assert "stored everything" in capfd.readouterr().out
