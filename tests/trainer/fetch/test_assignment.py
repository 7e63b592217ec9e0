from pathlib import Path

import pytest

from trainer.contract import ExitCode
from trainer.errors import Ended
from trainer.fetch.assignment import read

SHA = "a" * 40
LEAST = {
    "REPOSITORY_URL": "https://example.org/x.git",
    "COMMIT_ID": SHA,
    "JOB_ID": "k7q2mx",
    "OUTPUT_URI": "s3://bucket/jobs/k7q2mx/",
}


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))


def test_the_least_that_is_needed(tmp_path: Path) -> None:
    job = read({**LEAST, "WORK_DIR": str(tmp_path)}, ["python", "train.py"])
    assert (job.job_id, job.commit, job.attempt, job.parameters) == ("k7q2mx", SHA, 1, {})
    assert (job.code, job.output, job.control) == (tmp_path / "code", tmp_path / "output", tmp_path / "control")


@pytest.mark.parametrize("name", list(LEAST))
def test_what_is_missing_is_named(name: str) -> None:
    with pytest.raises(Ended, match=f"{name} is not set") as caught:
        read({**LEAST, name: ""}, ["true"])
    assert caught.value.trouble.code is ExitCode.BAD_CONTRACT


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("COMMIT_ID", "a1b2c3d", "'a1b2c3d', expected a full commit id"),
        ("OUTPUT_URI", "/tmp/x", "expected s3://bucket/prefix/"),
        ("PARAMETERS", "lr=0.1", "PARAMETERS is 'lr=0.1', expected a JSON object"),
        ("PARAMETERS", '"lr"', "expected a JSON object"),
    ],
)
def test_what_is_malformed_is_shown(name: str, value: str, words: str) -> None:
    with pytest.raises(Ended, match=words):
        read({**LEAST, name: value}, ["true"])


def test_without_a_command_there_is_nothing_to_run() -> None:
    with pytest.raises(Ended, match="no command was given"):
        read(LEAST, [])


def test_a_trial_has_its_own_id_prefix_and_point(tmp_path: Path) -> None:
    sweep = {"SWEEP_SPACE": '{"axes": [["lr", [0.1, 0.01]]]}', "AWS_BATCH_JOB_ARRAY_INDEX": "1"}
    job = read({**LEAST, **sweep, "PARAMETERS": '{"epochs": 3}', "WORK_DIR": str(tmp_path)}, ["true"])
    assert job.job_id == "k7q2mx.1"
    assert job.output_uri == "s3://bucket/jobs/k7q2mx/1/"
    assert job.parameters == {"epochs": 3, "lr": 0.01}
    with pytest.raises(Ended, match="SWEEP_SPACE has no point 2"):
        read({**LEAST, **sweep, "AWS_BATCH_JOB_ARRAY_INDEX": "2"}, ["true"])


def test_a_trial_goes_by_its_number_and_not_by_its_index(tmp_path: Path) -> None:
    sweep = {
        "SWEEP_SPACE": '{"axes": [["lr", [0.1, 0.01]]], "folds": 2, "numbers": "0,2-3"}',
        "AWS_BATCH_JOB_ARRAY_INDEX": "1",
    }
    job = read({**LEAST, **sweep, "WORK_DIR": str(tmp_path)}, ["true"])
    assert job.job_id == "k7q2mx.2"
    assert job.output_uri == "s3://bucket/jobs/k7q2mx/2/"
    assert job.parameters == {"lr": 0.01, "folds": 2, "fold": 0}
    with pytest.raises(Ended, match="SWEEP_SPACE has no trial for index 3: index 3 is beyond the numbers 0,2-3"):
        read({**LEAST, **sweep, "AWS_BATCH_JOB_ARRAY_INDEX": "3"}, ["true"])


@pytest.mark.parametrize(
    "space",
    ["lr=0.1", '{"axes": [["lr", 1]]}', '{"axes": [["lr"]]}', '{"numbers": "x"}', '{"ranges": [["lr", {"low": 1}]]}'],
)
def test_a_space_that_is_none_is_said(space: str, tmp_path: Path) -> None:
    sweep = {"SWEEP_SPACE": space, "AWS_BATCH_JOB_ARRAY_INDEX": "0"}
    with pytest.raises(Ended, match="SWEEP_SPACE") as caught:
        read({**LEAST, **sweep, "WORK_DIR": str(tmp_path)}, ["true"])
    assert caught.value.trouble.code is ExitCode.BAD_CONTRACT


def test_an_array_without_a_space_goes_by_its_index(tmp_path: Path) -> None:
    job = read({**LEAST, "AWS_BATCH_JOB_ARRAY_INDEX": "4", "WORK_DIR": str(tmp_path)}, ["true"])
    assert (job.job_id, job.parameters) == ("k7q2mx.4", {})
