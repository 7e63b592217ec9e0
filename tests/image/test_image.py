"""Real jobs in the trainer's image. `make image-test` builds it and runs them."""

import asyncio
import json
from pathlib import Path

import pytest

from bench.stages.batch_only import Aws, Source
from tests.image.containers import podman
from tests.support.container import STEADY
from tests.support.git import TOKEN, Repository, add_large_file

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

KEY = "the-key-of-the-job"
LOOK_AROUND = Path(__file__).with_name("look_around.py").read_text()

BACKEND = """
import zipfile

def build_editable(folder, config_settings=None, metadata_directory=None):
    with zipfile.ZipFile(f"{folder}/looks-1-py3-none-any.whl", "w") as wheel:
        about = "Metadata-Version: 2.1\\nName: looks\\nVersion: 1\\n"
        wheel.writestr("looks-1.dist-info/METADATA", about)
        wheel.writestr("looks-1.dist-info/WHEEL", "Wheel-Version: 1.0\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n")
        wheel.writestr("looks-1.dist-info/RECORD", "")
    return "looks-1-py3-none-any.whl"
"""
"""Needs nothing from an index: https://peps.python.org/pep-0517/#in-tree-build-backends"""


async def _run(aws: Aws, job: str, source: Source, *command: str, **more: str) -> tuple[dict[str, object], str]:
    """Run a job of the private repository to its end. Returns what Batch tells, and the log."""
    batch_id = await aws.submit(job, source, *command, GIT_TOKEN=TOKEN, JOB_KEY=KEY, **more)
    found = await aws.until(batch_id, "SUCCEEDED", "FAILED")
    return found, await aws.log(found)


async def test_reference_training_completes(aws: Aws, repository: Repository, private: str) -> None:
    source = Source(private, repository.commit({"README": "the image brings the training along"}))
    command = ("python", "-m", "trainer.mnist", "--lr", "0.1", "--epochs", "3")
    found, log = await _run(aws, "whole", source, *command)
    assert found["status"] == "SUCCEEDED", log
    assert (await aws.content("jobs/whole/metrics.csv")).count(b"\n") == 4
    listed = await asyncio.to_thread(aws.clients.s3.list_objects_v2, Bucket=aws.made.bucket, Prefix="jobs/whole/")
    assert {"checkpoint.pt", "model.pt", "manifest.json"} <= {
        each["Key"].rpartition("/")[2] for each in listed["Contents"]
    }


async def test_failed_job_has_its_exit_code(aws: Aws, repository: Repository, private: str) -> None:
    source = Source(private, repository.commit({"train.py": "raise SystemExit(3)"}))
    found, log = await _run(aws, "fails", source, "python", "train.py")
    assert found["attempts"][-1]["container"]["exitCode"] == 3, log  # type: ignore[index]


async def test_job_resumes_from_a_terminated_jobs_files(aws: Aws, repository: Repository, private: str) -> None:
    source = Source(private, repository.commit({"train.py": STEADY}))
    batch_id = await aws.submit("stops", source, "python", "train.py", GIT_TOKEN=TOKEN, JOB_KEY=KEY)
    await aws.until(batch_id, "RUNNING")
    await aws.until_there("jobs/stops/checkpoint.pt")
    await aws.terminate(batch_id)
    found = await aws.until(batch_id, "FAILED")
    assert found["attempts"][-1]["container"]["exitCode"] == 143, await aws.log(found)
    rows = (await aws.content("jobs/stops/metrics.csv")).count(b"\n") - 1
    assert rows >= 1
    again, log = await _run(aws, "stops", source, "python", "train.py")
    assert again["status"] == "SUCCEEDED", log
    lines = (await aws.content("jobs/stops/metrics.csv")).decode().splitlines()
    assert [line.split(",")[0] for line in lines] == ["epoch", *map(str, range(1, 31))]


async def test_users_are_apart_and_the_token_is_gone_before_code_of_the_repository_runs(
    aws: Aws, repository: Repository, private: str
) -> None:
    """What builds the project for `install` is the first code of the repository that runs, the command the second."""
    data = bytes(range(256)) * 20
    files = {
        "train.py": LOOK_AROUND,
        "backend.py": LOOK_AROUND + BACKEND,
        "pyproject.toml": '[build-system]\nrequires = []\nbuild-backend = "backend"\nbackend-path = ["."]\n',
        ".gitattributes": "*.bin filter=lfs diff=lfs merge=lfs -text\n",
        "data.bin": add_large_file(repository, data),
    }
    source = Source(private, repository.commit(files))
    found, log = await _run(aws, "apart", source, "python", "train.py", INSTALL="editable")
    assert found["status"] == "SUCCEEDED", log

    told = [json.loads(line) for line in (await aws.content("jobs/apart/artifacts/told.jsonl")).decode().splitlines()]
    assert {each["file"] for each in told} == {"backend.py", "train.py"}
    for each in told:
        assert (each["uid"], each["gid"], each["groups"], each["capabilities"]) == (1000, 1000, [], 0)
        assert each["data"] == data.hex()
        users = {process["uid"] for process in each["processes"].values()}
        assert users == {0}, "only the entrypoint, and the init that started it"
        assert {process["name"] for process in each["processes"].values()} >= {"tini"}
        read = [process["environ"] for process in each["processes"].values()]
        assert read == ["PermissionError"] * len(read)
        assert TOKEN not in json.dumps(each)
        assert KEY not in json.dumps(each)


def test_an_init_is_process_1_and_the_entrypoint_root(trainer: str) -> None:
    """Root, because it separates the users: trainer/process/users.py."""
    done = podman("--entrypoint=tini", image=trainer, command=["--", "sh", "-c", "id -u; cat /proc/1/comm"])
    assert done.stdout.split() == ["0", "tini"], done.stderr


@pytest.mark.parametrize("user", ["1000", "1001"])
def test_neither_user_may_write_what_the_entrypoint_runs(trainer: str, user: str) -> None:
    ask = (
        "find / -xdev -writable -not -type l ! -path '/tmp*' ! -path '/proc*' ! -path '/dev*' ! -path '/var/tmp*' 2>&1"
    )
    done = podman(f"--user={user}:{user}", "--entrypoint=sh", image=trainer, command=["-c", ask])
    own = {"1000": ("/home/signalbox", "/work", "/cache"), "1001": ()}[user]
    shared = ("/run/lock", "/var/lock")  # world-writable and sticky in Debian, for programs with setuid
    found = [line for line in done.stdout.splitlines() if "Permission denied" not in line]
    assert [line for line in found if not line.startswith((*own, *shared))] == []


def test_git_lfs_is_there(trainer: str) -> None:
    done = podman("--entrypoint=git", image=trainer, command=["lfs", "version"])
    assert done.stdout.startswith("git-lfs/"), done.stderr
