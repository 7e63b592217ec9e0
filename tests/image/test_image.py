"""Real jobs in the trainer's image, submitted to the AWS stand-in. `make image-test` builds the image and runs them."""

import asyncio
import os
import shutil
import subprocess
import sys
from collections.abc import AsyncIterator

import pytest

from bench.stages import batch_only
from bench.stages.batch_only import Aws, Source
from deploy.sandbox.aws.common.settings import Settings
from deploy.sandbox.aws.resources import TRAINER_IMAGE
from tests.support.container import STEADY
from tests.support.git import Repository, repository

__all__ = ["repository"]

IMAGE = os.environ.get("SIGNALBOX_TRAINER_IMAGE", "")
pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(600),
    pytest.mark.skipif(not IMAGE, reason="SIGNALBOX_TRAINER_IMAGE names no image: run make image-test"),
    pytest.mark.skipif(not shutil.which("podman"), reason="podman is not installed"),
]


@pytest.fixture
async def aws(repository: Repository, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Aws]:
    entrypoint = (sys.executable, "-m", "deploy.image.podman_run", IMAGE)
    inherited = {name: os.environ[name] for name in ("CONTAINERS_CONF",) if name in os.environ}
    environment = {"SIGNALBOX_IMAGE_VOLUMES": f"{repository.folder}:{repository.folder}:U", **inherited}
    settings = Settings(
        images={TRAINER_IMAGE: entrypoint},
        environment={**Settings().environment, **environment},
        stop_timeout_seconds=30,
        signal_group=False,
    )
    async with batch_only.aws(settings) as made:
        yield made


async def test_reference_training_completes(aws: Aws, repository: Repository) -> None:
    source = Source(repository.url, repository.commit({"README": "the image brings the training along"}))
    command = ("python", "-m", "trainer.mnist", "--lr", "0.1", "--epochs", "3")
    found = await aws.until(await aws.submit("whole", source, *command), "SUCCEEDED", "FAILED")
    assert found["status"] == "SUCCEEDED", await aws.log(found)
    assert (await aws.content("jobs/whole/metrics.csv")).count(b"\n") == 4
    listed = await asyncio.to_thread(aws.clients.s3.list_objects_v2, Bucket=aws.made.bucket, Prefix="jobs/whole/")
    assert {"checkpoint.pt", "model.pt", "manifest.json"} <= {
        each["Key"].rpartition("/")[2] for each in listed["Contents"]
    }


async def test_failed_job_has_its_exit_code(aws: Aws, repository: Repository) -> None:
    source = Source(repository.url, repository.commit({"train.py": "raise SystemExit(3)"}))
    found = await aws.until(await aws.submit("fails", source, "python", "train.py"), "SUCCEEDED", "FAILED")
    assert found["attempts"][-1]["container"]["exitCode"] == 3, await aws.log(found)


async def test_job_resumes_from_a_terminated_jobs_files(aws: Aws, repository: Repository) -> None:
    source = Source(repository.url, repository.commit({"train.py": STEADY}))
    batch_id = await aws.submit("stops", source, "python", "train.py")
    await aws.until(batch_id, "RUNNING")
    await aws.until_there("jobs/stops/checkpoint.pt")
    await aws.terminate(batch_id)
    found = await aws.until(batch_id, "FAILED")
    assert found["attempts"][-1]["container"]["exitCode"] == 143
    rows = (await aws.content("jobs/stops/metrics.csv")).count(b"\n") - 1
    assert rows >= 1
    again = await aws.until(await aws.submit("stops", source, "python", "train.py"), "SUCCEEDED", "FAILED")
    assert again["status"] == "SUCCEEDED", await aws.log(again)
    lines = (await aws.content("jobs/stops/metrics.csv")).decode().splitlines()
    assert [line.split(",")[0] for line in lines] == ["epoch", *map(str, range(1, 31))]


def test_container_runs_unprivileged_with_an_init() -> None:
    ask = "id -u; cat /proc/1/comm; ls -A /work /cache"
    done = subprocess.run(
        ["podman", "run", "--rm", "--entrypoint", "tini", IMAGE, "--", "sh", "-c", ask],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.split()[:2] == ["1000", "tini"]


def test_image_has_git_lfs() -> None:
    done = subprocess.run(
        ["podman", "run", "--rm", "--entrypoint", "git", IMAGE, "lfs", "version"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.startswith("git-lfs/")
