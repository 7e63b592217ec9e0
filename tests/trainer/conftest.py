"""A bucket in moto's server, repositories on the disk, and the entrypoint in a process."""

import os
import sys
import uuid
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import botocore.session
import pytest
from moto.server import ThreadedMotoServer

from tests.support.container import Container
from tests.support.git import Repository, repository
from tests.support.memory_bucket import MemoryBucket
from trainer.storage.bucket import Bucket
from trainer.storage.folder import Folder

__all__ = ["repository"]

BUCKET = "signalbox-test"
CHECKOUT = Path(__file__).parents[2]
"""The code under test, also where another checkout is the installed one."""


@pytest.fixture(scope="session")
def aws() -> Iterator[Mapping[str, str]]:
    """The environment for an S3 server with one bucket."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    environment = {
        "AWS_ENDPOINT_URL": f"http://{host}:{port}",
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_EC2_METADATA_DISABLED": "true",
    }
    with pytest.MonkeyPatch.context() as patch:
        for name, value in environment.items():
            patch.setenv(name, value)
        Bucket(f"s3://{BUCKET}/")._s3.create_bucket(Bucket=BUCKET)
    yield environment
    server.stop()


@pytest.fixture(scope="session")
def _client(aws: Mapping[str, str]) -> Any:
    """S3's client, which takes a quarter of a second to make."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in aws.items():
            patch.setenv(name, value)
        return Bucket(f"s3://{BUCKET}/")._s3


@pytest.fixture
def s3_bucket(aws: Mapping[str, str], _client: Any, monkeypatch: pytest.MonkeyPatch) -> Bucket:
    """An unused job prefix in S3."""
    for name, value in aws.items():
        monkeypatch.setenv(name, value)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(botocore.session.Session, "create_client", lambda *_, **__: _client)
        return Bucket(f"s3://{BUCKET}/jobs/{uuid.uuid4().hex[:8]}/")


@pytest.fixture
def bucket(s3_bucket: Bucket) -> Bucket:
    return s3_bucket


@pytest.fixture(params=["memory", "folder", pytest.param("s3", marks=pytest.mark.slow)])
def either_bucket(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Bucket | MemoryBucket:
    """An unused job prefix, on the fake, in a folder and, marked slow, in S3."""
    if request.param == "folder":
        return Folder(f"{tmp_path_factory.mktemp('bucket').as_uri()}/")
    return MemoryBucket() if request.param == "memory" else request.getfixturevalue("s3_bucket")


@pytest.fixture
def container(tmp_path: Path, aws: Mapping[str, str], bucket: Bucket, repository: Repository) -> Iterator[Container]:
    programs = os.pathsep.join([str(Path(sys.executable).parent), "/usr/bin", "/bin"])
    environment = {
        "PATH": programs,
        "PYTHONPATH": str(CHECKOUT),
        "HOME": str(tmp_path),
        "JOB_ID": bucket.uri.rstrip("/").rpartition("/")[2],
        "OUTPUT_URI": bucket.uri,
        "REPOSITORY_URL": repository.url,
        "BRANCH_NAME": "main",
        "CACHE_DIR": str(tmp_path / "cache"),
        **aws,
    }
    made = Container(tmp_path, environment)
    yield made
    for process in made.running:
        if process.poll() is None:
            process.kill()
        process.wait(10)
