from pathlib import Path

import pytest

from trainer.contract import ExitCode
from trainer.errors import Ended
from trainer.fetch.assignment import read

SHA = "a" * 40
REQUIRED = {
    "REPOSITORY_URL": "https://example.org/x.git",
    "COMMIT_ID": SHA,
    "JOB_ID": "k7q2mx",
    "OUTPUT_URI": "s3://bucket/jobs/k7q2mx/",
}


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))


def test_required_variables_are_enough(tmp_path: Path) -> None:
    job = read({**REQUIRED, "WORK_DIR": str(tmp_path)}, ["python", "train.py"])
    assert (job.job_id, job.commit, job.attempt, job.parameters) == ("k7q2mx", SHA, 1, {})
    assert (job.code, job.output, job.control) == (tmp_path / "code", tmp_path / "output", tmp_path / "control")


@pytest.mark.parametrize("name", list(REQUIRED))
def test_missing_variable_is_named(name: str) -> None:
    with pytest.raises(Ended, match=f"{name} is not set") as caught:
        read({**REQUIRED, name: ""}, ["true"])
    assert caught.value.trouble.code is ExitCode.BAD_CONTRACT


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("COMMIT_ID", "a1b2c3d", r"must be a full commit id, 40 hexadecimal digits \(got 'a1b2c3d'\)"),
        ("OUTPUT_URI", "/tmp/x", "OUTPUT_URI must look like s3://bucket/prefix/"),
        ("PARAMETERS", "lr=0.1", r"PARAMETERS must be a JSON object \(got 'lr=0.1'\)"),
        ("PARAMETERS", '"lr"', "must be a JSON object"),
    ],
)
def test_malformed_value_is_shown(name: str, value: str, words: str) -> None:
    with pytest.raises(Ended, match=words):
        read({**REQUIRED, name: value}, ["true"])


def test_missing_command_is_refused() -> None:
    with pytest.raises(Ended, match="there is no command"):
        read(REQUIRED, [])


def test_trial_has_its_own_id_prefix_and_point(tmp_path: Path) -> None:
    sweep = {"SWEEP_SPACE": '{"axes": [["lr", [0.1, 0.01]]]}', "AWS_BATCH_JOB_ARRAY_INDEX": "1"}
    job = read({**REQUIRED, **sweep, "PARAMETERS": '{"epochs": 3}', "WORK_DIR": str(tmp_path)}, ["true"])
    assert job.job_id == "k7q2mx.1"
    assert job.output_uri == "s3://bucket/jobs/k7q2mx/1/"
    assert job.parameters == {"epochs": 3, "lr": 0.01}
    with pytest.raises(Ended, match="SWEEP_SPACE has no point 2"):
        read({**REQUIRED, **sweep, "AWS_BATCH_JOB_ARRAY_INDEX": "2"}, ["true"])


def test_trial_is_named_by_its_number_not_its_index(tmp_path: Path) -> None:
    sweep = {
        "SWEEP_SPACE": '{"axes": [["lr", [0.1, 0.01]]], "folds": 2, "numbers": "0,2-3"}',
        "AWS_BATCH_JOB_ARRAY_INDEX": "1",
    }
    job = read({**REQUIRED, **sweep, "WORK_DIR": str(tmp_path)}, ["true"])
    assert job.job_id == "k7q2mx.2"
    assert job.output_uri == "s3://bucket/jobs/k7q2mx/2/"
    assert job.parameters == {"lr": 0.01, "folds": 2, "fold": 0}
    with pytest.raises(Ended, match="no trial for index 3: index 3 is past the end of the numbers 0,2-3"):
        read({**REQUIRED, **sweep, "AWS_BATCH_JOB_ARRAY_INDEX": "3"}, ["true"])


@pytest.mark.parametrize(
    "space",
    ["lr=0.1", '{"axes": [["lr", 1]]}', '{"axes": [["lr"]]}', '{"numbers": "x"}', '{"ranges": [["lr", {"low": 1}]]}'],
)
def test_malformed_sweep_space_is_refused(space: str, tmp_path: Path) -> None:
    sweep = {"SWEEP_SPACE": space, "AWS_BATCH_JOB_ARRAY_INDEX": "0"}
    with pytest.raises(Ended, match="SWEEP_SPACE") as caught:
        read({**REQUIRED, **sweep, "WORK_DIR": str(tmp_path)}, ["true"])
    assert caught.value.trouble.code is ExitCode.BAD_CONTRACT


def test_array_without_a_space_uses_the_index(tmp_path: Path) -> None:
    job = read({**REQUIRED, "AWS_BATCH_JOB_ARRAY_INDEX": "4", "WORK_DIR": str(tmp_path)}, ["true"])
    assert (job.job_id, job.parameters) == ("k7q2mx.4", {})
