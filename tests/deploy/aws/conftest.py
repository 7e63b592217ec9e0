"""A stand-in of AWS for the commands, with a config and a docker of their own."""

import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from deploy.aws import cloudformation
from deploy.sandbox.aws.common.settings import Settings
from deploy.sandbox.aws.launcher import aws_stand_in
from tests.deploy.aws.images import fake_docker
from tests.deploy.aws.template import EXAMPLE


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def endpoint() -> AsyncIterator[str]:
    """Its queues find no machine: jobs wait."""
    async with aws_stand_in(Settings(capacity_reason="no machine")) as address:
        yield address


@pytest.fixture
def config(endpoint: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The example config in the current folder, with AWS's variables pointing at the stand-in."""
    for name, value in {"AWS_ENDPOINT_URL": endpoint, "AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "b"}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(cloudformation, "POLL_SECONDS", 0.1)
    path = tmp_path / "config.toml"
    path.write_text(EXAMPLE.read_text().replace("you@example.com", "me@example.org"))
    monkeypatch.chdir(tmp_path)
    return path


@pytest.fixture
def docker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The file with the arguments that docker was called with."""
    program = tmp_path / "bin" / "docker"
    program.parent.mkdir()
    fake_docker.write(program)
    monkeypatch.setenv("PATH", f"{program.parent}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("SAID", str(tmp_path / "said"))
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    return tmp_path / "said"
