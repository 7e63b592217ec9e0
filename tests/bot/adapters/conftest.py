"""Two kinds of AWS: the sandbox's stand-in, where jobs run, and one whose every answer a test writes."""

import json
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from aiobotocore.session import AioSession

from bot.adapters.aws.clients import AwsClients, aws_clients
from deploy.sandbox.aws.common.settings import ACCESS_KEY_ID, REGION, SECRET_ACCESS_KEY
from deploy.sandbox.aws.resources import ResourcePlan, Resources, create
from tests.bot.adapters.vendor import Vendor

ROOT = Path(__file__).resolve().parents[3]
IMAGE = "shell"
QUICK = {
    "images": {IMAGE: ()},
    "submitted_seconds": 0.01,
    "runnable_seconds": 0.02,
    "starting_seconds": 0.02,
    "log_flush_seconds": 0.05,
}


@pytest.fixture(autouse=True)
def credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_PROFILE", "AWS_SESSION_TOKEN", "AWS_ENDPOINT_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", ACCESS_KEY_ID)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRET_ACCESS_KEY)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_CONFIG_FILE", "/dev/null")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/dev/null")


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    """The SDK waits up to 2 s before it tries again."""
    monkeypatch.setattr("botocore.retries.standard.ExponentialBackoff.delay_amount", lambda *_: 0.0)


@pytest.fixture(scope="session")
def resources(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Resources]:
    """The stand-in as a process of its own, with one queue that runs two jobs at a time."""
    ready_file = tmp_path_factory.mktemp("aws") / "ready.json"
    command = [sys.executable, "-m", "deploy.sandbox.aws", "--until-input-ends"]
    options = ["--ready-file", str(ready_file), "--settings", json.dumps(QUICK)]
    with subprocess.Popen([*command, *options], cwd=ROOT, stdin=subprocess.PIPE) as process:
        assert process.stdin
        with closing(process.stdin):
            while not ready_file.exists():
                assert process.poll() is None
                time.sleep(0.02)
            endpoint = json.loads(ready_file.read_text())["endpoint"]
            yield create(endpoint, ResourcePlan(image=IMAGE, vcpus=4, max_vcpus=8))


@pytest.fixture(scope="session")
def session() -> AioSession:
    """Reads AWS's service models once."""
    return AioSession()


@pytest.fixture
async def aws(resources: Resources, session: AioSession) -> AsyncIterator[AwsClients]:
    """Clients of the stand-in."""
    async with aws_clients(REGION, resources.endpoint, session=session) as clients:
        yield clients


@pytest.fixture
async def vendor() -> AsyncIterator[Vendor]:
    async with Vendor() as server:
        yield server


@pytest.fixture
async def odd_aws(vendor: Vendor, session: AioSession) -> AsyncIterator[AwsClients]:
    """Clients of the AWS whose answers the test writes."""
    async with aws_clients(REGION, vendor.url, session=session) as clients:
        yield clients
